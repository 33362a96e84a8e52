/**
 * Whether there is anything behind an APIService to ask: its Service, with the port, with ready endpoints. Pure.
 * kubernetes/kube-aggregator pkg/controllers/status/remote.
 */

import type { APIServiceCondition } from '../../api/generated/apiregistration-v1.ts'
import type { Service } from '../../api/generated/core-v1.ts'
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts'
import type { ExtensionService } from './extension-service.ts'

export type Availability = Pick<APIServiceCondition, 'status' | 'reason' | 'message'>

export const PASSED: Availability = { status: 'True', reason: 'Passed', message: 'all checks passed' }

const missing = (reason: string, message: string): Availability => ({ status: 'False', reason, message })

/** @returns what the server behind it did not answer */
export const failedCheck = (message: string): Availability => missing('FailedDiscoveryCheck', message)

/** @returns why nothing can be asked; undefined when something can */
export function missingService(
  { namespace, name, port }: ExtensionService,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): Availability | undefined {
  const where = `service/${name} in ${JSON.stringify(namespace)}`
  if (service === undefined) return missing('ServiceNotFound', `${where} is not present`)
  if ((service.spec.type ?? 'ClusterIP') !== 'ClusterIP') return undefined
  const listening = service.spec.ports?.find((each) => each.port === port)
  if (listening === undefined) return missing('ServicePortError', `${where} is not listening on port ${port}`)
  if (slices.length === 0) return missing('EndpointsNotFound', `cannot find endpointslices for ${where}`)
  const portName = listening.name ?? ''
  if (slices.some((slice) => isReady(slice, portName))) return undefined
  return missing(
    'MissingEndpoints',
    `endpointslices for ${where} have no addresses with port name ${JSON.stringify(portName)}`,
  )
}

function isReady({ endpoints, ports }: EndpointSlice, portName: string): boolean {
  return (
    (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false) &&
    (ports ?? []).some(({ name, port }) => (name ?? '') === portName && port !== undefined)
  )
}
