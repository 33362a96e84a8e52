/** The object that the benchmarks write: an EndpointSlice of nine endpoints, about 1.5 KB of JSON. Pure. */

export function endpointSlice(index: number) {
  const endpoints = Array.from({ length: 9 }, (_, i) => ({
    addresses: [`10.244.${index % 256}.${i}`],
    conditions: { ready: true, serving: true, terminating: false },
    targetRef: { kind: 'Pod', name: `web-${index}-${i}`, namespace: 'default' },
  }))
  const metadata = { name: `web-${index}`, namespace: 'default', labels: { app: 'web' } }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata,
    addressType: 'IPv4',
    endpoints,
  }
}
