/** The iptables rules and the user-space listeners of one table send every packet to the same places. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Service } from '../../core/api/generated/core-v1.ts'
import type { EndpointSlice } from '../../core/api/generated/discovery-v1.ts'
import { compileIptables } from '../../kube-proxy/iptables/compile.ts'
import { serviceTable } from '../../kube-proxy/service-table.ts'
import type { ServiceTable } from '../../kube-proxy/service-table.ts'
import { compileUserspace, endpointsFor, listenerKey } from '../../kube-proxy/userspace/program.ts'
import { endpointSlice, service } from '../support/builders.ts'
import type { Fate, Packet } from '../support/packet-trace.ts'
import { fatesOf } from '../support/packet-trace.ts'

const NODE = { name: 'node-a', zone: 'z1', address: '192.0.2.1' }
const CLUSTER_CIDR = '10.244.0.0/16'
const CLIENTS = { pod: '10.244.0.9', node: NODE.address, near: '198.51.100.7', far: '203.0.113.9' }

const iptablesOf = (table: ServiceTable) =>
  compileIptables(table, {
    clusterCIDR: CLUSTER_CIDR,
    masqueradeAll: false,
    localhostNodePorts: true,
    randomFully: true,
    nodeIP: NODE.address,
  })
const trace = (packet: Packet, table: ServiceTable): readonly Fate[] =>
  fatesOf(packet, iptablesOf(table), { addresses: [NODE.address] })

/** Endpoints by address; `refused` for all that is not let through; `untouched` where nobody serves. */
function iptablesTargets(packet: Packet, table: ServiceTable): readonly string[] {
  const targets = trace(packet, table).map((fate) => {
    if (fate.kind !== 'sent') return 'refused'
    return fate.translated ? fate.to : 'untouched'
  })
  return [...new Set(targets)].toSorted()
}

function userspaceTargets(packet: Packet, table: ServiceTable): readonly string[] {
  const key = `${packet.protocol.toUpperCase()} ${packet.destination}:${packet.port}`
  const { listeners } = compileUserspace(table, [NODE.address], CLUSTER_CIDR)
  const found = listeners.find((listener) => listenerKey(listener) === key)
  if (found === undefined) return ['untouched']
  const endpoints = endpointsFor(found, packet.source).map(({ ip, port }) => `${ip}:${port}`)
  return endpoints.length > 0 ? endpoints.toSorted() : ['refused']
}

/**
 * The one difference: kube-proxy refuses traffic to an external address without endpoints in INPUT and FORWARD only, so
 * what the node itself sends there leaves the node.
 */
function leavesNode(packet: Packet, table: ServiceTable): boolean {
  const isExternal = table.entries.some(({ port }) =>
    [...port.externalIPs, ...port.loadBalancerIPs].includes(packet.destination),
  )
  const [target] = iptablesTargets(packet, table)
  return isExternal && packet.source === CLIENTS.node && target === 'untouched'
}

const policy = fc.constantFrom('Cluster', 'Local')
/** Index by index its own addresses, so that no two Services claim the same. */
const arbitraryService = (index: number): fc.Arbitrary<Service> =>
  fc
    .record({
      type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer'),
      protocol: fc.constantFrom('TCP', 'UDP'),
      internalTrafficPolicy: policy,
      externalTrafficPolicy: policy,
      hasExternalIP: fc.boolean(),
      sessionAffinity: fc.constantFrom('None', 'ClientIP'),
      ranges: fc.constantFrom<string[]>([], ['198.51.100.0/24'], ['192.0.2.0/24', '10.244.0.0/24']),
    })
    .map(({ type, protocol, hasExternalIP, ranges, ...spec }) => ({
      ...service(`ns/svc${index}`, {
        ...spec,
        type,
        clusterIP: `10.96.0.${index + 1}`,
        ports: [
          {
            name: 'http',
            port: 80,
            protocol,
            ...(type === 'ClusterIP' ? {} : { nodePort: 30_000 + index }),
          },
        ],
        ...(hasExternalIP ? { externalIPs: [`198.51.100.${100 + index}`] } : {}),
        ...(type === 'LoadBalancer' ? { loadBalancerSourceRanges: ranges } : {}),
      }),
      ...(type === 'LoadBalancer'
        ? { status: { loadBalancer: { ingress: [{ ip: `203.0.113.${100 + index}` }] } } }
        : {}),
    }))

const arbitrarySlice = (index: number, protocol: string): fc.Arbitrary<EndpointSlice> =>
  fc
    .array(
      fc.record({
        ip: fc.integer({ min: 10, max: 16 }).map((last) => `10.244.0.${last}`),
        nodeName: fc.constantFrom('node-a', 'node-b'),
        state: fc.constantFrom('ready', 'not ready', 'terminating'),
        zone: fc.constantFrom(undefined, 'z1', 'z2'),
      }),
      { maxLength: 5 },
    )
    .map((endpoints) => ({
      ...endpointSlice(`ns/svc${index}`, [], { ports: [{ name: 'http', port: 8080, protocol }] }),
      endpoints: endpoints.map(({ ip, nodeName, state, zone }) => ({
        addresses: [ip],
        nodeName,
        conditions: {
          ready: state === 'ready',
          serving: state !== 'not ready',
          terminating: state === 'terminating',
        },
        ...(zone === undefined ? {} : { hints: { forZones: [{ name: zone }] } }),
      })),
    }))

const arbitraryTable: fc.Arbitrary<ServiceTable> = fc
  .tuple(...[0, 1, 2].map(arbitraryService))
  .chain((services) =>
    fc
      .tuple(...services.map((one, index) => arbitrarySlice(index, one.spec.ports?.[0]?.protocol ?? 'TCP')))
      .map((slices) => serviceTable({ services, slices, node: NODE })),
  )

const arbitraryPacket: fc.Arbitrary<Packet> = fc.record({
  protocol: fc.constantFrom('tcp', 'udp'),
  source: fc.constantFrom(...Object.values(CLIENTS)),
  destination: fc
    .nat({ max: 2 })
    .chain((index) =>
      fc.constantFrom(
        `10.96.0.${index + 1}`,
        `198.51.100.${100 + index}`,
        `203.0.113.${100 + index}`,
        NODE.address,
      ),
    ),
  port: fc.constantFrom(80, 81, 30_000, 30_001, 30_002),
})

describe('iptables and userspace', () => {
  it('agree on where each packet may go', () => {
    fc.assert(
      fc.property(
        arbitraryTable,
        fc.array(arbitraryPacket, { minLength: 20, maxLength: 20 }),
        (table, packets) => {
          for (const packet of packets.filter((one) => !leavesNode(one, table))) {
            expect({ packet, targets: userspaceTargets(packet, table) }).toEqual({
              packet,
              targets: iptablesTargets(packet, table),
            })
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('externalTrafficPolicy Local with the endpoint on another node', () => {
  const [nodePort, balancer] = [30_080, '203.0.113.7']
  const table = serviceTable({
    services: [
      {
        ...service('ns1/web', {
          type: 'LoadBalancer',
          clusterIP: '10.96.0.7',
          externalTrafficPolicy: 'Local',
          ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort }],
        }),
        status: { loadBalancer: { ingress: [{ ip: balancer }] } },
      },
    ],
    slices: [
      {
        ...endpointSlice('ns1/web', []),
        endpoints: [{ addresses: ['10.244.1.9'], nodeName: 'node-b', conditions: { ready: true } }],
      },
    ],
    node: NODE,
  })
  const sent = (masqueraded: boolean): Fate[] => [
    { kind: 'sent', to: '10.244.1.9:8080', translated: true, masqueraded },
  ]

  it.each<[string, keyof typeof CLIENTS, string, number, Fate[]]>([
    ['drops the outside at the node port', 'far', NODE.address, nodePort, [{ kind: 'drop' }]],
    ['drops the outside at the balancer', 'far', balancer, 80, [{ kind: 'drop' }]],
    ['sends pods from the node port', 'pod', NODE.address, nodePort, sent(false)],
    ['sends the node from its node port, masqueraded', 'node', NODE.address, nodePort, sent(true)],
    ['sends pods from the cluster IP', 'pod', '10.96.0.7', 80, sent(false)],
    ['sends the outside from the cluster IP, masqueraded', 'far', '10.96.0.7', 80, sent(true)],
  ])('%s', (_name, client, destination, port, expected) => {
    expect(trace({ protocol: 'tcp', source: CLIENTS[client], destination, port }, table)).toEqual(expected)
  })
})
