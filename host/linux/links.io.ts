/**
 * Network set-up of any namespace, made by netlink: the same list of operations that ../link-print.ts shows as `ip`
 * command lines. Consecutive changes travel together, so a pod costs a handful of system calls.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { fromErrno, HostError, isNotFound } from '../errors.ts'
import type { LinkOperation, Links, LinkState, NetworkNamespace, RouteState } from '../host.ts'
import { printLinkOperations } from '../link-print.ts'
import type { NetlinkRequest } from './netlink-message.ts'
import { ackError } from './netlink.io.ts'
import type { Netlink } from './netlink.io.ts'
import type { NamespaceSwitch } from './network-namespace.io.ts'
import { RT_TABLE_LOCAL, RT_TABLE_MAIN, RTM_GETADDR, RTM_GETLINK, RTM_GETROUTE } from './rtnetlink-numbers.ts'
import { decodeAddress, decodeLink, decodeRoute } from './rtnetlink-reply.ts'
import {
  changeAddress,
  changeRoute,
  deleteLink,
  dump,
  getLink,
  linkUp,
  newVeth,
  routeTo,
} from './rtnetlink-request.ts'

type RouteOperation = Extract<LinkOperation, { kind: 'route' | 'delete-route' }>

/** An address of the outside that no route but the default one leads to (TEST-NET-1); nothing is sent to it. */
const OUTSIDE = '192.0.2.1'

/** @param netlink absent where system calls cannot be made: everything is refused (HostError UNSUPPORTED) */
export function linuxLinks(netlink: Netlink | undefined, namespaces: NamespaceSwitch): Links {
  const using = <T>(work: (netlink: Netlink) => T): Promise<T> =>
    Promise.try(() => {
      if (netlink === undefined) throw new HostError('UNSUPPORTED', 'no network set-up without koffi')
      return work(netlink)
    })
  return {
    apply: (operations, network) =>
      using((talk) => applyOperations(operations, { netlink: talk, namespaces, network })),
    list: (network) => using((talk) => linkStates(talk, network)),
    routes: (network) => using((talk) => routeStates(talk, network, [RT_TABLE_MAIN])),
    sysctl: (name, network) => Promise.try(() => readSysctl(namespaces, name, network)),
    defaultSource: (network) => using((talk) => sourceToOutside(talk, network)),
  }
}

interface Where {
  readonly netlink: Netlink
  readonly namespaces: NamespaceSwitch
  readonly network: NetworkNamespace | undefined
}

interface Pending {
  readonly operation: LinkOperation
  readonly request: NetlinkRequest
}

function applyOperations(operations: readonly LinkOperation[], where: Where): void {
  const indexes = new Map<string, number>()
  let pending: Pending[] = []
  const flush = (): void => {
    const sent = pending
    pending = []
    sendChanges(sent, where)
  }
  const indexOf = (link: string): number => {
    const known = indexes.get(link)
    if (known !== undefined) return known
    flush()
    const index = linkIndex(where, link)
    indexes.set(link, index)
    return index
  }
  for (const operation of operations) {
    if (operation.kind === 'sysctl') {
      flush()
      writeSysctl(where, operation)
      continue
    }
    const request = requestFor(operation, indexOf)
    if (request !== undefined) pending.push({ operation, request })
  }
  flush()
}

/** @returns undefined if there is nothing to do: what is to be deleted belongs to a link that is gone */
function requestFor(
  operation: Exclude<LinkOperation, { kind: 'sysctl' }>,
  indexOf: (link: string) => number,
): NetlinkRequest | undefined {
  switch (operation.kind) {
    case 'veth':
      return newVeth(operation.name, {
        name: operation.peer.name,
        networkFd: operation.peer.network?.fd,
      })
    case 'up':
      return linkUp(operation.link)
    case 'delete-link':
      return deleteLink(operation.link)
    case 'address':
      return changeAddress('add', indexOf(operation.link), operation.address)
    case 'route':
      return changeRoute('add', { ...operation, linkIndex: indexOf(operation.link) })
    case 'delete-address':
      return unlessGone(() => changeAddress('delete', indexOf(operation.link), operation.address))
    case 'delete-route':
      return unlessGone(() => changeRoute('delete', { ...operation, linkIndex: indexOf(operation.link) }))
  }
}

function unlessGone<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** Sends; throws what the first real failure was. */
function sendChanges(sent: readonly Pending[], where: Where): void {
  if (sent.length === 0) return
  const acks = where.netlink.change(
    sent.map(({ request }) => request),
    where.network,
  )
  for (const [index, ack] of acks.entries()) {
    const operation = sent[index]?.operation
    if (ack.errno === 0 || operation === undefined) continue
    if (isAlreadySo(operation, getSystemErrorName(-ack.errno), where)) continue
    throw ackError(ack, printLinkOperations([operation], where.network).join())
  }
}

/** A veth of that name is no such case: who holds its other end cannot be told. */
function isAlreadySo(operation: LinkOperation, errno: string, where: Where): boolean {
  switch (operation.kind) {
    case 'address':
      return errno === 'EEXIST'
    case 'route':
      return errno === 'EEXIST' && hasRoute(operation, where)
    case 'delete-link':
      return errno === 'ENODEV'
    case 'delete-address':
      return errno === 'EADDRNOTAVAIL'
    case 'delete-route':
      return errno === 'ESRCH'
    case 'veth':
    case 'up':
    case 'sysctl':
      return false
  }
}

/** Is the route that stands in the way the very one that was wanted? */
function hasRoute(wanted: RouteOperation, { netlink, network }: Where): boolean {
  const tables = [RT_TABLE_MAIN, RT_TABLE_LOCAL]
  return routeStates(netlink, network, tables).some(
    (route) =>
      route.to === wanted.to &&
      route.link === wanted.link &&
      route.via === wanted.via &&
      (wanted.source === undefined || route.source === wanted.source) &&
      route.type === (wanted.type ?? 'unicast'),
  )
}

function linkIndex({ netlink, network }: Where, name: string): number {
  try {
    const [link] = netlink.ask(getLink(name), network).flatMap((reply) => decodeLink(reply) ?? [])
    if (link !== undefined) return link.index
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  throw fromErrno('ENODEV', `no link ${name}`)
}

function linkStates(netlink: Netlink, network: NetworkNamespace | undefined): readonly LinkState[] {
  const links = netlink.ask(dump(RTM_GETLINK), network).flatMap((reply) => decodeLink(reply) ?? [])
  const addresses = netlink.ask(dump(RTM_GETADDR), network).flatMap((reply) => decodeAddress(reply) ?? [])
  const byLink = Map.groupBy(addresses, ({ linkIndex: index }) => index)
  return links.map(({ name, index }) => ({
    name,
    index,
    addresses: (byLink.get(index) ?? []).map(({ address }) => address),
  }))
}

function routeStates(
  netlink: Netlink,
  network: NetworkNamespace | undefined,
  tables: readonly number[],
): readonly RouteState[] {
  const links = netlink.ask(dump(RTM_GETLINK), network).flatMap((reply) => decodeLink(reply) ?? [])
  const names = new Map(links.map(({ index, name }) => [index, name]))
  return netlink
    .ask(dump(RTM_GETROUTE), network)
    .flatMap((reply) => decodeRoute(reply) ?? [])
    .filter(({ table }) => tables.includes(table))
    .flatMap(({ to, linkIndex: index, via, source, type }) => {
      const link = names.get(index)
      return link === undefined || type === 'other' ? [] : [{ to, link, via, source, type }]
    })
}

function sourceToOutside(netlink: Netlink, network: NetworkNamespace | undefined): string | undefined {
  try {
    const [route] = netlink.ask(routeTo(OUTSIDE), network).flatMap((reply) => decodeRoute(reply) ?? [])
    return route?.source
  } catch (error) {
    if (error instanceof HostError && error.context.errno === 'ENETUNREACH') return undefined
    throw error
  }
}

/** /proc/sys/net is the opener's namespace's, so it is written inside. */
function writeSysctl(where: Where, change: { readonly name: string; readonly value: string }): void {
  const file = sysctlFile(change.name)
  try {
    where.namespaces.inside(where.network, () => writeFileSync(file, change.value))
  } catch (error) {
    if (error instanceof HostError) throw error
    throw fromErrno(errnoOf(error), `sysctl -w ${change.name}=${change.value}`, { cause: error })
  }
}

function readSysctl(
  namespaces: NamespaceSwitch,
  name: string,
  network: NetworkNamespace | undefined,
): string {
  try {
    return namespaces.inside(network, () => readFileSync(sysctlFile(name), 'utf8')).trim()
  } catch (error) {
    if (error instanceof HostError) throw error
    throw fromErrno(errnoOf(error), `sysctl ${name}`, { cause: error })
  }
}

/** As sysctl(8): separated by dots, or by slashes when a part has dots in it (`net/ipv4/conf/eth0.100/forwarding`). */
const sysctlFile = (name: string): string =>
  `/proc/sys/${name.includes('/') ? name : name.replaceAll('.', '/')}`

const errnoOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO'
