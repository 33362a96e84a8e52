/**
 * Endpoints (kubernetes/kubernetes pkg/apis/core/validation/validation.go, validateEndpointSubsets). Pure.
 *
 * Difference: addresses may be loopback ones, because pods have such addresses in the loopback network.
 */

import type { EndpointAddress, EndpointPort, Endpoints } from '../generated/core-v1.ts'
import type { Faults } from './faults.ts'
import { choice, invalidTexts, optionalText, portFaults, required, when } from './faults.ts'
import { ipFaults, specialIpFaults } from './ip-faults.ts'
import { dnsLabelFaults, dnsSubdomainFaults, qualifiedNameFaults } from './names.ts'

/** Faults of Endpoints, metadata aside. */
export function validateEndpoints({ subsets = [] }: Endpoints): Faults {
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }, index) => {
    const at = `subsets[${index}]`
    return [
      ...when(addresses.length + notReadyAddresses.length === 0, () =>
        required(at, 'must specify `addresses` or `notReadyAddresses`'),
      ),
      ...addresses.flatMap((one, position) => validateAddress(one, `${at}.addresses[${position}]`)),
      ...notReadyAddresses.flatMap((one, position) =>
        validateAddress(one, `${at}.notReadyAddresses[${position}]`),
      ),
      ...ports.flatMap((port, position) => validatePort(port, `${at}.ports[${position}]`, ports.length > 1)),
    ]
  })
}

function validateAddress({ ip, hostname, nodeName }: EndpointAddress, at: string): Faults {
  return [
    ...ipFaults(`${at}.ip`, ip),
    ...optionalText(`${at}.hostname`, hostname, dnsLabelFaults),
    ...(nodeName === undefined ? [] : invalidTexts(`${at}.nodeName`, nodeName, dnsSubdomainFaults)),
    ...specialIpFaults(`${at}.ip`, ip, true),
  ]
}

function validatePort(port: EndpointPort, at: string, needsName: boolean): Faults {
  return [
    ...when(needsName && !port.name, () => required(`${at}.name`)),
    ...optionalText(`${at}.name`, port.name, dnsLabelFaults),
    ...portFaults(`${at}.port`, port.port ?? 0),
    ...choice(`${at}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP']),
    ...(port.appProtocol === undefined
      ? []
      : invalidTexts(`${at}.appProtocol`, port.appProtocol, qualifiedNameFaults)),
  ]
}
