import { expect, it } from 'vitest'
import { commandFailure, fakeHost, memoryLedger, recordedCommands } from './fake/fake-host.ts'
import { applyRecorded, undoChanges } from './host-changes.ts'
import type { HostChange, LinkOperation } from './host.ts'
import { undoHostChanges } from './linux/undo.io.ts'

const OPERATIONS: readonly LinkOperation[] = [
  { kind: 'address', link: 'lo', address: '192.0.2.1/32' },
  { kind: 'route', to: '198.51.100.0/24', link: 'lo', source: '192.0.2.1' },
  { kind: 'sysctl', name: 'net.ipv4.ip_forward', value: '1' },
  { kind: 'veth', name: 'ptl0', peer: { name: 'ptl1' } },
  { kind: 'up', link: 'ptl0' },
  { kind: 'route', to: '203.0.113.0/24', link: 'ptl0' },
]

const CHANGES: readonly HostChange[] = [
  { kind: 'address', link: 'lo', address: '192.0.2.1/32' },
  { kind: 'route', to: '198.51.100.0/24', link: 'lo', type: undefined },
  { kind: 'sysctl', name: 'net.ipv4.ip_forward', before: '0' },
  { kind: 'link', name: 'ptl0' },
]

it('records what it changes, but not what goes with a link of its own', async () => {
  const host = fakeHost()
  expect(await applyRecorded(OPERATIONS, host)).toEqual(CHANGES)
  expect(host.ledger.entries()).toEqual(CHANGES)
  expect(await host.links.routes()).toHaveLength(2)
  await undoChanges(CHANGES, host)
  expect(host.ledger.entries()).toEqual([])
  expect(await host.links.routes()).toEqual([])
  expect(await host.links.list()).toEqual([{ name: 'lo', index: 1, addresses: ['127.0.0.1/8'] }])
  expect(await host.links.sysctl('net.ipv4.ip_forward')).toBe('0')
})

it('leaves alone what was so before', async () => {
  const host = fakeHost()
  await host.links.apply(OPERATIONS.slice(0, 3))
  expect(await applyRecorded(OPERATIONS.slice(0, 3), host)).toEqual([])
  expect(host.ledger.entries()).toEqual([])
})

it('undoes everything when one change is refused', async () => {
  const host = fakeHost()
  const bad: LinkOperation = { kind: 'up', link: 'no-such-link' }
  await expect(applyRecorded([...OPERATIONS, bad], host)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(host.ledger.entries()).toEqual([])
  expect(await host.links.routes()).toEqual([])
})

it('undoes what a dead portolan left, the latest first, and leaves the chains to kube-proxy', async () => {
  const chains: HostChange = { kind: 'kube-proxy-chains', tablesBefore: [] }
  const ledger = memoryLedger([
    ...CHANGES,
    { kind: 'mount', target: '/etc/resolv.conf', firstLine: '# ours' },
    { kind: 'nft-table', family: 'inet', name: 'portolan' },
    chains,
  ])
  const host = fakeHost({
    ledger,
    commands: recordedCommands((argv) => (argv[0] === 'head' ? '# ours\n' : '')),
  })
  await host.links.apply(OPERATIONS)
  await undoHostChanges(host)
  expect(ledger.entries()).toEqual([chains])
  expect(host.commands.ran.map(({ argv }) => argv.join(' '))).toEqual([
    'nft delete table inet portolan',
    'head -n 1 /etc/resolv.conf',
    'umount /etc/resolv.conf',
  ])
  expect(await host.links.routes()).toEqual([])
})

it.each([
  ['umount', 'umount: /etc/resolv.conf: not mounted.\n', []],
  ['nft', 'Error: Could not process rule: No such file or directory\n', []],
  ['umount', 'umount: /etc/resolv.conf: must be superuser to unmount.\n', ['mount']],
])('takes %s saying %j for what it means', async (program, stderr, left) => {
  const ledger = memoryLedger([
    { kind: 'mount', target: '/etc/resolv.conf', firstLine: '# ours' },
    { kind: 'nft-table', family: 'inet', name: 'portolan' },
  ])
  const commands = recordedCommands((argv) => {
    if (argv[0] === 'head') return '# ours\n'
    if (argv[0] === program) throw commandFailure(argv, 1, stderr)
    return ''
  })
  const host = fakeHost({ ledger, commands })
  await undoHostChanges(host)
  expect(ledger.entries().map(({ kind }) => kind)).toEqual(left)
  expect(host.log.entries).toHaveLength(left.length)
})
