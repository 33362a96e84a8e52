/**
 * Which endpoint a new connection goes to: round robin, or the client's last one while its affinity lasts. Pure: state
 * in, choice and state out.
 */

export interface BalanceState {
  readonly next: number
  /** endpoint and time of last use by client address, in order of use */
  readonly clients: ReadonlyMap<string, { readonly endpoint: string; readonly usedMs: number }>
}

export const FRESH: BalanceState = { next: 0, clients: new Map() }

/** Clients remembered for affinity; the one unused longest goes first. */
const MAX_CLIENTS = 10_000

export interface Choosing {
  readonly endpoints: readonly string[]
  readonly client: string
  /** 0: none */
  readonly affinitySeconds: number
  readonly nowMs: number
}

/** @returns index of the endpoint, undefined without any */
export function chooseEndpoint(
  state: BalanceState,
  asked: Choosing,
): { readonly index: number | undefined; readonly state: BalanceState } {
  const { endpoints, client, affinitySeconds, nowMs } = asked
  if (endpoints.length === 0) return { index: undefined, state }
  const known = affinitySeconds > 0 ? state.clients.get(client) : undefined
  const kept = known && nowMs - known.usedMs < affinitySeconds * 1000 ? endpoints.indexOf(known.endpoint) : -1
  const index = kept >= 0 ? kept : state.next % endpoints.length
  const next = kept >= 0 ? state.next : (index + 1) % endpoints.length
  if (affinitySeconds === 0) return { index, state: { next, clients: state.clients } }
  const clients = new Map(state.clients)
  clients.delete(client)
  clients.set(client, { endpoint: endpoints[index] ?? '', usedMs: nowMs })
  const [oldest] = clients.keys()
  if (clients.size > MAX_CLIENTS && oldest !== undefined) clients.delete(oldest)
  return { index, state: { next, clients } }
}
