/**
 * Devices and claims without what upstream has behind feature gates that are off (DRAConsumableCapacity,
 * DRADeviceBindingConditions, DRADeviceTaints, DRAExtendedResource, DRAPartitionableDevices): it is dropped without a
 * word (kubernetes/kubernetes pkg/registry/resource, the strategies' dropDisabledFields). Pure.
 */

import type {
  AllocationResult,
  Device,
  DeviceClass,
  DeviceRequest,
  DeviceRequestAllocationResult,
  ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimStatus,
  ResourceClaimTemplate,
  ResourceSlice,
} from './generated/resource-v1.ts'
import { omitted } from './omitted.ts'
import { deviceKey } from './validation/devices/claim-status.ts'

export function keptDeviceClass(deviceClass: DeviceClass): DeviceClass {
  return { ...deviceClass, spec: omitted(deviceClass.spec, 'extendedResourceName') }
}

export function keptResourceSlice(slice: ResourceSlice): ResourceSlice {
  const { devices } = slice.spec
  const spec = omitted(slice.spec, 'sharedCounters', 'perDeviceNodeSelection')
  return { ...slice, spec: { ...spec, ...(devices ? { devices: devices.map(keptDevice) } : {}) } }
}

function keptDevice(device: Device): Device {
  const kept = omitted(
    device,
    'taints',
    'consumesCounters',
    'nodeName',
    'nodeSelector',
    'allNodes',
    'bindsToNode',
    'bindingConditions',
    'bindingFailureConditions',
    'allowMultipleAllocations',
  )
  const { capacity } = kept
  if (capacity === undefined) return kept
  const amounts = Object.entries(capacity).map(([name, { value }]) => [name, { value }])
  return { ...kept, capacity: Object.fromEntries(amounts) as typeof capacity }
}

/** Whether a claim asks for parts of devices: upstream does not drop `distinctAttribute`, and then nothing else of it. */
function usesCapacity({ devices = {} }: ResourceClaimSpec, status: ResourceClaimStatus = {}): boolean {
  const { constraints = [], requests = [] } = devices
  return (
    constraints.some(({ distinctAttribute }) => distinctAttribute !== undefined) ||
    requests.some(({ exactly, firstAvailable = [] }) =>
      [exactly, ...firstAvailable].some((wish) => wish?.capacity !== undefined),
    ) ||
    (status.allocation?.devices?.results ?? []).some(
      ({ shareID, consumedCapacity }) => shareID !== undefined || consumedCapacity !== undefined,
    ) ||
    (status.devices ?? []).some(({ shareID }) => shareID !== undefined)
  )
}

export function keptResourceClaim(claim: ResourceClaim, old?: ResourceClaim): ResourceClaim {
  return { ...claim, spec: keptClaimSpec(claim.spec, old?.spec, old?.status) }
}

export function keptResourceClaimTemplate(
  template: ResourceClaimTemplate,
  old?: ResourceClaimTemplate,
): ResourceClaimTemplate {
  const { spec } = template
  return { ...template, spec: { ...spec, spec: keptClaimSpec(spec.spec, old?.spec.spec) } }
}

function keptClaimSpec(
  spec: ResourceClaimSpec,
  old: ResourceClaimSpec | undefined,
  oldStatus?: ResourceClaimStatus,
): ResourceClaimSpec {
  const requests = spec.devices?.requests
  if (requests === undefined || (old && usesCapacity(old, oldStatus))) return spec
  return { ...spec, devices: { ...spec.devices, requests: requests.map(keptRequest) } }
}

function keptRequest(request: DeviceRequest): DeviceRequest {
  const { exactly, firstAvailable } = request
  return {
    ...request,
    ...(exactly ? { exactly: omitted(exactly, 'capacity') } : {}),
    ...(firstAvailable ? { firstAvailable: firstAvailable.map((each) => omitted(each, 'capacity')) } : {}),
  }
}

/** A new status: what is told of devices that have been taken away goes with them. */
export function keptClaimStatus(claim: ResourceClaim, old: ResourceClaim): ResourceClaim {
  const { allocation, devices = [], ...status } = claim.status ?? {}
  const sharesDevices = usesCapacity(old.spec, old.status)
  const keys = (result: AllocationResult | undefined): Set<string> =>
    new Set((result?.devices?.results ?? []).map(deviceKey))
  const gone = keys(old.status?.allocation).difference(keys(allocation))
  const left = devices.filter((device) => !gone.has(deviceKey(device)))
  const shown = sharesDevices ? left : left.map((device) => omitted(device, 'shareID'))
  return {
    ...claim,
    status: {
      ...(allocation ? { allocation: keptAllocation(allocation, sharesDevices) } : {}),
      ...status,
      ...(shown.length > 0 ? { devices: shown } : {}),
    },
  }
}

function keptAllocation(allocation: AllocationResult, sharesDevices: boolean): AllocationResult {
  const { devices, ...rest } = omitted(allocation, 'allocationTimestamp')
  const results = devices?.results
  const kept = (result: DeviceRequestAllocationResult): DeviceRequestAllocationResult => {
    const bound = omitted(result, 'bindingConditions', 'bindingFailureConditions')
    return sharesDevices ? bound : omitted(bound, 'shareID', 'consumedCapacity')
  }
  return {
    ...(devices ? { devices: { ...devices, ...(results ? { results: results.map(kept) } : {}) } } : {}),
    ...rest,
  }
}
