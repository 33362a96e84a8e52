/**
 * Namespaces, links, addresses and routes in memory, refusing what the kernel refuses. Pure. The same cases are run
 * on this and on the kernel (../linux/links.test.ts).
 */

import { cidrContains, parseCidr } from '../../core/net/cidr.ts'
import { parseIp } from '../../core/net/ip.ts'
import { fromErrno } from '../errors.ts'
import type { LinkOperation, Links, LinkState, Namespaces, NetworkNamespace, RouteState } from '../host.ts'
import { printLinkOperations } from '../link-print.ts'

interface FakeLink {
  readonly name: string
  readonly index: number
  isUp: boolean
  addresses: readonly string[]
  /** the namespace's key of the other end */
  readonly peer: { readonly network: string; readonly name: string } | undefined
}

interface FakeNetwork {
  readonly links: Map<string, FakeLink>
  readonly sysctls: Map<string, string>
  routes: readonly (RouteState & { readonly source: string | undefined; readonly via: string | undefined })[]
  nextIndex: number
}

/** The key of the namespace portolan was started in. */
const OWN = ''

export interface FakeLinks extends Links, Namespaces {}

/** One machine: a fresh `lo` in its own namespace, no other link. */
export function fakeLinks(): FakeLinks {
  const machine = new FakeMachine()
  const done = <T>(work: () => T): Promise<T> => Promise.try(work)
  return {
    createNetwork: () => done(() => machine.createNetwork()),
    apply: (operations, network) =>
      done(() => {
        for (const operation of operations) machine.apply(operation, network)
      }),
    list: (network) => done(() => machine.list(network)),
    routes: (network) => done(() => machine.of(network).routes.filter(({ type }) => type === 'unicast')),
    sysctl: (name, network) => done(() => machine.sysctl(name, network)),
    defaultSource: (network) => done(() => machine.defaultSource(network)),
  }
}

class FakeMachine {
  readonly #networks = new Map<string, FakeNetwork>([[OWN, freshNetwork(true)]])
  #made = 0

  of(network: NetworkNamespace | undefined): FakeNetwork {
    const found = this.#networks.get(network?.id ?? OWN)
    if (found === undefined) throw fromErrno('EBADF', 'setns')
    return found
  }

  createNetwork(): NetworkNamespace {
    this.#made += 1
    const id = String(4_026_531_840 + this.#made)
    this.#networks.set(id, freshNetwork(true))
    return {
      id,
      path: `/proc/1/fd/${this.#made}`,
      fd: this.#made,
      [Symbol.dispose]: () => this.#close(id),
    }
  }

  list(network: NetworkNamespace | undefined): readonly LinkState[] {
    return [...this.of(network).links.values()].map(({ name, index, addresses }) => ({
      name,
      index,
      addresses,
    }))
  }

  sysctl(name: string, network: NetworkNamespace | undefined): string {
    const slashed = sysctlKey(name)
    const of = /^net\/ipv4\/conf\/([^/]+)\//.exec(slashed)?.[1]
    const target = this.of(network)
    if (of !== undefined && of !== 'all' && of !== 'default' && !target.links.has(of)) {
      throw fromErrno('ENOENT', `sysctl ${name}`)
    }
    return target.sysctls.get(slashed) ?? '0'
  }

  defaultSource(network: NetworkNamespace | undefined): string | undefined {
    const { routes, links } = this.of(network)
    const route = routes.find(({ to, type }) => to === 'default' && type === 'unicast')
    return route && (route.source ?? links.get(route.link)?.addresses[0]?.split('/')[0])
  }

  apply(operation: LinkOperation, network: NetworkNamespace | undefined): void {
    const target = this.of(network)
    switch (operation.kind) {
      case 'veth':
        return this.#addVeth(operation, network)
      case 'up':
        linkOf(target, operation).isUp = true
        return
      case 'delete-link':
        return this.#deleteLink(network?.id ?? OWN, operation.link)
      case 'address':
        return addAddress(target, operation)
      case 'delete-address':
        return deleteAddress(target, operation)
      case 'route':
        return addRoute(target, operation)
      case 'delete-route':
        target.routes = target.routes.filter((route) => !isSameRoute(route, operation))
        return
      case 'sysctl':
        this.sysctl(operation.name, network)
        target.sysctls.set(sysctlKey(operation.name), operation.value)
    }
  }

  #addVeth(operation: Extract<LinkOperation, { kind: 'veth' }>, network: NetworkNamespace | undefined): void {
    const here = this.of(network)
    const there = operation.peer.network === undefined ? here : this.of(operation.peer.network)
    if (here.links.has(operation.name) || there.links.has(operation.peer.name)) refuse('EEXIST', operation)
    const far = { network: operation.peer.network?.id ?? network?.id ?? OWN, name: operation.peer.name }
    addLink(here, operation.name, far)
    addLink(there, operation.peer.name, { network: network?.id ?? OWN, name: operation.name })
  }

  #deleteLink(key: string, name: string): void {
    const network = this.#networks.get(key)
    const link = network?.links.get(name)
    if (network === undefined || link === undefined) return
    network.links.delete(name)
    network.routes = network.routes.filter((route) => route.link !== name)
    if (link.peer !== undefined) this.#deleteLink(link.peer.network, link.peer.name)
  }

  #close(key: string): void {
    for (const name of this.#networks.get(key)?.links.keys() ?? []) this.#deleteLink(key, name)
    this.#networks.delete(key)
  }
}

function freshNetwork(loopbackUp: boolean): FakeNetwork {
  const network: FakeNetwork = { links: new Map(), sysctls: new Map(), routes: [], nextIndex: 1 }
  addLink(network, 'lo', undefined)
  const lo = network.links.get('lo')
  if (lo !== undefined) {
    lo.isUp = loopbackUp
    lo.addresses = ['127.0.0.1/8']
  }
  return network
}

function addLink(network: FakeNetwork, name: string, peer: FakeLink['peer']): void {
  network.links.set(name, { name, index: network.nextIndex, isUp: false, addresses: [], peer })
  network.nextIndex += 1
}

function linkOf(network: FakeNetwork, operation: LinkOperation & { readonly link: string }): FakeLink {
  return network.links.get(operation.link) ?? refuse('ENODEV', operation)
}

function addAddress(network: FakeNetwork, operation: Extract<LinkOperation, { kind: 'address' }>): void {
  const link = linkOf(network, operation)
  if (!link.addresses.includes(operation.address)) link.addresses = [...link.addresses, operation.address]
}

function deleteAddress(
  network: FakeNetwork,
  operation: Extract<LinkOperation, { kind: 'delete-address' }>,
): void {
  const link = network.links.get(operation.link)
  if (link !== undefined) link.addresses = link.addresses.filter((address) => address !== operation.address)
}

type RouteOperation = Extract<LinkOperation, { kind: 'route' | 'delete-route' }>

function addRoute(network: FakeNetwork, operation: RouteOperation): void {
  const link = linkOf(network, operation)
  const { to, via, source } = operation
  const type = operation.type ?? 'unicast'
  if (!link.isUp) refuse('ENETDOWN', operation)
  if (via !== undefined && !isOnLink(network, link.name, via)) refuse('ENETUNREACH', operation)
  if (source !== undefined && !hasAddress(network, source)) refuse('EINVAL', operation)
  const other = network.routes.find((route) => route.to === to && route.type === type)
  if (other === undefined) {
    network.routes = [...network.routes, { to, link: link.name, via, source, type }]
  } else if (!isSameRoute(other, operation) || (source !== undefined && other.source !== source)) {
    refuse('EEXIST', operation)
  }
}

const isSameRoute = (route: RouteState, { to, link, via, type }: RouteOperation): boolean =>
  route.to === to && route.link === link && route.via === via && route.type === (type ?? 'unicast')

const hasAddress = (network: FakeNetwork, address: string): boolean =>
  [...network.links.values()].some(({ addresses }) => addresses.some((one) => one.startsWith(`${address}/`)))

/** Is the gateway a neighbour: within an address's range or a route without gateway of that link? */
function isOnLink(network: FakeNetwork, link: string, gateway: string): boolean {
  const address = parseIp(gateway)
  const ranges = [
    ...(network.links.get(link)?.addresses ?? []),
    ...network.routes.filter((route) => route.link === link && route.via === undefined).map(({ to }) => to),
  ]
  return ranges.some((text) => {
    const range = parseCidr(text)
    return address !== undefined && range !== undefined && cidrContains(range, address)
  })
}

const sysctlKey = (name: string): string => (name.includes('/') ? name : name.replaceAll('.', '/'))

function refuse(errno: string, operation: LinkOperation): never {
  throw fromErrno(errno, printLinkOperations([operation]).join())
}
