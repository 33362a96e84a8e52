/**
 * The kernel and the evaluator give the same verdict for the same packet: random policies, every pair of pods, two ports,
 * real connections through a node namespace that this test makes. Two implementations, one truth.
 */

import { once } from 'node:events'
import type { Server } from 'node:net'
import { createServer } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { NetworkPolicy } from '../../core/api/generated/networking-v1.ts'
import type { Host, LinkOperation, NetworkNamespace } from '../../host/host.ts'
import { linuxHost } from '../../host/linux/linux-host.io.ts'
import { evaluate } from '../../netpol/evaluate.ts'
import { applyNftables, observeNftables } from '../../netpol/nftables/apply.io.ts'
import { compileNftables } from '../../netpol/nftables/compile.ts'
import type { PolicyTable } from '../../netpol/policy-table.ts'
import { policyTable } from '../../netpol/policy-table.ts'
import { namespace, networkPolicy, pod } from '../support/builders.ts'
import { noTestHost } from '../support/test-host.io.ts'

const PORTS = [80, 81]
const PODS = [
  { key: 'x/a', labels: { app: 'a' } },
  { key: 'x/b', labels: { app: 'b' } },
  { key: 'y/a', labels: { app: 'a' } },
  { key: 'y/b', labels: { app: 'b', tier: 'web' } },
].map((one, index) => ({ ...one, ip: `10.244.0.${index + 2}` }))
const GATEWAY = '10.244.0.1'

const objects = PODS.map(({ key, labels, ip }) =>
  pod(key, {
    labels,
    ip,
    spec: { containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 80, protocol: 'TCP' }] }] },
  }),
)
const tableOf = (policies: readonly NetworkPolicy[]): PolicyTable =>
  policyTable({
    pods: objects,
    namespaces: [namespace('x'), namespace('y', { team: 'y' })],
    policies,
    nodeName: 'node-a',
    nodeAddresses: [GATEWAY],
  })

const selector = fc.constantFrom(
  {},
  { matchLabels: { app: 'a' } },
  { matchLabels: { app: 'b' } },
  { matchLabels: { tier: 'web' } },
)
const peer = fc.oneof(
  selector.map((podSelector) => ({ podSelector })),
  fc.constantFrom({}, { matchLabels: { team: 'y' } }).map((namespaceSelector) => ({ namespaceSelector })),
  selector.map((podSelector) => ({ podSelector, namespaceSelector: { matchLabels: { team: 'y' } } })),
  fc.constantFrom(
    { ipBlock: { cidr: '10.244.0.0/24' } },
    { ipBlock: { cidr: '10.244.0.0/30' } },
    { ipBlock: { cidr: '10.244.0.0/24', except: ['10.244.0.3/32', '10.244.0.4/31'] } },
  ),
)
const port = fc.constantFrom(
  { port: 80 },
  { port: 81 },
  { port: 'web' },
  { port: 80, endPort: 81 },
  {},
  { port: 80, protocol: 'UDP' },
)
const list = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(one, { maxLength: 2 })
const policy = fc.record({
  where: fc.constantFrom('x', 'y'),
  podSelector: selector,
  policyTypes: fc.constantFrom(['Ingress'], ['Egress'], ['Ingress', 'Egress']),
  ingress: list(fc.record({ from: list(peer), ports: list(port) })),
  egress: list(fc.record({ to: list(peer), ports: list(port) })),
})

describe.skipIf(noTestHost)(`policies in the kernel${noTestHost ? ` (skipped: ${noTestHost})` : ''}`, () => {
  let host: Host
  let node: NetworkNamespace
  const networks = new Map<string, NetworkNamespace>()
  const servers: Server[] = []

  beforeAll(async () => {
    host = await linuxHost({ ledgerFile: '/dev/null', log: { debug() {}, info() {}, warn() {}, error() {} } })
    node = await host.namespaces.createNetwork()
    await host.links.apply([{ kind: 'address', link: 'lo', address: `${GATEWAY}/32` }], node)
    for (const [index, { ip }] of PODS.entries()) {
      const own = await host.namespaces.createNetwork()
      networks.set(ip, own)
      await wire(`veth${index}`, ip, own)
      for (const number of PORTS) {
        const server = createServer((socket) => socket.destroy())
        await host.sockets.listen(server, { network: own, address: '0.0.0.0', port: number })
        servers.push(server)
      }
    }
  })
  afterAll(() => {
    for (const server of servers) server.close()
    for (const network of [...networks.values(), node]) network?.[Symbol.dispose]()
  })

  async function wire(link: string, ip: string, own: NetworkNamespace): Promise<void> {
    const nodeEnd: LinkOperation[] = [
      { kind: 'veth', name: link, peer: { name: 'eth0', network: own } },
      { kind: 'up', link },
      { kind: 'route', to: `${ip}/32`, link },
      { kind: 'sysctl', name: `net/ipv4/conf/${link}/forwarding`, value: '1' },
    ]
    await host.links.apply(nodeEnd, node)
    const podEnd: LinkOperation[] = [
      { kind: 'up', link: 'eth0' },
      { kind: 'address', link: 'eth0', address: `${ip}/32` },
      { kind: 'route', to: `${GATEWAY}/32`, link: 'eth0', scope: 'link' },
      { kind: 'route', to: 'default', link: 'eth0', via: GATEWAY },
    ]
    await host.links.apply(podEnd, own)
  }

  /** Whether a new TCP connection gets through. */
  async function connects(source: string, destination: string, number: number): Promise<boolean> {
    const socket = host.sockets.connect({ network: networks.get(source), address: destination, port: number })
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(5_000) })
      return true
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toMatch(/ECONNREFUSED|EHOSTUNREACH|EACCES/)
      return false
    } finally {
      socket.destroy()
    }
  }

  async function expectAgreement(policies: readonly NetworkPolicy[], generation: number): Promise<void> {
    const table = tableOf(policies)
    await applyNftables(
      { commands: host.commands, network: node },
      compileNftables(table, { proxiedCIDRs: [] }),
      { generation },
    )
    for (const { ip: source } of PODS) {
      for (const { ip: destination } of PODS) {
        for (const number of source === destination ? [] : PORTS) {
          const expected = evaluate({ source, destination, protocol: 'TCP', port: number }, table)
          expect(await connects(source, destination, number), `${source} -> ${destination}:${number}`).toBe(
            expected,
          )
        }
      }
    }
  }

  it('agrees without policies, and with everything denied', async () => {
    await expectAgreement([], 1)
    await expectAgreement(
      [
        networkPolicy('x/deny', { policyTypes: ['Ingress', 'Egress'] }),
        networkPolicy('y/deny', { policyTypes: ['Ingress'] }),
      ],
      2,
    )
  })

  it('agrees for random policies', { timeout: 60_000 }, async () => {
    let generation = 3
    await fc.assert(
      fc.asyncProperty(fc.array(policy, { minLength: 1, maxLength: 3 }), async (drawn) => {
        const policies = drawn.map(({ where, ...spec }, index) => networkPolicy(`${where}/p${index}`, spec))
        await expectAgreement(policies, generation++)
      }),
      { numRuns: 25 },
    )
  })

  it('always lets the node reach its pods', async () => {
    const table = tableOf([networkPolicy('x/deny', { policyTypes: ['Ingress', 'Egress'] })])
    await applyNftables(
      { commands: host.commands, network: node },
      compileNftables(table, { proxiedCIDRs: [] }),
      { generation: 1_000 },
    )
    networks.set(GATEWAY, node)
    expect(await connects(GATEWAY, PODS[0]?.ip ?? '', 80)).toBe(true)
  })

  it('cuts a live connection that a new policy denies, and keeps the others', async () => {
    const [a, b, c] = PODS
    if (!a || !b || !c) throw new Error('three pods')
    const target = { commands: host.commands, network: node }
    await applyNftables(target, undefined, { generation: 0 })
    const echo = createServer((socket) => void socket.on('error', () => undefined).pipe(socket))
    await host.sockets.listen(echo, { network: networks.get(a.ip), address: '0.0.0.0', port: 90 })
    servers.push(echo)
    const allowed = networkPolicy('x/p', { podSelector: { matchLabels: { app: 'a' } }, ingress: [{}] })
    await applyNftables(target, compileNftables(tableOf([allowed]), { proxiedCIDRs: [] }), { generation: 1 })
    const [fromB, fromC] = [b, c].map(({ ip }) =>
      host.sockets.connect({ network: networks.get(ip), address: a.ip, port: 90 }),
    )
    if (!fromB || !fromC) throw new Error('two connections')
    await Promise.all([once(fromB, 'connect'), once(fromC, 'connect')])
    const onlyC = networkPolicy('x/p', {
      podSelector: { matchLabels: { app: 'a' } },
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'y' } } }] }],
    })
    await applyNftables(target, compileNftables(tableOf([onlyC]), { proxiedCIDRs: [] }), { generation: 2 })
    const cut = once(fromB, 'error')
    fromB.write('x')
    fromC.write('y')
    expect(((await cut)[0] as NodeJS.ErrnoException).code).toBe('ECONNRESET')
    expect(String((await once(fromC, 'data'))[0])).toBe('y')
    fromC.destroy()
  })

  it('leaves nothing when there is nothing to enforce', async () => {
    await applyNftables({ commands: host.commands, network: node }, undefined, { generation: 0 })
    expect(await observeNftables({ commands: host.commands, network: node })).toBeUndefined()
  })
})
