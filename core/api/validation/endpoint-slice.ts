/**
 * EndpointSlices (kubernetes/kubernetes pkg/apis/discovery/validation/validation.go). Pure.
 *
 * Difference: addresses may be loopback ones, because pods have such addresses in the loopback network.
 */

import type { Endpoint, EndpointPort, EndpointSlice } from '../generated/discovery-v1.ts'
import type { Faults } from './faults.ts'
import {
  choice,
  duplicate,
  immutable,
  invalidTexts,
  optionalText,
  pointedChoice,
  repeated,
  required,
  requiredText,
  tooMany,
  when,
} from './faults.ts'
import { familyFaults, specialIpFaults } from './ip-faults.ts'
import {
  dnsLabelFaults,
  dnsSubdomainFaults,
  fullDomainFaults,
  labelValueFaults,
  qualifiedNameFaults,
} from './names.ts'

const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const MAX_ENDPOINTS = 1000
const MAX_ADDRESSES = 100
const MAX_PORTS = 20_000
const MAX_HINTS = 8

/** Faults of an EndpointSlice, metadata aside. */
export function validateEndpointSlice(slice: EndpointSlice): Faults {
  return [
    ...choice('addressType', slice.addressType, ADDRESS_TYPES),
    ...validateEndpoints(slice),
    ...validatePorts(slice.ports ?? []),
  ]
}

/** Faults of a changed EndpointSlice: its address type stays. */
export function validateEndpointSliceUpdate(slice: EndpointSlice, old: EndpointSlice): Faults {
  return [...validateEndpointSlice(slice), ...immutable('addressType', slice.addressType, old.addressType)]
}

function validateEndpoints({ endpoints, addressType }: EndpointSlice): Faults {
  const list = endpoints ?? []
  const excess = tooMany('endpoints', list.length, MAX_ENDPOINTS)
  if (excess.length > 0) return excess
  return list.flatMap((endpoint, index) => {
    const at = `endpoints[${index}]`
    const addresses = endpoint.addresses ?? []
    return [
      ...when(addresses.length === 0, () => required(`${at}.addresses`, 'must contain at least 1 address')),
      ...tooMany(`${at}.addresses`, addresses.length, MAX_ADDRESSES),
      ...addresses.flatMap((address, position) =>
        validateAddress(address, `${at}.addresses[${position}]`, addressType),
      ),
      ...validateRest(endpoint, at),
    ]
  })
}

function validateAddress(address: string, field: string, type: string): Faults {
  switch (type) {
    case 'IPv4':
    case 'IPv6': {
      const faults = familyFaults(field, address, type)
      return faults.length > 0 ? faults : specialIpFaults(field, address, true)
    }
    case 'FQDN':
      return requiredText(field, address, fullDomainFaults)
    default:
      return []
  }
}

function validateRest({ hostname, nodeName, hints }: Endpoint, at: string): Faults {
  return [
    ...(nodeName === undefined ? [] : invalidTexts(`${at}.nodeName`, nodeName, dnsSubdomainFaults)),
    ...(hostname === undefined ? [] : invalidTexts(`${at}.hostname`, hostname, dnsLabelFaults)),
    ...validateHints(hints?.forZones ?? [], `${at}.hints.forZones`, labelValueFaults),
    ...validateHints(hints?.forNodes ?? [], `${at}.hints.forNodes`, dnsSubdomainFaults),
  ]
}

function validateHints(
  hints: readonly { readonly name: string }[],
  field: string,
  faultsOf: (name: string) => readonly string[],
): Faults {
  const excess = tooMany(field, hints.length, MAX_HINTS)
  if (excess.length > 0) return excess
  const again = new Set(repeated(hints, ({ name }) => name))
  return hints.flatMap(({ name }, index) => [
    ...when(again.has(index), () => duplicate(`${field}[${index}].name`, name)),
    ...invalidTexts(`${field}[${index}].name`, name, faultsOf),
  ])
}

function validatePorts(ports: readonly EndpointPort[]): Faults {
  const excess = tooMany('ports', ports.length, MAX_PORTS)
  if (excess.length > 0) return excess
  const again = new Set(repeated(ports, ({ name = '' }) => name))
  return ports.flatMap(({ name, protocol, appProtocol }, index) => [
    ...optionalText(`ports[${index}].name`, name, dnsLabelFaults),
    ...when(again.has(index), () => duplicate(`ports[${index}].name`, name)),
    ...pointedChoice(`ports[${index}].protocol`, protocol, PROTOCOLS),
    ...(appProtocol === undefined
      ? []
      : invalidTexts(`ports[${index}].appProtocol`, appProtocol, qualifiedNameFaults)),
  ])
}
