/**
 * CSIDrivers, CSINodes and CSIStorageCapacities
 * (kubernetes/kubernetes pkg/apis/storage/validation/validation.go). Pure.
 */

import type {
  CSIDriver,
  CSIDriverSpec,
  CSINode,
  CSINodeDriver,
  CSIStorageCapacity,
  TokenRequest,
} from '../generated/storage-v1.ts'
import { milliOf } from '../quantity.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  immutable,
  invalidTexts,
  invalidValue,
  nonNegative,
  notSupported,
  repeated,
  required,
  when,
} from './faults.ts'
import { validateLabelSelector } from './label-selector.ts'
import { dnsSubdomainFaults, qualifiedNameFaults } from './names.ts'
import { driverNameFaults } from './persistent-volume.ts'
import { immutableStruct } from './go-structs.ts'

const GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType']
const LIFECYCLE_MODES = ['Persistent', 'Ephemeral']
const MIN_PERIOD_SECONDS = 10

/** Faults of a CSIDriver, metadata aside. */
export function validateCSIDriver({ spec }: CSIDriver): Faults {
  const { fsGroupPolicy: policy, nodeAllocatableUpdatePeriodSeconds: period } = spec
  const field = 'spec.nodeAllocatableUpdatePeriodSeconds'
  return [
    ...when(policy !== undefined && !GROUP_POLICIES.includes(policy), () =>
      notSupported('spec.fsGroupPolicy', policy, GROUP_POLICIES),
    ),
    ...tokenFaults(spec.tokenRequests ?? []),
    ...(spec.volumeLifecycleModes ?? []).flatMap((mode) =>
      when(!LIFECYCLE_MODES.includes(mode), () =>
        notSupported('spec.volumeLifecycleModes', mode, LIFECYCLE_MODES),
      ),
    ),
    ...when(period !== undefined && period < MIN_PERIOD_SECONDS, () =>
      invalidValue(field, period, `must be greater than or equal to ${MIN_PERIOD_SECONDS} seconds`),
    ),
  ]
}

function tokenFaults(requests: readonly TokenRequest[]): Faults {
  const again = new Set(repeated(requests, ({ audience }) => audience ?? ''))
  return requests.flatMap(({ audience, expirationSeconds: seconds }, index) => {
    const at = `spec.tokenRequests[${index}]`
    if (again.has(index)) return [duplicate(`${at}.audience`, audience ?? '')]
    const tooFew = 'may not specify a duration less than 10 minutes'
    const tooMany = 'may not specify a duration larger than 2^32 seconds'
    return [
      ...when(seconds !== undefined && seconds < 600, () =>
        invalidValue(`${at}.expirationSeconds`, seconds, tooFew),
      ),
      ...when(seconds !== undefined && seconds > 2 ** 32, () =>
        invalidValue(`${at}.expirationSeconds`, seconds, tooMany),
      ),
    ]
  })
}

/** Faults of a changed CSIDriver; upstream's path of attachRequired really is another word. */
export function validateCSIDriverUpdate(driver: CSIDriver, old: CSIDriver): Faults {
  const same = (field: string, key: keyof CSIDriverSpec): Faults =>
    immutable(`spec.${field}`, driver.spec[key], old.spec[key])
  return [
    ...validateCSIDriver(driver),
    ...same('attachedRequired', 'attachRequired'),
    ...same('volumeLifecycleModes', 'volumeLifecycleModes'),
  ]
}

const MAX_NODE_ID = 256

/** Faults of a CSINode, metadata aside. */
export function validateCSINode({ spec }: CSINode): Faults {
  const drivers = spec?.drivers ?? []
  const again = new Set(repeated(drivers, ({ name }) => name))
  return drivers.flatMap((driver, index) => {
    const at = `spec.drivers[${index}]`
    return [
      ...nodeDriverFaults(driver, at),
      ...when(again.has(index), () => duplicate(`${at}.name`, driver.name)),
      ...topologyKeyFaults(driver.topologyKeys ?? [], at),
    ]
  })
}

function nodeDriverFaults({ name, nodeID = '', allocatable }: CSINodeDriver, at: string): Faults {
  return [
    ...driverNameFaults(name ?? '', `${at}.name`),
    ...when(nodeID === '', () => required(`${at}.nodeID`)),
    ...when(nodeID.length > MAX_NODE_ID, () =>
      invalidValue(`${at}.nodeID`, nodeID, `must be ${MAX_NODE_ID} characters or less`),
    ),
    ...nonNegative(`${at}.allocatable.count`, allocatable?.count),
  ]
}

function topologyKeyFaults(keys: readonly string[], at: string): Faults {
  const again = new Set(repeated(keys, (key) => key))
  return keys.flatMap((key, index) => [
    ...when(key === '', () => required(at)),
    ...when(again.has(index), () => duplicate(at, key)),
    ...invalidTexts(at, key, qualifiedNameFaults),
  ])
}

/** Faults of a changed CSINode: drivers come and go, and do not change. */
export function validateCSINodeUpdate(node: CSINode, old: CSINode): Faults {
  const drivers = node.spec?.drivers ?? []
  return [
    ...validateCSINode(node),
    ...(old.spec?.drivers ?? []).flatMap((before) =>
      drivers
        .filter(({ name }) => name === before.name)
        .flatMap((driver) =>
          immutableStruct('spec.drivers', 'CSINodeDriver', { value: driver, old: before }),
        ),
    ),
  ]
}

/** Faults of a CSIStorageCapacity, metadata aside. */
export function validateCSIStorageCapacity(value: CSIStorageCapacity): Faults {
  const { nodeTopology, storageClassName = '', capacity } = value
  return [
    ...validateLabelSelector(nodeTopology, 'nodeTopology'),
    ...invalidTexts('storageClassName', storageClassName, dnsSubdomainFaults),
    ...when(milliOf(capacity) < 0n, () =>
      invalidValue('capacity', capacity, 'must be greater than or equal to 0'),
    ),
  ]
}

/** Faults of a changed CSIStorageCapacity: what was asked of the driver stays. */
export function validateCSIStorageCapacityUpdate(value: CSIStorageCapacity, old: CSIStorageCapacity): Faults {
  return [
    ...validateCSIStorageCapacity(value),
    ...immutable('nodeTopology', value.nodeTopology, old.nodeTopology),
    ...immutable('storageClassName', value.storageClassName, old.storageClassName),
  ]
}
