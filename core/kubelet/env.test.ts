import { describe, expect, test } from 'vitest'
import { meta, pod, secret, service } from '../../test/support/builders.ts'
import type { ConfigMap, Container, EnvVar, Service } from '../api/generated/core-v1.ts'
import type { EnvSources } from './env.ts'
import { containerEnv, expanded } from './env.ts'

const colours: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: meta('ns1/colours'),
  data: { sky: 'blue', grass: 'green' },
}
const subject = pod('ns1/web-1', {
  labels: { app: 'web', tier: 'front' },
  spec: { serviceAccountName: 'sa' },
})

function sources(services: readonly Service[] = []): EnvSources {
  return {
    services,
    configMap: (name) => (name === 'colours' ? colours : undefined),
    secret: (name) => (name === 'keys' ? secret('ns1/keys', { door: 'swordfish' }) : undefined),
    podIP: '192.0.2.1',
    hostIP: '192.0.2.9',
    allocatable: { cpu: '4', memory: '8192Ki' },
  }
}

function envOf(container: Partial<Container>, services: readonly Service[] = [], owner = subject) {
  const result = containerEnv(owner, { name: 'c', ...container }, sources(services))
  return result.kind === 'env' ? result.env : result.message
}

const env = (name: string, rest: Omit<EnvVar, 'name'>): EnvVar => ({ name, ...rest })

describe('$(NAME)', () => {
  const known = { A: '1', B: 'two' }
  test.each([
    ['$(A)-$(B)', '1-two'],
    ['$(UNKNOWN)', '$(UNKNOWN)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$A ${A} $', '$A ${A} $'],
    ['$(A', '$(A'],
    ['$()', '$()'],
    ['cost: 5$$', 'cost: 5$'],
  ])('%s is %s', (text, wanted) => {
    expect(expanded(text, known)).toBe(wanted)
  })
})

describe('sources of variables', () => {
  const rows: readonly [string, EnvVar, string | undefined][] = [
    ['a name', env('X', { valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }), 'web-1'],
    ['a label', env('X', { valueFrom: { fieldRef: { fieldPath: "metadata.labels['tier']" } } }), 'front'],
    ['the address', env('X', { valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }), '192.0.2.1'],
    ['the node', env('X', { valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } }), '192.0.2.9'],
    ['the account', env('X', { valueFrom: { fieldRef: { fieldPath: 'spec.serviceAccountName' } } }), 'sa'],
    ['a limit', env('X', { valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }), '1'],
    [
      'a limit in parts',
      env('X', { valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } }),
      '500',
    ],
    [
      'no limit: the machine',
      env('X', { valueFrom: { resourceFieldRef: { resource: 'limits.memory' } } }),
      '8388608',
    ],
    ['a ConfigMap', env('X', { valueFrom: { configMapKeyRef: { name: 'colours', key: 'sky' } } }), 'blue'],
    ['a Secret', env('X', { valueFrom: { secretKeyRef: { name: 'keys', key: 'door' } } }), 'swordfish'],
    [
      'nothing, but optional',
      env('X', { valueFrom: { secretKeyRef: { name: 'no', key: 'k', optional: true } } }),
      undefined,
    ],
  ]
  test.each(rows)('%s', (_name, variable, expected) => {
    const found = envOf({ env: [variable], resources: { limits: { cpu: '500m' } } })
    expect(typeof found === 'string' ? found : found['X']).toBe(expected)
  })

  const missing: readonly [EnvVar, string][] = [
    [env('X', { valueFrom: { configMapKeyRef: { name: 'no', key: 'k' } } }), 'configmap "no" not found'],
    [env('X', { valueFrom: { secretKeyRef: { name: 'no', key: 'k' } } }), 'secret "no" not found'],
    [
      env('X', { valueFrom: { configMapKeyRef: { name: 'colours', key: 'k' } } }),
      "couldn't find key k in ConfigMap ns1/colours",
    ],
    [
      env('X', { valueFrom: { secretKeyRef: { name: 'keys', key: 'k' } } }),
      "couldn't find key k in Secret ns1/keys",
    ],
  ]
  test.each(missing)('%j is missing', (variable, message) => {
    expect(envOf({ env: [variable] })).toBe(message)
  })

  test('later wins: envFrom in order, then env, which sees what came before', () => {
    const found = envOf({
      envFrom: [{ configMapRef: { name: 'colours' } }, { prefix: 'MY_', secretRef: { name: 'keys' } }],
      env: [
        env('sky', { value: 'grey' }),
        env('BOTH', { value: '$(sky) $(MY_door) $(LATER)' }),
        env('LATER', { value: 'x' }),
      ],
    })
    expect(found).toMatchObject({
      grass: 'green',
      sky: 'grey',
      MY_door: 'swordfish',
      BOTH: 'grey swordfish $(LATER)',
    })
  })
})

describe('variables of Services', () => {
  const kubernetes = service('default/kubernetes', {
    clusterIP: '192.0.2.100',
    ports: [{ name: 'https', port: 443, protocol: 'TCP' }],
  })
  const redis = service('ns1/redis-primary', {
    clusterIP: '192.0.2.101',
    ports: [
      { name: 'db-port', port: 6379, protocol: 'TCP' },
      { name: 'gossip', port: 7946, protocol: 'UDP' },
    ],
  })
  const others = [
    service('ns1/headless', { clusterIP: 'None' }),
    service('ns2/other', { clusterIP: '192.0.2.102' }),
  ]

  test('of the namespace, in both styles', () => {
    expect(envOf({}, [kubernetes, redis, ...others])).toEqual({
      HOSTNAME: 'web-1',
      KUBERNETES_SERVICE_HOST: '192.0.2.100',
      KUBERNETES_SERVICE_PORT: '443',
      KUBERNETES_SERVICE_PORT_HTTPS: '443',
      KUBERNETES_PORT: 'tcp://192.0.2.100:443',
      KUBERNETES_PORT_443_TCP: 'tcp://192.0.2.100:443',
      KUBERNETES_PORT_443_TCP_PROTO: 'tcp',
      KUBERNETES_PORT_443_TCP_PORT: '443',
      KUBERNETES_PORT_443_TCP_ADDR: '192.0.2.100',
      REDIS_PRIMARY_SERVICE_HOST: '192.0.2.101',
      REDIS_PRIMARY_SERVICE_PORT: '6379',
      REDIS_PRIMARY_SERVICE_PORT_DB_PORT: '6379',
      REDIS_PRIMARY_SERVICE_PORT_GOSSIP: '7946',
      REDIS_PRIMARY_PORT: 'tcp://192.0.2.101:6379',
      REDIS_PRIMARY_PORT_6379_TCP: 'tcp://192.0.2.101:6379',
      REDIS_PRIMARY_PORT_6379_TCP_PROTO: 'tcp',
      REDIS_PRIMARY_PORT_6379_TCP_PORT: '6379',
      REDIS_PRIMARY_PORT_6379_TCP_ADDR: '192.0.2.101',
      REDIS_PRIMARY_PORT_7946_UDP: 'udp://192.0.2.101:7946',
      REDIS_PRIMARY_PORT_7946_UDP_PROTO: 'udp',
      REDIS_PRIMARY_PORT_7946_UDP_PORT: '7946',
      REDIS_PRIMARY_PORT_7946_UDP_ADDR: '192.0.2.101',
    })
  })

  test('without service links only the API server is left', () => {
    const alone = pod('ns1/p', { spec: { enableServiceLinks: false } })
    const found = envOf({}, [kubernetes, redis], alone)
    expect(Object.keys(found).filter((name) => name.endsWith('_SERVICE_HOST'))).toEqual([
      'KUBERNETES_SERVICE_HOST',
    ])
  })
})
