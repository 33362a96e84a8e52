/** Defaults of claims of devices (kubernetes/kubernetes pkg/apis/resource/v1/defaults.go). Pure and idempotent. */

import type {
  DeviceRequest,
  DeviceToleration,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimTemplate,
} from '../generated/resource-v1.ts'

export function defaultResourceClaim(claim: ResourceClaim): ResourceClaim {
  const { spec, status } = claim
  const results = status?.allocation?.devices?.results
  if (!results) return { ...claim, spec: defaultClaimSpec(spec) }
  const devices = { ...status?.allocation?.devices, results: results.map(withOperators) }
  const allocation = { ...status?.allocation, devices }
  return { ...claim, spec: defaultClaimSpec(spec), status: { ...status, allocation } }
}

export function defaultResourceClaimTemplate(template: ResourceClaimTemplate): ResourceClaimTemplate {
  const { spec } = template
  return { ...template, spec: { ...spec, spec: defaultClaimSpec(spec.spec) } }
}

function defaultClaimSpec(spec: ResourceClaimSpec): ResourceClaimSpec {
  const requests = spec.devices?.requests
  return requests ? { ...spec, devices: { ...spec.devices, requests: requests.map(defaultRequest) } } : spec
}

function defaultRequest(request: DeviceRequest): DeviceRequest {
  const { exactly, firstAvailable } = request
  return {
    ...request,
    ...(exactly ? { exactly: defaultWish(exactly) } : {}),
    ...(firstAvailable ? { firstAvailable: firstAvailable.map(defaultWish) } : {}),
  }
}

/** One device, unless it is said how many. */
function defaultWish<T extends Pick<ExactDeviceRequest, 'allocationMode' | 'count' | 'tolerations'>>(
  wish: T,
): T {
  const allocationMode = wish.allocationMode || 'ExactCount'
  const isCounted = allocationMode === 'ExactCount' && !wish.count
  return { ...withOperators(wish), allocationMode, ...(isCounted ? { count: 1 } : {}) }
}

function withOperators<T extends { readonly tolerations?: readonly DeviceToleration[] | undefined }>(
  value: T,
): T {
  const { tolerations } = value
  if (!tolerations) return value
  return {
    ...value,
    tolerations: tolerations.map((each) => ({ ...each, operator: each.operator || 'Equal' })),
  }
}
