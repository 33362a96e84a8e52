/**
 * Whoever writes an admission policy or binds one must be able to read the parameters it is to have. Pure.
 * kubernetes/kubernetes pkg/registry/admissionregistration/{validatingadmissionpolicy,validatingadmissionpolicybinding}/authz.go.
 */

import { invalid } from '../../api/api-error.ts'
import { isSameValue } from '../../api/equality.ts'
import type { FieldError } from '../../api/field-error.ts'
import type {
  ParamKind,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../api/generated/admissionregistration-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { apiVersionOf } from '../../api/resource.ts'
import { VALIDATING_ADMISSION_POLICIES } from '../../api/scheme.ts'
import type { ServedKinds } from '../registry/kinds.ts'
import type { User } from '../requests/request.ts'
import type { ResourceTarget } from './attributes.ts'
import type { Access } from './access.ts'
import type { PolicyWrite } from './escalation.ts'

export interface ParamAccess {
  readonly access: Access
  readonly kinds: ServedKinds
  readonly policyNamed: (name: string) => KubernetesObject | undefined
}

/** @throws ApiError Invalid, as upstream says it */
export function refuseUnreadableParams(given: ParamAccess, write: PolicyWrite): void {
  const { resource, user, object } = write
  if (resource.group !== VALIDATING_ADMISSION_POLICIES.group || given.access.isPrivileged(user)) return
  const fault =
    resource.kind === 'ValidatingAdmissionPolicy'
      ? kindFault(given, write)
      : resource.kind === 'ValidatingAdmissionPolicyBinding'
        ? refFault(given, write)
        : undefined
  if (fault !== undefined) throw invalid(resource, object.metadata.name, [fault])
}

function kindFault(given: ParamAccess, { user, object, old }: PolicyWrite): FieldError | undefined {
  const { paramKind } = (object as ValidatingAdmissionPolicy).spec
  if (paramKind === undefined) return undefined
  const before = (old as ValidatingAdmissionPolicy | undefined)?.spec.paramKind
  if (isSameValue(before, paramKind)) return undefined
  const { target } = targetOf(paramKind, given.kinds)
  const asked = { user, verb: 'get', target: { ...target, namespace: '*', name: '*' } }
  if (given.access.authorize(asked).allowed) return undefined
  const { kind, apiVersion } = paramKind
  return {
    type: 'forbidden',
    field: 'spec.paramKind',
    detail:
      `user ${userText(user)} must have "get" permission on all objects of the referenced paramKind ` +
      `(kind=${kind}, apiVersion=${apiVersion})`,
  }
}

function refFault(given: ParamAccess, { user, object, old }: PolicyWrite): FieldError | undefined {
  const { paramRef, policyName } = (object as ValidatingAdmissionPolicyBinding).spec
  if (paramRef === undefined) return undefined
  const before = (old as ValidatingAdmissionPolicyBinding | undefined)?.spec
  if (before?.policyName === policyName && isSameValue(before.paramRef, paramRef)) return undefined
  const policy = given.policyNamed(policyName) as ValidatingAdmissionPolicy | undefined
  const { target, isKnown } = targetOf(policy?.spec.paramKind, given.kinds)
  const verb = paramRef.name ? 'get' : 'list'
  const { name = '', namespace = '' } = paramRef
  if (given.access.authorize({ user, verb, target: { ...target, namespace, name } }).allowed) return undefined
  const all = `user ${userText(user)} does not have "${verb}" permission for all groups, versions and resources`
  const kind = policy?.spec.paramKind
  const detail =
    policy === undefined
      ? `unable to get policy ${policyName} to determine minimum required permissions and ${all}`
      : kind !== undefined && !isKnown
        ? `unable to resolve paramKind &ParamKind{APIVersion:${kind.apiVersion},Kind:${kind.kind},} ` +
          `to determine minimum required permissions and ${all}`
        : `user ${userText(user)} does not have "${verb}" permission on the object referenced by paramRef`
  return { type: 'forbidden', field: 'spec.paramRef', detail }
}

/** What must be readable: the kind's resource, or everything as long as there is none. */
function targetOf(
  kind: ParamKind | undefined,
  kinds: ServedKinds,
): { readonly target: ResourceTarget; readonly isKnown: boolean } {
  const any = { kind: 'resource', subresource: '', namespace: '', name: '' } as const
  if (kind === undefined)
    return { target: { ...any, group: '*', version: '*', resource: '*' }, isKnown: false }
  const [group, version] = kind.apiVersion.includes('/') ? kind.apiVersion.split('/') : ['', kind.apiVersion]
  const found = kinds.resources.find(
    (each) => each.kind === kind.kind && apiVersionOf(each) === kind.apiVersion,
  )
  return {
    target: { ...any, group: group ?? '', version: version ?? '', resource: found?.resource ?? '*' },
    isKnown: found !== undefined,
  }
}

/** As Go prints a user. */
function userText({ name, uid = '', groups, extra = {} }: User): string {
  const shown = Object.entries(extra).map(([key, values]) => `${key}:[${values.join(' ')}]`)
  return `&{${name} ${uid} [${groups.join(' ')}] map[${shown.join(' ')}]}`
}
