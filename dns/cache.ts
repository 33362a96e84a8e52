/**
 * Answers of upstream servers, kept for a while. Pure: the time is passed in.
 *
 * Keeps and expires as coredns/coredns plugin/cache under kubeadm's `cache 30`. One difference: a full cache gives up
 * its oldest entry, not a random one. The cluster's own zones are never kept here: the record table is their cache.
 */

import type { Message, ResourceRecord, Sections } from './message.ts'
import { RCODE, TYPE } from './message.ts'
import type { Name } from './names.ts'
import { lowerName, nameText } from './names.ts'

/** Seconds. */
const MIN_TTL = 5
const MAX_TTL = 30
const FAILURE_TTL = 5
const MAX_ENTRIES = 9984

/** What answers may differ by. */
export interface CacheKey {
  readonly name: Name
  readonly type: number
  readonly class: number
  readonly dnssecOk: boolean
  readonly checkingDisabled: boolean
}

interface Entry {
  readonly message: Message
  readonly expiresAt: number
}

export class AnswerCache {
  readonly #maxEntries: number
  /** successes and denials apart, so that a flood of one does not push out the other */
  readonly #stores = { success: new Map<string, Entry>(), denial: new Map<string, Entry>() } as const

  constructor(maxEntries: number = MAX_ENTRIES) {
    this.#maxEntries = maxEntries
  }

  /**
   * @param key of cacheKey
   * @returns the answer with what is left of its TTLs, authoritative as CoreDNS has it (old stubs want that)
   */
  get(key: string, nowMs: number): Message | undefined {
    for (const store of [this.#stores.success, this.#stores.denial]) {
      const entry = store.get(key)
      if (entry === undefined) continue
      const leftMs = entry.expiresAt - nowMs
      if (leftMs > 0) return { ...withTtl(entry.message, Math.ceil(leftMs / 1000)), isAuthoritative: true }
      store.delete(key)
    }
    return undefined
  }

  /** Keeps the answer if it may be kept. @returns it as it is to be passed on: all TTLs are that of the entry */
  put(key: string, message: Message, nowMs: number): Message {
    const fate = fateOf(message)
    if (fate === undefined) return message
    const store = this.#stores[fate.store]
    const kept = withTtl(message, fate.ttl)
    this.#stores.success.delete(key)
    this.#stores.denial.delete(key)
    if (store.size >= this.#maxEntries) deleteOldest(store)
    store.set(key, { message: kept, expiresAt: nowMs + fate.ttl * 1000 })
    return kept
  }
}

/** One text per key. */
export const cacheKey = (key: CacheKey): string =>
  `${nameText(lowerName(key.name))} ${key.type} ${key.class} ${Number(key.dnssecOk)}${Number(key.checkingDisabled)}`

function deleteOldest(store: Map<string, Entry>): void {
  const [oldest] = store.keys()
  if (oldest !== undefined) store.delete(oldest)
}

interface Fate {
  readonly store: 'success' | 'denial'
  /** seconds */
  readonly ttl: number
}

/** @returns undefined for what is not to be kept */
function fateOf(message: Message): Fate | undefined {
  if (message.isTruncated) return undefined
  if (message.rcode === RCODE.SERVFAIL) return { store: 'denial', ttl: FAILURE_TTL }
  const hasAuthority = message.authority.some(({ type }) => type === TYPE.SOA)
  if (message.rcode === RCODE.NXDOMAIN) return hasAuthority ? keptAs('denial', message) : undefined
  if (message.rcode !== RCODE.NOERROR) return undefined
  const type = message.questions[0]?.type
  const hasData = message.answers.some((record) => record.type === type || type === TYPE.ANY)
  if (hasData) return keptAs('success', message)
  return hasAuthority ? keptAs('denial', message) : undefined
}

function keptAs(store: Fate['store'], message: Message): Fate {
  const ttls = [...message.answers, ...message.authority, ...message.additional].map(({ ttl }) => ttl)
  return { store, ttl: Math.min(MAX_TTL, Math.max(MIN_TTL, Math.min(...ttls))) }
}

function withTtl(message: Message, ttl: number): Message {
  const all = (records: readonly ResourceRecord[]): readonly ResourceRecord[] =>
    records.map((record) => ({ ...record, ttl }))
  const sections: Sections = {
    answers: all(message.answers),
    authority: all(message.authority),
    additional: all(message.additional),
  }
  return { ...message, ...sections }
}
