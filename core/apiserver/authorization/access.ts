/**
 * Who may do what: the privileged group first, then the modes in turn. What requests, reviews and the checks of roles
 * all ask. kubernetes/apiserver pkg/authorization/{union,authorizerfactory}.
 */

import type { PolicyRule, RoleRef } from '../../api/generated/rbac-v1.ts'
import type { User } from '../requests/request.ts'
import type { Attributes, Authorizer, Decision } from './attributes.ts'
import type { AuthorizationMode } from './modes.ts'
import { DEFAULT_MODES } from './modes.ts'
import { nodeNameOf } from './node-identity.ts'
import type { Grant, RbacAuthorizer } from './rbac.ts'

/** Members may do everything, also where no role was ever made. */
const PRIVILEGED_GROUP = 'system:masters'

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

const ALWAYS: Readonly<Record<'AlwaysAllow' | 'AlwaysDeny', Authorizer>> = {
  AlwaysAllow: { authorize: () => ({ allowed: true, reason: '' }) },
  AlwaysDeny: { authorize: () => ({ allowed: false, reason: 'Everything is forbidden.' }) },
}

export interface Authorizers {
  readonly rbac: RbacAuthorizer
  readonly node: Authorizer
  /** asked in turn until one allows; absent: as in clusters that kubeadm makes */
  readonly modes?: readonly AuthorizationMode[] | undefined
}

/** What a user may do, as far as it can be told. */
export interface KnownRules {
  readonly rules: readonly PolicyRule[]
  /** why these are not all; empty when they are */
  readonly faults: readonly string[]
  readonly isIncomplete: boolean
}

export class Access implements Authorizer {
  readonly #rbac: RbacAuthorizer
  readonly #modes: readonly AuthorizationMode[]
  readonly #authorizers: readonly Authorizer[]

  constructor({ rbac, node, modes = DEFAULT_MODES }: Authorizers) {
    this.#rbac = rbac
    this.#modes = modes
    const byMode = { ...ALWAYS, RBAC: rbac, Node: node }
    this.#authorizers = modes.map((mode) => byMode[mode])
  }

  isPrivileged(user: User): boolean {
    return user.groups.includes(PRIVILEGED_GROUP)
  }

  authorize(attributes: Attributes): Decision {
    if (this.isPrivileged(attributes.user)) return { allowed: true, reason: '' }
    const reasons: string[] = []
    for (const authorizer of this.#authorizers) {
      const { allowed, reason } = authorizer.authorize(attributes)
      if (allowed) return { allowed, reason }
      if (reason !== '') reasons.push(reason)
    }
    return { allowed: false, reason: reasons.join('\n') }
  }

  /** All that is known of what the user may do in the namespace. */
  rulesFor(user: User, namespace: string): KnownRules {
    const parts = this.#modes.map((mode) => this.#rulesBy(mode, user, namespace))
    return {
      rules: parts.flatMap(({ rules }) => rules),
      faults: parts.flatMap(({ faults }) => faults),
      isIncomplete: parts.some(({ isIncomplete }) => isIncomplete),
    }
  }

  /** All grants that count in the namespace ('' for the cluster scope). */
  grants(user: User, namespace: string): Iterable<Grant> {
    return this.#rbac.grants(user, namespace)
  }

  /** @returns undefined when there is no such role */
  rulesOfRole(roleRef: RoleRef, namespace: string | undefined): readonly PolicyRule[] | undefined {
    return this.#rbac.rulesOfRole(roleRef, namespace)
  }

  #rulesBy(mode: AuthorizationMode, user: User, namespace: string): KnownRules {
    switch (mode) {
      case 'RBAC': {
        const rules = [...this.#rbac.grants(user, namespace)].flatMap((grant) => grant.rules)
        return { rules, faults: this.#rbac.faults(user, namespace), isIncomplete: false }
      }
      case 'Node': {
        const isNode = nodeNameOf(user) !== undefined
        const faults = isNode ? ['node authorizer does not support user rule resolution'] : []
        return { rules: [], faults, isIncomplete: isNode }
      }
      case 'AlwaysAllow':
        return { rules: EVERYTHING, faults: [], isIncomplete: false }
      case 'AlwaysDeny':
        return { rules: [], faults: [], isIncomplete: false }
    }
  }
}
