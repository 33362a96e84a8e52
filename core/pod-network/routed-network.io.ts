/**
 * Pods in network namespaces of their own, each on a point-to-point link to the node (./plan.ts). The node's
 * namespace is given: the host's (./host-network.io.ts) or one of its own.
 *
 * Nothing here outlives portolan: links end with the pods' namespaces, and those with their last holder.
 */

import { HostError } from '../../host/errors.ts'
import type { Host, NetworkNamespace } from '../../host/host.ts'
import type { Pod } from '../api/generated/core-v1.ts'
import type { NodeAddresses } from './address-plan.ts'
import { AddressPool } from './address-pool.ts'
import { nodeEndOperations, podEndOperations } from './plan.ts'
import type { AddressPlan, NetworkName, NodeNetwork, PodAttachment, PodNetwork } from './pod-network.ts'

export type PodNetworkHost = Pick<
  Host,
  'namespaces' | 'links' | 'ledger' | 'commands' | 'random' | 'clock' | 'log'
>

export interface RoutedNode {
  readonly name: NetworkName
  readonly addresses: AddressPlan
  readonly node: NodeNetwork
  readonly nodeAddresses: NodeAddresses
  /** beginning of the names of all links made, different for each portolan */
  readonly linkPrefix: string
  /** undoes what was made for the node, after the pods are gone */
  readonly close: () => Promise<void>
}

interface Wired {
  readonly attachment: PodAttachment
  /** undefined for pods on the node's network */
  readonly link: string | undefined
}

/** How long the kernel may take to remove the links of closed namespaces; it takes about 0.1 s. */
const REMOVAL_DEADLINE_MS = 3000
const REMOVAL_POLL_MS = 10

export class RoutedNetwork implements PodNetwork {
  readonly name: NetworkName
  readonly addresses: AddressPlan
  readonly node: NodeNetwork
  readonly #routed: RoutedNode
  readonly #host: PodNetworkHost
  readonly #pool: AddressPool
  readonly #pods = new Map<string, Promise<Wired>>()
  #links = 0
  #closed = false

  constructor(routed: RoutedNode, host: PodNetworkHost) {
    this.name = routed.name
    this.addresses = routed.addresses
    this.node = routed.node
    this.#routed = routed
    this.#host = host
    this.#pool = new AddressPool(routed.nodeAddresses.pods)
  }

  async attach(pod: Pod): Promise<PodAttachment> {
    const uid = pod.metadata?.uid ?? ''
    if (this.#closed) throw new HostError('NOT_FOUND', 'the pod network has been closed')
    const wiring = this.#pods.get(uid) ?? this.#wire(pod)
    this.#pods.set(uid, wiring)
    try {
      return (await wiring).attachment
    } catch (error) {
      this.#pods.delete(uid) // the next call tries again
      throw error
    }
  }

  async detach(uid: string): Promise<void> {
    const wiring = this.#pods.get(uid)
    if (wiring === undefined) return
    this.#pods.delete(uid)
    const wired = await settled(wiring)
    if (wired?.link === undefined) return
    // The namespace takes the links with it, but later: the route must not wait for that when the address is free.
    await this.#host.links.apply(
      [{ kind: 'delete-route', to: `${wired.attachment.ip}/32`, link: wired.link }],
      this.node.network,
    )
    wired.attachment.network?.[Symbol.dispose]()
    this.#pool.release(wired.attachment.ip)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const wired = await Promise.all([...this.#pods.values()].map(settled))
    this.#pods.clear()
    for (const one of wired) if (one?.link !== undefined) one.attachment.network?.[Symbol.dispose]()
    await this.#routed.close()
    await this.#untilLinksAreGone()
  }

  async #wire(pod: Pod): Promise<Wired> {
    const { network: nodeNetwork, internalIP } = this.node
    if (pod.spec?.hostNetwork === true) {
      const attachment = { ip: internalIP, ...(nodeNetwork === undefined ? {} : { network: nodeNetwork }) }
      return { attachment, link: undefined }
    }
    const podIP = this.#pool.allocate()
    if (podIP === undefined) {
      const range = this.#routed.nodeAddresses.podCIDR
      throw new HostError('ADDRESS_NOT_AVAILABLE', `no IP addresses available in range set: ${range}`)
    }
    try {
      return await this.#wireAddress(podIP)
    } catch (error) {
      this.#pool.release(podIP)
      throw error
    }
  }

  async #wireAddress(podIP: string): Promise<Wired> {
    const { gateway } = this.#routed.nodeAddresses
    const link = this.#nextLink()
    const network = await this.#host.namespaces.createNetwork()
    try {
      const { links } = this.#host
      await links.apply(nodeEndOperations({ link, podIP, gateway }, network), this.node.network)
      await links.apply(podEndOperations({ podIP, gateway }), network)
      return { attachment: { ip: podIP, network }, link }
    } catch (error) {
      network[Symbol.dispose]()
      throw error
    }
  }

  /** Never the same twice: a link is still there for a moment after its pod is gone. */
  #nextLink(): string {
    this.#links += 1
    return `${this.#routed.linkPrefix}${this.#links.toString(36)}`
  }

  /** So that whoever looks after portolan has ended finds nothing. */
  async #untilLinksAreGone(): Promise<void> {
    const { clock, links, log } = this.#host
    const deadline = clock.monotonic() + REMOVAL_DEADLINE_MS
    for (;;) {
      const left = (await links.list()).filter(({ name }) => name.startsWith(this.#routed.linkPrefix))
      if (left.length === 0) return
      if (clock.monotonic() > deadline) {
        log.warn('links of pods are still there', { links: left.map(({ name }) => name) })
        return
      }
      await clock.sleep(REMOVAL_POLL_MS)
    }
  }
}

/** A failed wiring was reported to whoever asked for it, and has left nothing to take down. */
const settled = (wiring: Promise<Wired>): Promise<Wired | undefined> => wiring.catch(() => undefined)

/** `ptl` and four letters or digits: short enough for a counter within the kernel's 15 characters. */
export function linkPrefix(random: Pick<Host['random'], 'next'>): string {
  const space = 36 ** 4
  return `ptl${Math.floor(random.next() * space)
    .toString(36)
    .padStart(4, '0')}-`
}

/** The namespace of a node of its own, closed if what follows fails. */
export async function withNodeNamespace<T>(
  host: PodNetworkHost,
  use: (node: NetworkNamespace) => Promise<T>,
): Promise<T> {
  const node = await host.namespaces.createNetwork()
  try {
    return await use(node)
  } catch (error) {
    node[Symbol.dispose]()
    throw error
  }
}
