/**
 * Which endpoints may take a service port's traffic on one node.
 *
 * Pure: no clock, no I/O, arguments left as they are, results in input order (the rules rendered from them are
 * compared byte for byte). O(n) in the number of endpoints.
 *
 * Decides as kube-proxy does: kubernetes/kubernetes pkg/proxy/topology.go, CategorizeEndpoints. One difference, on
 * purpose: `reachable` keeps input order, where upstream's union comes out in map order.
 * Background: KEP-2086 (internal policy), KEP-1669 (terminating endpoints), KEP-2433, KEP-4444 and KEP-3015 (hints and
 * traffic distribution).
 */

import type { Endpoint, NodeIdentity, ServicePort } from './service-port.ts'
import { usesClusterPolicy, usesLocalPolicy } from './service-port.ts'

/** The answer for one service port on one node. Every list is in input order. */
export interface EndpointSelection {
  /** Targets under policy Cluster; empty if the port never uses that policy. */
  readonly cluster: readonly Endpoint[]
  /** Targets under policy Local; empty if the port never uses that policy. */
  readonly local: readonly Endpoint[]
  /** `cluster` and `local` together: what needs a KUBE-SEP chain on this node. */
  readonly reachable: readonly Endpoint[]
  /** Usable on some node. With an empty list: false is REJECT, true is DROP. */
  readonly hasAnyEndpoints: boolean
}

/**
 * Sorts one service port's endpoints into those this node may send to.
 *
 * @param endpoints of one IP family, distinct by ip:port
 * @param port only its traffic policies and its exposure are read
 */
export function categorizeEndpoints(
  endpoints: readonly Endpoint[],
  port: ServicePort,
  node: NodeIdentity,
): EndpointSelection {
  const onThisNode = endpoints.filter((endpoint) => endpoint.nodeName === node.name)
  const cluster = usesClusterPolicy(port) ? preferHinted(usable(endpoints), node) : []
  const local = usesLocalPolicy(port) ? usable(onThisNode) : []
  const chosen = new Set([...cluster, ...local])
  return {
    cluster,
    local,
    reachable: endpoints.filter((endpoint) => chosen.has(endpoint)),
    hasAnyEndpoints: usable(endpoints).length > 0,
  }
}

/** The ready ones; if there are none, those still serving while they terminate. */
function usable(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready)
  if (ready.length > 0) return ready
  return endpoints.filter((endpoint) => endpoint.serving && endpoint.terminating)
}

/** Same node before same zone before anywhere. Hints bind ready endpoints only. */
function preferHinted(candidates: readonly Endpoint[], node: NodeIdentity): readonly Endpoint[] {
  if (!candidates.every((endpoint) => endpoint.ready)) return candidates
  const sameNode = hintedFor(node.name, candidates, (endpoint) => endpoint.nodeHints)
  const sameZone = hintedFor(node.zone, candidates, (endpoint) => endpoint.zoneHints)
  return sameNode ?? sameZone ?? candidates
}

/**
 * The endpoints hinted for `here`, or undefined when hints must be ignored: one endpoint without a hint means the set
 * is not complete, and no hint for `here` would cut this node off.
 */
function hintedFor(
  here: string,
  candidates: readonly Endpoint[],
  hintsOf: (endpoint: Endpoint) => ReadonlySet<string>,
): readonly Endpoint[] | undefined {
  if (candidates.some((endpoint) => hintsOf(endpoint).size === 0)) return undefined
  const hinted = candidates.filter((endpoint) => hintsOf(endpoint).has(here))
  return hinted.length > 0 ? hinted : undefined
}
