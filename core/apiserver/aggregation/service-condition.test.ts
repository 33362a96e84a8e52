import { expect, it } from 'vitest'
import type { Service } from '../../api/generated/core-v1.ts'
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts'
import type { ExtensionService } from './extension-service.ts'
import { missingService } from './service-condition.ts'

const WANTED: ExtensionService = {
  group: 'g.example',
  version: 'v1',
  namespace: 'n',
  name: 's',
  port: 443,
  caCertificate: undefined,
  isVerified: true,
}

const service = (spec: Service['spec']): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's', namespace: 'n' },
  spec,
})
const HTTPS = service({ ports: [{ port: 443, name: 'https' }] })

const slice = (
  ready: boolean | undefined,
  name: string | undefined,
  port: number | undefined,
): EndpointSlice =>
  ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 's-1', namespace: 'n' },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready } }],
    ports: [{ name, port }],
  }) as EndpointSlice

it.each<[string, Service | undefined, readonly EndpointSlice[], string | undefined]>([
  ['no Service', undefined, [], 'ServiceNotFound: service/s in "n" is not present'],
  [
    'another port',
    service({ ports: [{ port: 80 }] }),
    [],
    'ServicePortError: service/s in "n" is not listening on port 443',
  ],
  ['no slices', HTTPS, [], 'EndpointsNotFound: cannot find endpointslices for service/s in "n"'],
  [
    'none ready',
    HTTPS,
    [slice(false, 'https', 8443)],
    'MissingEndpoints: endpointslices for service/s in "n" have no addresses with port name "https"',
  ],
  [
    'ready, but of another port',
    HTTPS,
    [slice(true, 'http', 8080), slice(true, 'https', undefined)],
    'MissingEndpoints: endpointslices for service/s in "n" have no addresses with port name "https"',
  ],
  ['ready', HTTPS, [slice(false, 'https', 1), slice(true, 'https', 8443)], undefined],
  [
    'nobody said it is not',
    service({ ports: [{ port: 443 }] }),
    [slice(undefined, undefined, 8443)],
    undefined,
  ],
  [
    'what has no endpoints of its own',
    service({ type: 'ExternalName', externalName: 'a.example' }),
    [],
    undefined,
  ],
])('%s', (_what, found, slices, expected) => {
  const missing = missingService(WANTED, found, slices)
  expect(missing && `${missing.reason}: ${missing.message}`).toBe(expected)
  if (missing) expect(missing.status).toBe('False')
})
