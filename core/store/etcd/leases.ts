/**
 * Leases for keys that expire, shared among those written within a while: one lease per key would cost etcd more than
 * the keys (kubernetes/apiserver pkg/storage/etcd3/lease_manager.go). Pure: granting and the clock are passed in.
 */

/** A lease is given to further keys for this part of the time to live, and this long at most. */
const REUSE_SHARE = 0.05
const MAX_REUSE_SECONDS = 60
const MAX_KEYS_PER_LEASE = 1000

interface Lease {
  readonly id: string
  readonly grantedMs: number
  keys: number
}

export interface LeaseOptions {
  /** Resolves with the id of a new lease. */
  readonly grant: (ttlSeconds: number) => Promise<string>
  readonly monotonic: () => number
}

export class Leases {
  readonly #options: LeaseOptions
  readonly #leases = new Map<number, Promise<Lease>>()

  constructor(options: LeaseOptions) {
    this.#options = options
  }

  /** Ids of leases under which keys live at least as long as asked for, by those times. Rejects as `grant` does. */
  async idsFor(ttlSeconds: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const ids = new Map<number, string>()
    for (const ttl of ttlSeconds) ids.set(ttl, await this.#idFor(ttl))
    return ids
  }

  /** A lease is gone before its time (etcd lost it): none known is used again. */
  forget(): void {
    this.#leases.clear()
  }

  async #idFor(ttlSeconds: number): Promise<string> {
    const known = this.#leases.get(ttlSeconds)
    const lease = await known
    if (lease !== undefined && this.#isGood(lease, ttlSeconds)) return taken(lease)
    if (this.#leases.get(ttlSeconds) === known) this.#leases.set(ttlSeconds, this.#granted(ttlSeconds))
    return await this.#idFor(ttlSeconds)
  }

  #isGood({ grantedMs, keys }: Lease, ttlSeconds: number): boolean {
    const ageMs = this.#options.monotonic() - grantedMs
    return keys < MAX_KEYS_PER_LEASE && ageMs < reuseSeconds(ttlSeconds) * 1000
  }

  #granted(ttlSeconds: number): Promise<Lease> {
    const grantedMs = this.#options.monotonic()
    const granting = this.#options
      .grant(ttlSeconds + reuseSeconds(ttlSeconds))
      .then((id) => ({ id, grantedMs, keys: 0 }))
    // Those who wait for it hear of a failure; the next one asks again.
    granting.catch(() => {
      if (this.#leases.get(ttlSeconds) === granting) this.#leases.delete(ttlSeconds)
    })
    return granting
  }
}

function taken(lease: Lease): string {
  lease.keys += 1
  return lease.id
}

const reuseSeconds = (ttlSeconds: number): number =>
  Math.min(MAX_REUSE_SECONDS, Math.ceil(ttlSeconds * REUSE_SHARE))
