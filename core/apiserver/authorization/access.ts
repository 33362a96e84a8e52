/**
 * Who may do what: the privileged group first, then RBAC. What requests, reviews and the checks of roles all ask.
 */

import type { PolicyRule, RoleRef } from '../../api/generated/rbac-v1.ts'
import type { User } from '../request.ts'
import type { Attributes, Authorizer } from './attributes.ts'
import type { Grant, RbacAuthorizer } from './rbac.ts'

/** Members may do everything, also where no role was ever made. */
const PRIVILEGED_GROUP = 'system:masters'

export class Access implements Authorizer {
  readonly #rbac: RbacAuthorizer

  constructor(rbac: RbacAuthorizer) {
    this.#rbac = rbac
  }

  isPrivileged(user: User): boolean {
    return user.groups.includes(PRIVILEGED_GROUP)
  }

  authorize(attributes: Attributes): { readonly allowed: boolean; readonly reason: string } {
    if (this.isPrivileged(attributes.user)) return { allowed: true, reason: '' }
    return this.#rbac.authorize(attributes)
  }

  /** All grants that count in the namespace ('' for the cluster scope). */
  grants(user: User, namespace: string): Iterable<Grant> {
    return this.#rbac.grants(user, namespace)
  }

  /** @returns undefined when there is no such role */
  rulesOfRole(roleRef: RoleRef, namespace: string | undefined): readonly PolicyRule[] | undefined {
    return this.#rbac.rulesOfRole(roleRef, namespace)
  }
}
