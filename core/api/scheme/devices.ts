/** Rows of the group resource.k8s.io: devices that pods claim (dynamic resource allocation). */

import type {
  DeviceClass,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceSlice,
} from '../generated/resource-v1.ts'
import type { ResourceInfo } from '../resource.ts'
import { define, status } from './define.ts'

/** Upstream keeps them in the version before. */
const GROUP = { group: 'resource.k8s.io', storageVersion: 'resource.k8s.io/v1beta2' }

export const DEVICE_CLASSES = define<DeviceClass>({
  ...GROUP,
  resource: 'deviceclasses',
  singular: 'deviceclass',
  kind: 'DeviceClass',
  clusterScoped: true,
})
export const RESOURCE_CLAIMS = define<ResourceClaim>({
  ...GROUP,
  resource: 'resourceclaims',
  singular: 'resourceclaim',
  kind: 'ResourceClaim',
  subresources: [status('ResourceClaim')],
})
export const RESOURCE_CLAIM_TEMPLATES = define<ResourceClaimTemplate>({
  ...GROUP,
  resource: 'resourceclaimtemplates',
  singular: 'resourceclaimtemplate',
  kind: 'ResourceClaimTemplate',
})
export const RESOURCE_SLICES = define<ResourceSlice>({
  ...GROUP,
  resource: 'resourceslices',
  singular: 'resourceslice',
  kind: 'ResourceSlice',
  clusterScoped: true,
})

/** In the order of discovery documents. */
export const DEVICE_RESOURCES: readonly ResourceInfo[] = [
  DEVICE_CLASSES,
  RESOURCE_CLAIMS,
  RESOURCE_CLAIM_TEMPLATES,
  RESOURCE_SLICES,
]
