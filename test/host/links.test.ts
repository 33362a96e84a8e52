/** One list of cases for the machine in memory and the kernel; and netlink does what the printed `ip` lines do. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { HostError } from '../../host/errors.ts'
import { fakeHost } from '../../host/fake/fake-host.ts'
import type { Host, LinkOperation, NetworkNamespace } from '../../host/host.ts'
import { printLinkOperations } from '../../host/link-print.ts'
import { linuxHost } from '../../host/linux/linux-host.io.ts'
import { openLog } from '../../host/linux/log.io.ts'

const unprivileged = process.getuid?.() === 0 ? undefined : 'needs root to make network namespaces'
const folder = mkdtempSync(join(tmpdir(), 'portolan-links-'))
afterAll(() => rmSync(folder, { recursive: true }))
const linux = await linuxHost({ ledgerFile: join(folder, 'ledger'), log: openLog({ level: 'silent' }) })

const VETH: readonly LinkOperation[] = [
  { kind: 'veth', name: 'v0', peer: { name: 'v1' } },
  { kind: 'address', link: 'v0', address: '192.0.2.1/24' },
  { kind: 'up', link: 'v0' },
  { kind: 'up', link: 'v1' },
]

interface Case {
  readonly name: string
  readonly before?: readonly LinkOperation[]
  readonly operation: LinkOperation
  readonly outcome: 'done' | HostError['code']
}

const CASES: readonly Case[] = [
  {
    name: 'an address',
    operation: { kind: 'address', link: 'lo', address: '192.0.2.9/32' },
    outcome: 'done',
  },
  {
    name: 'an address that is there already',
    before: [{ kind: 'address', link: 'lo', address: '192.0.2.9/32' }],
    operation: { kind: 'address', link: 'lo', address: '192.0.2.9/32' },
    outcome: 'done',
  },
  {
    name: 'an address on a link that is not there',
    operation: { kind: 'address', link: 'nope', address: '192.0.2.9/32' },
    outcome: 'NOT_FOUND',
  },
  {
    name: 'a link that is not there coming up',
    operation: { kind: 'up', link: 'nope' },
    outcome: 'NOT_FOUND',
  },
  {
    name: 'a veth whose name is taken',
    before: VETH,
    operation: { kind: 'veth', name: 'v0', peer: { name: 'v2' } },
    outcome: 'ALREADY_EXISTS',
  },
  {
    name: 'the deletion of a link',
    before: VETH,
    operation: { kind: 'delete-link', link: 'v1' },
    outcome: 'done',
  },
  {
    name: 'the deletion of a link that is not there',
    operation: { kind: 'delete-link', link: 'v1' },
    outcome: 'done',
  },
  {
    name: 'the deletion of an address that is not there',
    operation: { kind: 'delete-address', link: 'lo', address: '192.0.2.9/32' },
    outcome: 'done',
  },
  {
    name: 'the deletion of an address of a link that is not there',
    operation: { kind: 'delete-address', link: 'nope', address: '192.0.2.9/32' },
    outcome: 'done',
  },
  {
    name: 'a route through a neighbour',
    before: VETH,
    operation: { kind: 'route', to: '198.51.100.0/24', link: 'v0', via: '192.0.2.7' },
    outcome: 'done',
  },
  {
    name: 'a route through nobody’s neighbour',
    before: VETH,
    operation: { kind: 'route', to: '198.51.100.0/24', link: 'v0', via: '203.0.113.7' },
    outcome: 'IO',
  },
  {
    name: 'a route by a link that is down',
    before: VETH.slice(0, 1),
    operation: { kind: 'route', to: '198.51.100.0/24', link: 'v0' },
    outcome: 'IO',
  },
  {
    name: 'a route with a source that is not an address of this namespace',
    operation: { kind: 'route', to: '198.51.100.0/24', link: 'lo', source: '192.0.2.77' },
    outcome: 'IO',
  },
  {
    name: 'the same route again',
    before: [{ kind: 'route', to: '198.51.100.0/24', link: 'lo' }],
    operation: { kind: 'route', to: '198.51.100.0/24', link: 'lo' },
    outcome: 'done',
  },
  {
    name: 'another route to the same place',
    before: [...VETH, { kind: 'route', to: '198.51.100.0/24', link: 'lo' }],
    operation: { kind: 'route', to: '198.51.100.0/24', link: 'v0' },
    outcome: 'ALREADY_EXISTS',
  },
  {
    name: 'the same AnyIP route again',
    before: [{ kind: 'route', to: '198.51.100.0/24', link: 'lo', type: 'local' }],
    operation: { kind: 'route', to: '198.51.100.0/24', link: 'lo', type: 'local' },
    outcome: 'done',
  },
  {
    name: 'the deletion of a route that is not there',
    operation: { kind: 'delete-route', to: '198.51.100.0/24', link: 'lo' },
    outcome: 'done',
  },
  {
    name: 'a sysctl',
    before: VETH,
    operation: { kind: 'sysctl', name: 'net.ipv4.conf.v0.forwarding', value: '1' },
    outcome: 'done',
  },
  {
    name: 'a sysctl of a link that is not there',
    operation: { kind: 'sysctl', name: 'net.ipv4.conf.nope.forwarding', value: '1' },
    outcome: 'NOT_FOUND',
  },
]

type Machine = Pick<Host, 'links' | 'namespaces'>

function describeMachine(what: string, machine: Machine, skip: string | undefined): void {
  describe.skipIf(skip !== undefined)(`${what}${skip === undefined ? '' : ` (${skip})`}`, () => {
    it.each(CASES)('answers $outcome to $name', async ({ before = [], operation, outcome }) => {
      using network = await machine.namespaces.createNetwork()
      await machine.links.apply(before, network)
      const done = machine.links.apply([operation], network)
      const said = await done.then(
        () => 'done',
        (error: unknown) => (error instanceof HostError ? error.code : error),
      )
      expect(said).toBe(outcome)
    })

    it('shows what was made', async () => {
      using network = await machine.namespaces.createNetwork()
      await machine.links.apply(
        [
          ...VETH,
          { kind: 'route', to: 'default', link: 'v0', via: '192.0.2.7' },
          { kind: 'sysctl', name: 'net.ipv4.conf.v0.forwarding', value: '1' },
        ],
        network,
      )
      const links = await machine.links.list(network)
      expect(links.find(({ name }) => name === 'v0')?.addresses).toEqual(['192.0.2.1/24'])
      expect((await machine.links.routes(network)).find(({ to }) => to === 'default')).toMatchObject({
        link: 'v0',
        via: '192.0.2.7',
        type: 'unicast',
      })
      expect(await machine.links.defaultSource(network)).toBe('192.0.2.1')
      expect(await machine.links.sysctl('net.ipv4.conf.v0.forwarding', network)).toBe('1')
    })

    it('knows no source to the outside without a default route', async () => {
      using network = await machine.namespaces.createNetwork()
      expect(await machine.links.defaultSource(network)).toBeUndefined()
    })

    it('takes a veth away with the namespace of its other end', async () => {
      using near = await machine.namespaces.createNetwork()
      const far = await machine.namespaces.createNetwork()
      const has = async (): Promise<boolean> =>
        (await machine.links.list(near)).some(({ name }) => name === 'v0')
      await machine.links.apply([{ kind: 'veth', name: 'v0', peer: { name: 'eth0', network: far } }], near)
      expect(await has()).toBe(true)
      far[Symbol.dispose]()
      await expect.poll(has, { timeout: 5000 }).toBe(false)
    })
  })
}

describeMachine('the machine in memory', fakeHost(), undefined)
describeMachine('the kernel', linux, unprivileged)

describe.skipIf(unprivileged !== undefined)(`netlink${unprivileged ? ` (${unprivileged})` : ''}`, () => {
  const operations = (far: NetworkNamespace): readonly LinkOperation[] => [
    ...VETH,
    { kind: 'veth', name: 'w0', peer: { name: 'eth0', network: far } },
    { kind: 'address', link: 'lo', address: '203.0.113.1/32' },
    { kind: 'up', link: 'w0' },
    { kind: 'route', to: '203.0.113.2/32', link: 'w0', source: '203.0.113.1' },
    { kind: 'route', to: '198.51.100.0/24', link: 'v0', via: '192.0.2.7' },
    { kind: 'route', to: '198.51.101.0/24', link: 'lo', type: 'local', source: '203.0.113.1' },
    { kind: 'route', to: 'default', link: 'v0', via: '192.0.2.8' },
    { kind: 'delete-route', to: '198.51.100.0/24', link: 'v0', via: '192.0.2.7' },
    { kind: 'address', link: 'v1', address: '192.0.2.2/24' },
    { kind: 'delete-address', link: 'v1', address: '192.0.2.2/24' },
    { kind: 'sysctl', name: 'net.ipv4.conf.w0.forwarding', value: '1' },
  ]

  /** Everything `ip` shows, without what differs by nature: MAC addresses, peers' numbers, who made a route. */
  async function shown(network: NetworkNamespace): Promise<string> {
    const script =
      'ip -4 -o address; ip -o link; ip route show table all type unicast; ip route show table local'
    const { stdout } = await linux.commands.run(['sh', '-c', script], { network })
    return stdout
      .replaceAll(/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, 'MAC')
      .replaceAll(/link-netnsid \d+|proto (static|boot)/g, '')
      .replaceAll(/valid_lft.*|state \S+|<[^>]*>|[^\n]*fe80[^\n]*\n|[^\n]*ff00[^\n]*\n/g, '')
      .replaceAll(/ +/g, ' ')
  }

  it('does what the printed lines do', async () => {
    using byNetlink = await linux.namespaces.createNetwork()
    using byShell = await linux.namespaces.createNetwork()
    using farOne = await linux.namespaces.createNetwork()
    using farTwo = await linux.namespaces.createNetwork()
    await linux.links.apply(operations(farOne), byNetlink)
    const script = printLinkOperations(operations(farTwo), byShell).join('\n')
    await linux.commands.run(['sh', '-euc', script])
    expect(await shown(byNetlink)).toBe(await shown(byShell))
    const listed = async (network: NetworkNamespace): Promise<unknown> => [
      (await linux.links.list(network)).map(({ name, addresses }) => ({ name, addresses })),
      await linux.links.routes(network),
    ]
    expect(await listed(byNetlink)).toEqual(await listed(byShell))
  })

  it('says in a refusal which line and why', async () => {
    using network = await linux.namespaces.createNetwork()
    const route: LinkOperation = { kind: 'route', to: 'default', link: 'lo', via: '192.0.2.7' }
    await expect(linux.links.apply([route], network)).rejects.toThrow(
      `nsenter --net=${network.path} ip route add default via 192.0.2.7 dev lo: Nexthop has invalid gateway: ENETUNREACH`,
    )
  })

  it('carries long lists', async () => {
    using network = await linux.namespaces.createNetwork()
    const many = Array.from({ length: 500 }, (_none, index): LinkOperation => ({
      kind: 'address',
      link: 'lo',
      address: `198.18.${index >> 8}.${index & 255}/32`,
    }))
    await linux.links.apply(many, network)
    expect((await linux.links.list(network))[0]?.addresses).toHaveLength(501)
  })
})
