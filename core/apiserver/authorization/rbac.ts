/**
 * Role-based access control over what is in the store: roles and bindings are indexed by whom they concern, anew
 * after each change and only when somebody asks. Pure but for the watch it holds.
 *
 * kubernetes/kubernetes plugin/pkg/auth/authorizer/rbac/rbac.go, pkg/registry/rbac/validation/rule.go.
 */

import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '../../api/generated/rbac-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { Resource } from '../../api/resource.ts'
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES } from '../../api/scheme.ts'
import type { Store } from '../../store/store.ts'
import type { User } from '../requests/request.ts'
import { storagePrefix } from '../registry/storage-key.ts'
import { effectiveRules } from '../../api/cluster-role-aggregation.ts'
import type { Attributes, Authorizer } from './attributes.ts'
import { ruleAllows } from './rules.ts'

/** Rules that a user has, and by which binding. */
export interface Grant {
  readonly rules: readonly PolicyRule[]
  readonly binding: ClusterRoleBinding | RoleBinding
  readonly subject: Subject
}

interface BoundSubject {
  readonly subject: Subject
  readonly binding: ClusterRoleBinding | RoleBinding
}

interface Index {
  /** by subject, see subjectKeys */
  readonly everywhere: ReadonlyMap<string, readonly BoundSubject[]>
  /** by namespace, then by subject */
  readonly inNamespace: ReadonlyMap<string, ReadonlyMap<string, readonly BoundSubject[]>>
  readonly clusterRoles: ReadonlyMap<string, readonly PolicyRule[]>
  /** by `namespace/name` */
  readonly roles: ReadonlyMap<string, readonly PolicyRule[]>
}

const WATCHED = [CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, ROLES, ROLE_BINDINGS]

export class RbacAuthorizer implements Authorizer, Disposable {
  readonly #store: Store
  readonly #unwatch: readonly (() => void)[]
  #index: Index | undefined

  constructor(store: Store) {
    this.#store = store
    const forget = (): void => void (this.#index = undefined)
    this.#unwatch = WATCHED.map((resource) => store.watch(storagePrefix(resource), store.revision, forget))
  }

  authorize(attributes: Attributes): { readonly allowed: boolean; readonly reason: string } {
    const { user, target } = attributes
    for (const grant of this.grants(user, target.kind === 'path' ? '' : target.namespace)) {
      if (grant.rules.some((rule) => ruleAllows(rule, attributes))) {
        return { allowed: true, reason: `RBAC: allowed by ${grantText(grant)}` }
      }
    }
    const faults = this.faults(user, target.kind === 'path' ? '' : target.namespace)
    return { allowed: false, reason: faults.length === 0 ? '' : `RBAC: ${faultsText(faults)}` }
  }

  /** The roles that the user is bound to and that are not there, as upstream tells of them. */
  faults(user: User, namespace: string): readonly string[] {
    const missing = [...this.grants(user, namespace)].flatMap(({ binding }) => {
      const { roleRef, metadata } = binding
      if (this.rulesOfRole(roleRef, metadata.namespace) !== undefined) return []
      const resource = `${roleRef.kind.toLowerCase()}.rbac.authorization.k8s.io`
      return [`${resource} ${JSON.stringify(roleRef.name)} not found`]
    })
    return [...new Set(missing)]
  }

  /** All that the user may do in the namespace ('' for the cluster scope), cluster-wide grants included. */
  *grants(user: User, namespace: string): Generator<Grant> {
    this.#index ??= this.#read()
    const { everywhere, inNamespace } = this.#index
    const keys = subjectKeys(user)
    for (const bindings of [everywhere, namespace === '' ? undefined : inNamespace.get(namespace)]) {
      if (bindings === undefined) continue
      for (const key of keys) {
        for (const { subject, binding } of bindings.get(key) ?? [])
          yield { rules: this.#rulesOf(binding.roleRef, binding.metadata.namespace), binding, subject }
      }
    }
  }

  /** @returns the rules a roleRef stands for; undefined when there is no such role */
  rulesOfRole({ kind, name }: RoleRef, namespace: string | undefined): readonly PolicyRule[] | undefined {
    this.#index ??= this.#read()
    const { clusterRoles, roles } = this.#index
    return kind === 'ClusterRole' ? clusterRoles.get(name) : roles.get(`${namespace ?? ''}/${name}`)
  }

  [Symbol.dispose](): void {
    for (const end of this.#unwatch) end()
  }

  #rulesOf(roleRef: RoleRef, namespace: string | undefined): readonly PolicyRule[] {
    return this.rulesOfRole(roleRef, namespace) ?? []
  }

  #read(): Index {
    const all = this.#all(CLUSTER_ROLES)
    const roles = this.#all(ROLES)
    const inNamespace = new Map<string, Map<string, BoundSubject[]>>()
    for (const binding of this.#all(ROLE_BINDINGS)) {
      const namespace = binding.metadata.namespace ?? ''
      const bindings = inNamespace.get(namespace) ?? new Map<string, BoundSubject[]>()
      inNamespace.set(namespace, bindings)
      addSubjects(bindings, binding)
    }
    const everywhere = new Map<string, BoundSubject[]>()
    for (const binding of this.#all(CLUSTER_ROLE_BINDINGS)) addSubjects(everywhere, binding)
    return {
      everywhere,
      inNamespace,
      clusterRoles: new Map(all.map((role) => [role.metadata.name, effectiveRules(role, all)])),
      roles: new Map(
        roles.map(({ metadata, rules = [] }) => [`${metadata.namespace ?? ''}/${metadata.name}`, rules]),
      ),
    }
  }

  #all<T extends ClusterRole | ClusterRoleBinding | Role | RoleBinding>(resource: Resource<T>): readonly T[] {
    return this.#store
      .range(storagePrefix(resource))
      .values.map(({ value }: { readonly value: KubernetesObject }) => value as T)
  }
}

/** Several as Go lists them. */
export const faultsText = (faults: readonly string[]): string =>
  faults.length === 1 ? (faults[0] ?? '') : `[${faults.join(', ')}]`

function addSubjects(bindings: Map<string, BoundSubject[]>, binding: ClusterRoleBinding | RoleBinding): void {
  for (const subject of binding.subjects ?? []) {
    const key = keyOf(subject, binding.metadata.namespace)
    const known = bindings.get(key)
    if (known === undefined) bindings.set(key, [{ subject, binding }])
    else known.push({ subject, binding })
  }
}

export const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:'

/** A service account is the user of its name. */
function keyOf({ kind, name, namespace }: Subject, bindingNamespace: string | undefined): string {
  if (kind !== 'ServiceAccount') return `${kind} ${name}`
  return `User ${SERVICE_ACCOUNT_PREFIX}${namespace ?? bindingNamespace ?? ''}:${name}`
}

const subjectKeys = ({ name, groups }: User): readonly string[] => [
  `User ${name}`,
  ...groups.map((group) => `Group ${group}`),
]

/** `ClusterRoleBinding "b" of ClusterRole "r" to Group "g"` */
function grantText({ binding, subject }: Grant): string {
  const { kind, metadata, roleRef } = binding
  const place = metadata.namespace === undefined ? metadata.name : `${metadata.name}/${metadata.namespace}`
  const who =
    subject.kind === 'ServiceAccount'
      ? JSON.stringify(`${subject.name}/${subject.namespace ?? ''}`)
      : JSON.stringify(subject.name)
  return `${kind} ${JSON.stringify(place)} of ${roleRef.kind} ${JSON.stringify(roleRef.name)} to ${subject.kind} ${who}`
}
