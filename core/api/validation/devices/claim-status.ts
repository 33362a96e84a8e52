/**
 * What has been given to a claim, and who uses it
 * (kubernetes/kubernetes pkg/apis/resource/validation/validation.go). Pure.
 */

import { parseIp, isIPv4Mapped, printIp } from '../../../net/ip.ts'
import { isSameValue } from '../../equality.ts'
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from '../../generated/resource-v1.ts'
import { validateNodeSelector } from '../affinity.ts'
import { validateConditions } from '../conditions.ts'
import type { Faults } from '../faults.ts'
import {
  forbiddenField,
  IMMUTABLE,
  invalidTexts,
  invalidValue,
  choice,
  required,
  tooLong,
  tooMany,
  when,
} from '../faults.ts'
import { dnsLabelFaults } from '../names.ts'
import { driverNameFaults } from '../persistent-volume.ts'
import { MAX_CONFIGURATIONS, MAX_REQUESTS, referenceFaults } from './claim.ts'
import { listFaults, setFaults } from './collections.ts'
import { configurationFaults, objectFaults } from './configuration.ts'
import type { RequestNames } from './names.ts'
import { poolNameFaults, requestNames, requestReferenceFaults, uidFaults } from './names.ts'
import { printedStruct } from '../go-structs.ts'

const MAX_CONSUMERS = 256
const MAX_CONDITIONS = 8
const MAX_ADDRESSES = 16
const MAX_INTERFACE_NAME = 256
const MAX_HARDWARE_ADDRESS = 128

/** Which device is meant, wherever it is spoken of. */
export interface DeviceReference {
  readonly driver: string
  readonly pool: string
  readonly device: string
  readonly shareID?: string | undefined
}

export const deviceKey = ({ driver, pool, device, shareID = '' }: DeviceReference): string =>
  JSON.stringify([driver, pool, device, shareID])

/** Which device, as Go prints it: its names are values that keep what they are to themselves. */
const PRINTED_REFERENCE = { Driver: {}, Pool: {}, Device: {}, ShareID: {} }

/** Faults of a changed status. */
export function validateResourceClaimStatus(claim: ResourceClaim, old: ResourceClaim): Faults {
  const { allocation, reservedFor, devices } = claim.status ?? {}
  const names = requestNames(claim.spec.devices ?? {})
  const allocated = new Set((allocation?.devices?.results ?? []).map(deviceKey))
  return [
    ...setFaults(reservedFor, 'status.reservedFor', {
      max: MAX_CONSUMERS,
      faultsOf: consumerFaults,
      keyOf: ({ uid }) => uid,
      keyField: 'uid',
    }),
    ...setFaults(devices, 'status.devices', {
      faultsOf: (device, at) => deviceFaults(device, at, allocated),
      keyOf: deviceKey,
      keyField: 'deviceID',
      shown: () => PRINTED_REFERENCE,
    }),
    ...reservationFaults(claim, old),
    ...allocationFaults(allocation, old.status?.allocation, names),
  ]
}

function consumerFaults(consumer: ResourceClaimConsumerReference, at: string): Faults {
  return (['resource', 'name', 'uid'] as const)
    .filter((name) => !consumer[name])
    .map((name) => required(`${at}.${name}`))
}

function reservationFaults({ metadata, status }: ResourceClaim, old: ResourceClaim): Faults {
  const field = 'status.reservedFor'
  const { reservedFor = [], allocation } = status ?? {}
  if (reservedFor.length === 0) return []
  if (allocation === undefined)
    return [forbiddenField(field, 'may not be specified when `allocated` is not set')]
  const before = old.status?.reservedFor ?? []
  const isNew = reservedFor.some((consumer) => !before.some((known) => isSameValue(known, consumer)))
  return when(metadata.deletionTimestamp !== undefined && isNew, () =>
    forbiddenField(
      field,
      'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set',
    ),
  )
}

/** What has been given stays, or is taken back as a whole. */
function allocationFaults(
  allocation: AllocationResult | undefined,
  old: AllocationResult | undefined,
  names: RequestNames,
): Faults {
  const at = 'status.allocation'
  if (allocation === undefined) return []
  if (old !== undefined)
    return when(!isSameValue(allocation, old) || parameters(allocation) !== parameters(old), () =>
      invalidValue(at, printedStruct('AllocationResult', allocation), IMMUTABLE),
    )
  const { devices = {}, nodeSelector } = allocation
  return [
    ...listFaults(devices.results, `${at}.devices.results`, {
      max: MAX_REQUESTS,
      faultsOf: (result, field) => resultFaults(result, field, names),
    }),
    // Those of the class and those of the claim.
    ...listFaults(devices.config, `${at}.devices.config`, {
      max: 2 * MAX_CONFIGURATIONS,
      faultsOf: (config, field) => [
        ...choice(`${field}.source`, config.source, ['FromClaim', 'FromClass']),
        ...referenceFaults(config.requests, `${field}.requests`, names),
        ...configurationFaults(config, field, false),
      ],
    }),
    ...(nodeSelector ? validateNodeSelector(nodeSelector, `${at}.nodeSelector`) : []),
  ]
}

/** What drivers are told, to the letter. */
const parameters = ({ devices }: AllocationResult): string =>
  JSON.stringify((devices?.config ?? []).map(({ opaque }) => opaque?.parameters))

function resultFaults(result: DeviceRequestAllocationResult, at: string, names: RequestNames): Faults {
  return [...requestReferenceFaults(result.request, `${at}.request`, names), ...referredFaults(result, at)]
}

function referredFaults({ driver, pool, device, shareID }: DeviceReference, at: string): Faults {
  return [
    ...driverNameFaults(driver, `${at}.driver`),
    ...poolNameFaults(pool, `${at}.pool`),
    ...invalidTexts(`${at}.device`, device, dnsLabelFaults),
    ...(shareID === undefined ? [] : uidFaults(shareID, `${at}.shareID`)),
  ]
}

function deviceFaults(device: AllocatedDeviceStatus, at: string, allocated: ReadonlySet<string>): Faults {
  const { conditions = [], data, networkData } = device
  return [
    ...referredFaults(device, at),
    ...when(!allocated.has(deviceKey(device)), () =>
      invalidValue(at, PRINTED_REFERENCE, 'must be an allocated device in the claim'),
    ),
    ...tooMany(`${at}.conditions`, conditions.length, MAX_CONDITIONS),
    ...validateConditions(conditions, `${at}.conditions`),
    ...(data === undefined ? [] : objectFaults(data, `${at}.data`, false)),
    ...(networkData ? networkFaults(networkData, `${at}.networkData`) : []),
  ]
}

function networkFaults({ interfaceName, hardwareAddress, ips }: NetworkDeviceData, at: string): Faults {
  const isLonger = (text: string | undefined, max: number): boolean => Buffer.byteLength(text ?? '') > max
  return [
    ...when(isLonger(interfaceName, MAX_INTERFACE_NAME), () =>
      tooLong(`${at}.interfaceName`, MAX_INTERFACE_NAME),
    ),
    ...when(isLonger(hardwareAddress, MAX_HARDWARE_ADDRESS), () =>
      tooLong(`${at}.hardwareAddress`, MAX_HARDWARE_ADDRESS),
    ),
    ...setFaults(ips, `${at}.ips`, {
      max: MAX_ADDRESSES,
      faultsOf: (address, field) => interfaceAddressFaults(address, field),
      keyOf: (address) => address,
    }),
  ]
}

const NO_ADDRESS = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)'

/** An address with the length of its network's prefix, in its one spelling. */
function interfaceAddressFaults(text: string, field: string): Faults {
  const [, address = '', length = ''] = /^(.*)\/(\d{1,3})$/.exec(text) ?? []
  const ip = parseIp(address)
  const max = ip?.family === 'IPv4' ? 32 : 128
  if (ip === undefined || Number(length) > max) return [invalidValue(field, text, NO_ADDRESS)]
  const canonical = isIPv4Mapped(ip)
    ? `${printIp({ family: 'IPv4', value: ip.value & 0xffff_ffffn })}/${Number(length) - 96}`
    : `${printIp(ip)}/${Number(length)}`
  return when(text !== canonical, () =>
    invalidValue(field, text, `must be in canonical form (${JSON.stringify(canonical)})`),
  )
}
