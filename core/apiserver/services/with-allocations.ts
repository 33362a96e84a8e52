/** The allocating step of a write: for a Service, addresses and ports are held while the write is under way. */

import type { Service } from '../../api/generated/core-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import type { Environment } from '../registry/environment.ts'
import { allocateService } from './allocate.ts'

export const isService = (resource: ResourceInfo): boolean =>
  resource.resource === 'services' && resource.group === ''

/** @param write given the object with what was allocated to it; other kinds come through as they are */
export async function withAllocations<T>(
  env: Environment,
  request: { readonly resource: ResourceInfo; readonly key: string; readonly object: KubernetesObject },
  write: (object: KubernetesObject) => Promise<T>,
): Promise<T> {
  if (!isService(request.resource)) return write(request.object)
  using allocation = allocateService(env.services, request.key, request.object as Service)
  return await write(allocation.service)
}
