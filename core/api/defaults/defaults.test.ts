import { qosClass } from './pod.ts'
import { describe, expect, it } from 'vitest'
import { decoded, defaulted } from '../../../test/support/kind-rules.ts'
import { rulesFor } from '../kind-rules.ts'
import type { KubernetesObject } from '../object.ts'
import type { ResourceInfo } from '../resource.ts'
import {
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  ENDPOINTS,
  INGRESS_CLASSES,
  INGRESSES,
  NAMESPACES,
  NETWORK_POLICIES,
  NODES,
  PODS,
  REPLICA_SETS,
  SCHEME,
  SECRETS,
  SERVICES,
} from '../scheme.ts'
import { strictDecode } from '../strict-decode.ts'

interface Case {
  readonly name: string
  readonly resource: ResourceInfo
  readonly given: object
  readonly expected: object
}

const web = { name: 'web', image: 'nginx' }
const webDefaults = {
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'Always',
}
const podDefaults = {
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  schedulerName: 'default-scheduler',
  securityContext: {},
}
const probe = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }

const CASES: readonly Case[] = [
  {
    name: 'a Service',
    resource: SERVICES,
    given: { spec: { ports: [{ port: 80 }, { port: 81, targetPort: 'http', protocol: 'UDP' }] } },
    expected: {
      spec: {
        type: 'ClusterIP',
        sessionAffinity: 'None',
        internalTrafficPolicy: 'Cluster',
        ports: [
          { port: 80, protocol: 'TCP', targetPort: 80 },
          { port: 81, protocol: 'UDP', targetPort: 'http' },
        ],
      },
    },
  },
  {
    name: 'a LoadBalancer',
    resource: SERVICES,
    given: {
      spec: { type: 'LoadBalancer', sessionAffinity: 'ClientIP' },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }, { hostname: 'a.b' }] } },
    },
    expected: {
      spec: {
        type: 'LoadBalancer',
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
        internalTrafficPolicy: 'Cluster',
        externalTrafficPolicy: 'Cluster',
        allocateLoadBalancerNodePorts: true,
      },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }, { hostname: 'a.b' }] } },
    },
  },
  {
    name: 'a Service with external addresses',
    resource: SERVICES,
    given: { spec: { externalIPs: ['192.0.2.1'] } },
    expected: { spec: { externalTrafficPolicy: 'Cluster' } },
  },
  {
    name: 'an ExternalName',
    resource: SERVICES,
    given: { spec: { type: 'ExternalName', externalName: 'a.b' } },
    expected: { spec: { type: 'ExternalName', externalName: 'a.b', sessionAffinity: 'None' } },
  },
  {
    name: 'Endpoints',
    resource: ENDPOINTS,
    given: { subsets: [{ ports: [{ port: 1 }] }] },
    expected: { subsets: [{ ports: [{ port: 1, protocol: 'TCP' }] }] },
  },
  {
    name: 'an EndpointSlice',
    resource: ENDPOINT_SLICES,
    given: {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.0.2.1'], deprecatedTopology: { a: 'b' } }],
      ports: [{ port: 1 }],
    },
    expected: {
      endpoints: [{ addresses: ['192.0.2.1'] }],
      ports: [{ port: 1, name: '', protocol: 'TCP' }],
    },
  },
  {
    name: 'an empty NetworkPolicy',
    resource: NETWORK_POLICIES,
    given: { spec: { egress: [] } },
    expected: { spec: { podSelector: {}, policyTypes: ['Ingress'] } },
  },
  {
    name: 'a NetworkPolicy with egress',
    resource: NETWORK_POLICIES,
    given: { spec: { egress: [{ ports: [{ port: 53 }] }] } },
    expected: {
      spec: {
        podSelector: {},
        egress: [{ ports: [{ port: 53, protocol: 'TCP' }] }],
        policyTypes: ['Ingress', 'Egress'],
      },
    },
  },
  {
    name: 'a NetworkPolicy that says its types',
    resource: NETWORK_POLICIES,
    given: { spec: { policyTypes: ['Egress'], ingress: [{}] } },
    expected: { spec: { podSelector: {}, policyTypes: ['Egress'], ingress: [{}] } },
  },
  {
    name: 'an IngressClass',
    resource: INGRESS_CLASSES,
    given: { spec: { controller: 'a/b', parameters: { kind: 'c', name: 'd' } } },
    expected: { spec: { parameters: { scope: 'Cluster' } } },
  },
  {
    name: 'an Ingress, which has none',
    resource: INGRESSES,
    given: { spec: { rules: [{ http: { paths: [{ path: '/' }] } }] } },
    expected: { spec: { rules: [{ http: { paths: [{ path: '/', backend: {} }] } }] } },
  },
  {
    name: 'a Pod',
    resource: PODS,
    given: { spec: { containers: [web], serviceAccount: 'a' } },
    expected: {
      spec: {
        ...podDefaults,
        containers: [{ ...web, ...webDefaults }],
        enableServiceLinks: true,
        serviceAccount: 'a',
        serviceAccountName: 'a',
      },
    },
  },
  {
    name: 'what a container is probed, limited and told by',
    resource: PODS,
    given: {
      spec: {
        hostNetwork: true,
        containers: [
          {
            ...web,
            image: 'example.org:5000/nginx:1.2',
            ports: [{ containerPort: 80 }],
            env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
            resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1' } },
            livenessProbe: { httpGet: { port: 80 } },
            readinessProbe: { grpc: { port: 80 }, periodSeconds: 5 },
            lifecycle: { preStop: { httpGet: { port: 80 } } },
          },
        ],
      },
    },
    expected: {
      spec: {
        containers: [
          {
            imagePullPolicy: 'IfNotPresent',
            ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }],
            env: [{ name: 'A', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }],
            resources: { requests: { cpu: '1', memory: '1Gi' } },
            livenessProbe: { ...probe, httpGet: { port: 80, path: '/', scheme: 'HTTP' } },
            readinessProbe: { ...probe, periodSeconds: 5, grpc: { port: 80, service: '' } },
            lifecycle: { preStop: { httpGet: { port: 80, path: '/', scheme: 'HTTP' } } },
          },
        ],
      },
    },
  },
  {
    name: 'volumes',
    resource: PODS,
    given: {
      spec: {
        volumes: [
          { name: 'a' },
          { name: 'b', secret: { secretName: 's' } },
          { name: 'c', configMap: { name: 'm', defaultMode: 256 } },
          { name: 'd', hostPath: { path: '/' } },
          { name: 'e', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
          { name: 'f', downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        ],
      },
    },
    expected: {
      spec: {
        volumes: [
          { name: 'a', emptyDir: {} },
          { name: 'b', secret: { secretName: 's', defaultMode: 420 } },
          { name: 'c', configMap: { name: 'm', defaultMode: 256 } },
          { name: 'd', hostPath: { path: '/', type: '' } },
          {
            name: 'e',
            projected: {
              sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }],
              defaultMode: 420,
            },
          },
          {
            name: 'f',
            downwardAPI: {
              items: [{ path: 'l', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.labels' } }],
              defaultMode: 420,
            },
          },
        ],
      },
    },
  },
  {
    name: 'a Deployment',
    resource: DEPLOYMENTS,
    given: { spec: { template: { spec: { containers: [web] } } } },
    expected: {
      spec: {
        replicas: 1,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
        template: { spec: { ...podDefaults, containers: [{ ...web, ...webDefaults }] } },
      },
    },
  },
  {
    name: 'a Deployment of none that recreates',
    resource: DEPLOYMENTS,
    given: { spec: { replicas: 0, strategy: { type: 'Recreate' } } },
    expected: { spec: { replicas: 0, strategy: { type: 'Recreate' } } },
  },
  { name: 'a ReplicaSet', resource: REPLICA_SETS, given: {}, expected: { spec: { replicas: 1 } } },
  {
    name: 'a Namespace',
    resource: NAMESPACES,
    given: { metadata: { labels: { 'kubernetes.io/metadata.name': 'forged' } } },
    expected: {
      metadata: { labels: { 'kubernetes.io/metadata.name': 'x' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    },
  },
  {
    name: 'a Node',
    resource: NODES,
    given: { spec: { podCIDR: '192.0.2.0/24' }, status: { capacity: { cpu: '2' } } },
    expected: {
      spec: { podCIDR: '192.0.2.0/24', podCIDRs: ['192.0.2.0/24'] },
      status: { allocatable: { cpu: '2' } },
    },
  },
  {
    name: 'a Secret',
    resource: SECRETS,
    given: { stringData: { a: 'ä' }, data: { a: 'YQ==', b: 'Yg==' } },
    expected: { type: 'Opaque', data: { a: 'w6Q=', b: 'Yg==' } },
  },
]

describe('defaults of', () => {
  it.each(CASES)('$name', ({ resource, given, expected }) => {
    expect(defaulted(resource, given)).toMatchObject(expected)
  })

  it.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1', 'IfNotPresent'],
    ['example.org:5000/nginx', 'Always'],
    ['nginx@sha256:0', 'IfNotPresent'],
    ['nginx:latest@sha256:0', 'Always'],
  ])('the pull policy of %s', (image, expected) => {
    const pod = defaulted(PODS, { spec: { containers: [{ name: 'a', image }] } })
    expect(pod.spec.containers[0]?.imagePullPolicy).toBe(expected)
  })

  it.each([
    ['BestEffort', {}],
    ['Burstable', { requests: { cpu: '1' } }],
    ['Burstable', { limits: { cpu: '1' } }],
    ['Burstable', { limits: { cpu: '1', memory: '1' }, requests: { cpu: '500m' } }],
    ['Guaranteed', { limits: { cpu: '1', memory: '1' } }],
    ['Guaranteed', { limits: { cpu: '1', memory: '1' }, requests: { cpu: '1000m' } }],
    ['Burstable', { limits: { cpu: '1', memory: '0' } }],
    ['BestEffort', { requests: { cpu: '0' } }],
  ])('the class %s of %j', (expected, resources) => {
    const pod = defaulted(PODS, { spec: { containers: [{ name: 'a', image: 'b', resources }] } })
    expect(qosClass(pod.spec)).toBe(expected)
  })

  it('nothing of a Service beyond what it is of', () => {
    expect(defaulted(SERVICES, { spec: { type: 'ExternalName' } }).spec).not.toHaveProperty(
      'internalTrafficPolicy',
    )
    expect(defaulted(SECRETS, { stringData: { a: 'b' } })).not.toHaveProperty('stringData')
  })
})

describe('every kind', () => {
  const given = (resource: ResourceInfo): readonly object[] => [
    {},
    ...CASES.filter((each) => each.resource === resource).map((each) => each.given),
  ]

  it.each(SCHEME)('$kind: defaults are set once, and leave their argument as it is', (resource) => {
    const rules = rulesFor(resource)
    for (const body of given(resource)) {
      const object = decoded(resource, body) as KubernetesObject
      const before = structuredClone(object)
      const once = rules.setDefaults(object)
      expect(rules.setDefaults(once)).toEqual(once)
      expect(object).toEqual(before)
    }
  })

  it.each(SCHEME)('$kind: what is stored reads back as it is', (resource) => {
    for (const body of given(resource)) {
      const stored = JSON.parse(JSON.stringify(defaulted(resource, body))) as object
      const { object, problems } = strictDecode(resource, stored)
      expect(problems).toEqual([])
      expect(rulesFor(resource).setDefaults(object)).toEqual(stored)
    }
  })

  it.each(SCHEME)('$kind: an empty object has faults or none, but no accident', (resource) => {
    const rules = rulesFor(resource)
    const facts = { serviceCIDRs: [], nodePortRange: { first: 1, last: 2 } }
    const empty = defaulted(resource, {}) as KubernetesObject
    expect(rules.validateCreate(empty, facts)).toBeInstanceOf(Array)
    expect(rules.validateUpdate(empty, empty, facts)).toBeInstanceOf(Array)
    expect(rules.validateStatus?.(empty, empty, facts) ?? []).toBeInstanceOf(Array)
    expect(
      Object.values(rules.selectableFields?.(empty) ?? {}).every((value) => typeof value === 'string'),
    ).toBe(true)
  })
})
