/** Defaults of bindings (kubernetes/kubernetes pkg/apis/rbac/v1/defaults.go). Pure and idempotent. */

import type { RoleRef, Subject } from '../generated/rbac-v1.ts'
import { RBAC_GROUP } from '../validation/rbac.ts'

interface Binding {
  readonly roleRef: RoleRef
  readonly subjects?: readonly Subject[] | undefined
}

/** Fills the API groups of the role and of users and groups. */
export function defaultBinding<T extends Binding>(binding: T): T {
  const { roleRef = {} as RoleRef, subjects } = binding
  return {
    ...binding,
    roleRef: { ...roleRef, apiGroup: roleRef.apiGroup || RBAC_GROUP },
    ...(subjects ? { subjects: subjects.map(defaultSubject) } : {}),
  }
}

function defaultSubject(subject: Subject): Subject {
  const isOfGroup = subject.kind === 'User' || subject.kind === 'Group'
  return isOfGroup && !subject.apiGroup ? { ...subject, apiGroup: RBAC_GROUP } : subject
}
