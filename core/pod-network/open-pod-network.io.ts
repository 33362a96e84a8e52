/** A network by its name, as `--network` gives it. */

import { hostNetwork, isolatedNetwork } from './host-network.io.ts'
import type { PodNetworkOptions } from './host-network.io.ts'
import { loopbackNetwork } from './loopback-network.ts'
import type { NetworkName, PodNetwork } from './pod-network.ts'

/** Rejects with HostError (not privileged, unsupported) where the machine does not allow it. */
export async function openPodNetwork(name: NetworkName, options: PodNetworkOptions): Promise<PodNetwork> {
  switch (name) {
    case 'host':
      return await hostNetwork(options)
    case 'isolated':
      return await isolatedNetwork(options)
    case 'loopback':
      return loopbackNetwork(options.addresses)
  }
}
