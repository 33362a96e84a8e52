/**
 * An update or apply that would make the object: who may only update may not. Pure.
 * kubernetes/apiserver pkg/endpoints/handlers/create.go (withAuthorization), used by update.go and patch.go.
 */

import { forbidden } from '../../api/api-error.ts'
import type { ObjectName } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import type { User } from '../requests/request.ts'
import type { Authorizer } from './attributes.ts'

export interface Creation {
  readonly user: User
  readonly resource: ResourceInfo
  readonly name: ObjectName
}

/** @throws ApiError Forbidden; upstream gives the authorizer's reason for it, and RBAC has none */
export function refuseCreation(authorizer: Authorizer, { user, resource, name }: Creation): void {
  const { allowed, reason } = authorizer.authorize({
    user,
    verb: 'create',
    target: {
      kind: 'resource',
      group: resource.group,
      version: resource.version,
      resource: resource.resource,
      subresource: '',
      namespace: name.namespace ?? '',
      name: name.name,
    },
  })
  if (!allowed) throw forbidden(resource, name.name, reason)
}
