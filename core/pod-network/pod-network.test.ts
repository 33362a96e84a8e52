import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fakeHost } from '../../host/fake/fake-host.ts'
import type { NetworkNamespace } from '../../host/host.ts'
import type { Pod } from '../api/generated/core-v1.ts'
import { addressPlan, nodeAddresses } from './address-plan.ts'
import { AddressPool } from './address-pool.ts'
import { openPodNetwork } from './open-pod-network.io.ts'
import { collisions } from './plan.ts'
import { printNodeWiring } from './print.ts'

const pod = (uid: string, hostNetwork = false): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: uid, namespace: 'default', uid },
  spec: { containers: [], hostNetwork },
})

describe('addresses', () => {
  it('takes the first part of the pod range for the first node', () => {
    expect(nodeAddresses(addressPlan('host'))).toEqual({
      podCIDR: '10.244.0.0/24',
      gateway: '10.244.0.1',
      pods: { first: '10.244.0.2', count: 253 },
      uplink: { host: '10.244.255.1', node: '10.244.255.2' },
    })
  })

  it('gives later nodes later parts and uplink addresses', () => {
    expect(nodeAddresses(addressPlan('host'), 2)).toMatchObject({
      podCIDR: '10.244.2.0/24',
      gateway: '10.244.2.1',
      uplink: { host: '10.244.255.1', node: '10.244.255.4' },
    })
  })

  it('keeps pods and uplink apart in a small range', () => {
    expect(nodeAddresses(addressPlan('isolated', { podCIDR: '192.0.2.0/28' }))).toEqual({
      podCIDR: '192.0.2.0/28',
      gateway: '192.0.2.1',
      pods: { first: '192.0.2.2', count: 9 },
      uplink: { host: '192.0.2.11', node: '192.0.2.12' },
    })
  })

  it.each([
    [{ podCIDR: '10.96.0.0/16' }, 'podCIDR 10.96.0.0/16 and serviceCIDR 10.96.0.0/12 overlap'],
    [{ podCIDR: 'ten' }, 'not an IPv4 range: ten'],
    [{ serviceCIDR: '2001:db8::/112' }, 'not an IPv4 range: 2001:db8::/112'],
    [{ podCIDR: '192.0.2.1/24' }, 'not an IPv4 range: 192.0.2.1/24'],
  ])('refuses %j', (overrides, message) => {
    expect(() => addressPlan('host', overrides)).toThrow(message)
  })

  it('refuses a node for which there is no part', () => {
    expect(() => nodeAddresses(addressPlan('host'), 256)).toThrow('no part for node 256')
  })

  it('never gives an address to two pods, and lets it rest as long as it can', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 60 }), (steps) => {
        const pool = new AddressPool({ first: '192.0.2.2', count: 5 })
        const held: string[] = []
        for (const step of steps) {
          const released = step < held.length ? held.splice(step, 1)[0] : undefined
          if (released !== undefined) pool.release(released)
          const given = step < 7 ? pool.allocate() : undefined
          if (given === undefined) continue
          expect(held).not.toContain(given)
          held.push(given)
          expect(held.length).toBeLessThanOrEqual(5)
        }
      }),
    )
    const pool = new AddressPool({ first: '192.0.2.2', count: 3 })
    const first = pool.allocate() ?? ''
    pool.release(first)
    expect([pool.allocate(), pool.allocate(), pool.allocate(), pool.allocate()]).toEqual([
      '192.0.2.3',
      '192.0.2.4',
      first,
      undefined,
    ])
  })

  it('warns of ranges the host uses already', () => {
    const routes = [
      { to: 'default', link: 'eth0', type: 'unicast' },
      { to: '10.0.0.0/8', link: 'tun0', type: 'unicast' },
      { to: '192.0.2.0/24', link: 'eth0', type: 'unicast' },
    ] as const
    expect(collisions(addressPlan('host'), routes)).toEqual([
      `the cluster's 10.244.0.0/16 overlaps the host's route 10.0.0.0/8 dev tun0`,
    ])
  })
})

it('prints the wiring as a script', () => {
  const plan = addressPlan('host')
  const network: NetworkNamespace = {
    id: '1',
    path: '/run/netns/web',
    fd: -1,
    [Symbol.dispose]: () => undefined,
  }
  const pods = [{ key: 'default/web', podIP: '10.244.0.2', link: 'ptlweb', network }]
  expect(printNodeWiring(plan, nodeAddresses(plan), pods)).toBe(`# node
ip address add 10.244.0.1/32 dev lo
ip route add 10.96.0.0/12 dev lo src 10.244.0.1
ip route add 10.112.0.0/24 dev lo src 10.244.0.1
# pod default/web (10.244.0.2)
ip link add ptlweb type veth peer name eth0 netns /run/netns/web
sysctl -w net.ipv4.conf.ptlweb.forwarding=1
ip link set ptlweb up
ip route add 10.244.0.2/32 dev ptlweb src 10.244.0.1
nsenter --net=/run/netns/web ip address add 10.244.0.2/32 dev eth0
nsenter --net=/run/netns/web ip link set eth0 up
nsenter --net=/run/netns/web ip route add 10.244.0.1/32 dev eth0 scope link
nsenter --net=/run/netns/web ip route add default via 10.244.0.1 dev eth0
nsenter --net=/run/netns/web sysctl -w net.ipv4.ip_unprivileged_port_start=0
`)
})

describe.each(['host', 'isolated'] as const)('the %s network, on a machine in memory', (name) => {
  it('wires pods and takes everything down again', async () => {
    const host = fakeHost()
    const network = await openPodNetwork(name, { host })
    const [a, b] = [await network.attach(pod('a')), await network.attach(pod('b'))]
    expect([a.ip, b.ip]).toEqual(['10.244.0.2', '10.244.0.3'])
    expect(a.network?.id).not.toBe(b.network?.id)
    expect(await network.attach(pod('a'))).toBe(a)
    expect(await host.links.defaultSource(a.network)).toBe('10.244.0.2')
    const toPods = async (): Promise<string[]> =>
      (await host.links.routes(network.node.network)).map(({ to }) => to).filter((to) => to.endsWith('/32'))
    expect(await toPods()).toEqual(expect.arrayContaining(['10.244.0.2/32', '10.244.0.3/32']))
    await network.detach('a')
    await network.detach('a')
    await network.detach('unknown')
    expect(await toPods()).not.toContain('10.244.0.2/32')
    expect(host.ledger.entries()).not.toEqual([])
    await network[Symbol.asyncDispose]()
    expect(host.ledger.entries()).toEqual([])
    expect(await host.links.routes()).toEqual([])
    expect(await host.links.list()).toEqual([{ name: 'lo', index: 1, addresses: ['127.0.0.1/8'] }])
    await expect(network.attach(pod('late'))).rejects.toThrow('closed')
  })

  it('wires one pod once when asked twice at the same time', async () => {
    await using network = await openPodNetwork(name, { host: fakeHost() })
    const [first, second] = await Promise.all([network.attach(pod('a')), network.attach(pod('a'))])
    expect(first).toBe(second)
  })

  it('says when there are no addresses left, and has one again when a pod is gone', async () => {
    const addresses = { podCIDR: '192.0.2.0/29' }
    await using network = await openPodNetwork(name, { host: fakeHost(), addresses })
    await network.attach(pod('a'))
    await expect(network.attach(pod('b'))).rejects.toThrow(
      'no IP addresses available in range set: 192.0.2.0/29',
    )
    await network.detach('a')
    expect((await network.attach(pod('b'))).ip).toBe('192.0.2.2')
  })

  it('puts hostNetwork pods on the node', async () => {
    await using network = await openPodNetwork(name, { host: fakeHost() })
    const attachment = await network.attach(pod('h', true))
    expect(attachment.ip).toBe(network.node.internalIP)
    expect(attachment.network).toBe(network.node.network)
  })
})

it('on a host with a default route, adds no routes to Services and lets packets from outside in', async () => {
  const host = fakeHost()
  await host.links.apply([
    { kind: 'veth', name: 'eth0', peer: { name: 'outside' } },
    { kind: 'address', link: 'eth0', address: '192.0.2.10/24' },
    { kind: 'up', link: 'eth0' },
    { kind: 'route', to: 'default', link: 'eth0', via: '192.0.2.1' },
  ])
  const network = await openPodNetwork('host', { host })
  expect(network.node).toEqual({ internalIP: '192.0.2.10', gateway: '10.244.0.1' })
  expect(host.ledger.entries()).toEqual([
    { kind: 'address', link: 'lo', address: '10.244.0.1/32' },
    { kind: 'sysctl', name: 'net/ipv4/conf/eth0/forwarding', before: '0' },
  ])
  await network[Symbol.asyncDispose]()
  expect(await host.links.sysctl('net.ipv4.conf.eth0.forwarding')).toBe('0')
  expect((await host.links.routes()).map(({ to }) => to)).toEqual(['default'])
})

it('gives pods of the loopback network addresses of 127/8 and nothing else', async () => {
  const network = await openPodNetwork('loopback', { host: fakeHost() })
  expect(network.addresses).toEqual({
    podCIDR: '127.112.0.0/16',
    serviceCIDR: '127.96.0.0/12',
    loadBalancerCIDR: '127.95.0.0/24',
  })
  expect(await network.attach(pod('a'))).toEqual({ ip: '127.112.0.2' })
  expect(await network.attach(pod('a'))).toEqual({ ip: '127.112.0.2' })
  expect(await network.attach(pod('h', true))).toEqual({ ip: '127.0.0.1' })
  await network.detach('a')
  expect(await network.attach(pod('b'))).toEqual({ ip: '127.112.0.3' })
})
