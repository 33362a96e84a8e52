/**
 * The network that needs no privileges: pods are plain processes and sockets on addresses of 127/8, which anybody may
 * bind. There is nothing to wire up: only addresses are given out.
 */

import { HostError } from '../../host/errors.ts'
import type { Pod } from '../api/generated/core-v1.ts'
import { addressPlan, nodeAddresses } from './address-plan.ts'
import { AddressPool } from './address-pool.ts'
import type { AddressPlan, NodeNetwork, PodAttachment, PodNetwork } from './pod-network.ts'

const NODE_ADDRESS = '127.0.0.1'

export function loopbackNetwork(overrides: Partial<AddressPlan> = {}): PodNetwork {
  return new LoopbackNetwork(addressPlan('loopback', overrides))
}

class LoopbackNetwork implements PodNetwork {
  readonly name = 'loopback'
  readonly addresses: AddressPlan
  readonly node: NodeNetwork = { internalIP: NODE_ADDRESS, gateway: NODE_ADDRESS }
  readonly #pool: AddressPool
  readonly #pods = new Map<string, PodAttachment>()

  constructor(addresses: AddressPlan) {
    this.addresses = addresses
    this.#pool = new AddressPool(nodeAddresses(addresses).pods)
  }

  attach(pod: Pod): Promise<PodAttachment> {
    return Promise.try(() => {
      const uid = pod.metadata?.uid ?? ''
      const attachment = this.#pods.get(uid) ?? { ip: this.#addressFor(pod) }
      this.#pods.set(uid, attachment)
      return attachment
    })
  }

  detach(uid: string): Promise<void> {
    const attachment = this.#pods.get(uid)
    this.#pods.delete(uid)
    if (attachment !== undefined && attachment.ip !== NODE_ADDRESS) this.#pool.release(attachment.ip)
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#pods.clear()
    return Promise.resolve()
  }

  #addressFor(pod: Pod): string {
    if (pod.spec?.hostNetwork === true) return NODE_ADDRESS
    const address = this.#pool.allocate()
    if (address !== undefined) return address
    throw new HostError(
      'ADDRESS_NOT_AVAILABLE',
      `no IP addresses available in range set: ${this.addresses.podCIDR}`,
    )
  }
}
