/**
 * Traces in the namespace portolan was started in: recorded before they are made, removed by whoever comes after.
 *
 * What is on a link that portolan made goes with the link, so only the link is recorded. What was so before is left
 * alone: neither made, nor recorded, nor removed.
 */

import { HostError } from './errors.ts'
import type { Host, HostChange, LinkOperation, Links } from './host.ts'

/** The operations that are changes to what exists; those on links that `operations` itself makes are not among them. */
type Changing =
  | Extract<LinkOperation, { kind: 'address' | 'sysctl' | 'veth' }>
  | (Extract<LinkOperation, { kind: 'route' | 'delete-route' }> & { readonly kind: 'route' })

/**
 * Applies operations to portolan's own namespace, each recorded first; all are undone when one fails.
 *
 * @returns what was recorded, for `undoChanges`
 */
export async function applyRecorded(
  operations: readonly LinkOperation[],
  host: Pick<Host, 'links' | 'ledger' | 'commands'>,
): Promise<readonly HostChange[]> {
  const { links, ledger } = host
  const own = new Set(operations.flatMap((operation) => (operation.kind === 'veth' ? [operation.name] : [])))
  const recorded: HostChange[] = []
  const wanted: LinkOperation[] = []
  for (const operation of operations) {
    if (!isChanging(operation) || isOn(own, operation)) {
      wanted.push(operation)
      continue
    }
    const change = await changeMadeBy(operation, links)
    if (change === undefined) continue
    await ledger.record(change)
    recorded.push(change)
    wanted.push(operation)
  }
  try {
    await links.apply(wanted)
    return recorded
  } catch (error) {
    await undoChanges(recorded, host)
    throw error
  }
}

const isChanging = (operation: LinkOperation): operation is Changing =>
  ['address', 'route', 'sysctl', 'veth'].includes(operation.kind)

const isOn = (links: ReadonlySet<string>, operation: Changing): boolean => {
  if (operation.kind === 'veth') return false
  if (operation.kind === 'sysctl') return operation.name.split('.').some((part) => links.has(part))
  return links.has(operation.link)
}

/** @returns undefined if it is so already */
async function changeMadeBy(operation: Changing, links: Links): Promise<HostChange | undefined> {
  switch (operation.kind) {
    case 'veth':
      return { kind: 'link', name: operation.name }
    case 'sysctl': {
      const before = await links.sysctl(operation.name)
      return before === operation.value ? undefined : { kind: 'sysctl', name: operation.name, before }
    }
    case 'address': {
      const { link, address } = operation
      const present = (await links.list()).find(({ name }) => name === link)?.addresses.includes(address)
      return present === true ? undefined : { kind: 'address', link, address }
    }
    case 'route': {
      const { to, link, type } = operation
      // A local route is in a table of its own: an ordinary one for the same range is another route.
      const present = (await links.routes()).some(
        (route) => route.to === to && route.link === link && route.type === (type ?? 'unicast'),
      )
      return present ? undefined : { kind: 'route', to, link, type }
    }
  }
}

/** Removes changes, the latest first, and their records. What is gone already is no failure. */
export async function undoChanges(
  changes: readonly HostChange[],
  host: Pick<Host, 'links' | 'commands' | 'ledger'>,
): Promise<void> {
  for (const change of changes.toReversed()) {
    await undo(change, host)
    await host.ledger.forget(change)
  }
}

async function undo(
  change: HostChange,
  { links, commands }: Pick<Host, 'links' | 'commands'>,
): Promise<void> {
  switch (change.kind) {
    case 'link':
      return links.apply([{ kind: 'delete-link', link: change.name }])
    case 'address':
      return links.apply([{ kind: 'delete-address', link: change.link, address: change.address }])
    case 'route':
      return links.apply([{ kind: 'delete-route', to: change.to, link: change.link, type: change.type }])
    case 'sysctl':
      return unlessAlreadyUndone(
        links.apply([{ kind: 'sysctl', name: change.name, value: change.before }]),
        /ENOENT/,
      )
    case 'mount':
      // Recorded but never made: the mount that may be there is somebody else's (a container's own resolv.conf).
      if ((await firstLineOf(change.target, commands)) !== change.firstLine) return
      return unlessAlreadyUndone(
        commands.run(['umount', change.target]),
        /not mounted|no mount point|not found/,
      )
    case 'nft-table':
      return unlessAlreadyUndone(
        commands.run(['nft', 'delete', 'table', change.family, change.name]),
        /No such file or directory/,
      )
    case 'iptables-rule':
      return unlessAlreadyUndone(
        commands.run(['iptables', '-w', '5', '-t', change.table, '-D', change.chain, ...change.rule]),
        /does a matching rule exist|No chain|Bad rule/,
      )
    case 'kube-proxy-chains':
      throw new HostError('UNSUPPORTED', `kube-proxy's chains are removed by kube-proxy's cleanup`)
  }
}

async function firstLineOf(path: string, commands: Host['commands']): Promise<string> {
  return (await commands.run(['head', '-n', '1', path])).stdout.trimEnd()
}

/** @param gone what the error says when there was nothing to undo */
async function unlessAlreadyUndone(undoing: Promise<unknown>, gone: RegExp): Promise<void> {
  try {
    await undoing
  } catch (error) {
    if (!(error instanceof HostError)) throw error
    if (!gone.test(error.context.errno ?? error.context.stderr ?? '')) throw error
  }
}
