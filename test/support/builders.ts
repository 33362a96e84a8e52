/** API objects for tests: defaults plus a tweak, `service('ns1/web', { type: 'NodePort' })`. */

import type { Namespace, Pod, Secret, Service } from '../../core/api/generated/core-v1.ts'
import type { EndpointSlice } from '../../core/api/generated/discovery-v1.ts'
import type { Ingress, IngressClass, NetworkPolicy } from '../../core/api/generated/networking-v1.ts'
import type { NamedMeta } from '../../core/api/object.ts'
import { parseObjectKey } from '../../core/api/object.ts'

const CREATED = '2026-01-01T00:00:00Z'

export function meta(key: string, more: Partial<NamedMeta> = {}): NamedMeta {
  return { ...parseObjectKey(key), uid: `uid-${key}`, creationTimestamp: CREATED, ...more }
}

export function namespace(name: string, labels: Record<string, string> = {}): Namespace {
  const withName = { 'kubernetes.io/metadata.name': name, ...labels }
  return { apiVersion: 'v1', kind: 'Namespace', metadata: meta(name, { labels: withName }), spec: {} }
}

export interface PodTweak {
  readonly labels?: Record<string, string>
  readonly ip?: string
  readonly nodeName?: string
  readonly spec?: Partial<Pod['spec']>
  readonly status?: Pod['status']
}

export function pod(key: string, tweak: PodTweak = {}): Pod {
  const address = tweak.ip ? { podIP: tweak.ip, podIPs: [{ ip: tweak.ip }] } : {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: meta(key, { labels: tweak.labels ?? {} }),
    spec: {
      nodeName: tweak.nodeName ?? 'node-a',
      containers: [{ name: 'c', image: 'example.org/c' }],
      ...tweak.spec,
    },
    status: { phase: 'Running', ...address, ...tweak.status },
  }
}

export function service(key: string, spec: Partial<Service['spec']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta(key),
    spec: {
      type: 'ClusterIP',
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
      ...spec,
    },
  }
}

export interface SliceTweak {
  readonly ports?: EndpointSlice['ports']
  readonly endpoints?: EndpointSlice['endpoints']
}

/** A slice of `namespace/service` with one ready endpoint per address. */
export function endpointSlice(
  serviceKey: string,
  addresses: readonly string[],
  tweak: SliceTweak = {},
): EndpointSlice {
  const { namespace: ns, name } = parseObjectKey(serviceKey)
  const ready = { ready: true, serving: true, terminating: false }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: meta(`${ns}/${name}-abcde`, { labels: { 'kubernetes.io/service-name': name } }),
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: ready })),
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    ...tweak,
  }
}

export function networkPolicy(key: string, spec: Partial<NetworkPolicy['spec']> = {}): NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: meta(key),
    spec: { podSelector: {}, ...spec },
  }
}

export function ingress(key: string, spec: Ingress['spec'], more: Partial<NamedMeta> = {}): Ingress {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: meta(key, more), spec }
}

export function ingressClass(
  name: string,
  controller: string,
  annotations: Record<string, string> = {},
): IngressClass {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: meta(name, { annotations }),
    spec: { controller },
  }
}

export function secret(key: string, data: Record<string, string>): Secret {
  const encoded = Object.entries(data).map(([name, value]) => [name, Buffer.from(value).toString('base64')])
  return { apiVersion: 'v1', kind: 'Secret', metadata: meta(key), data: Object.fromEntries(encoded) }
}
