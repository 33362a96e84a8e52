/**
 * etcd's v3 API as its gRPC gateway speaks it: JSON with base64 keys and values and 64-bit numbers as strings
 * (etcd-io/etcd api/etcdserverpb/rpc.proto). Our transactions as its requests, its answers as ours. Pure.
 */

import type { KubernetesObject } from '../../api/object.ts'
import { stamped, unstamped } from '../stamped.ts'
import type { Change, StoredValue, Transaction } from '../store.ts'

/** All keys the API server has: from here up to, not including, END. */
export const PREFIX = '/registry/'
export const PREFIX_END = '/registry0'

export interface WireHeader {
  readonly revision?: string
}

/** Numbers that are zero and texts that are empty are left out. */
export interface WireKeyValue {
  readonly key: string
  readonly value?: string
  readonly mod_revision?: string
  readonly version?: string
}

export interface WireRange {
  readonly header?: WireHeader
  readonly kvs?: readonly WireKeyValue[]
  readonly more?: boolean
}

export interface WireTxn {
  readonly header?: WireHeader
  readonly succeeded?: boolean
  readonly responses?: readonly { readonly response_range?: WireRange }[]
}

export interface WireEvent {
  readonly type?: 'PUT' | 'DELETE'
  readonly kv: WireKeyValue
}

export interface WireWatch {
  readonly header?: WireHeader
  readonly created?: boolean
  readonly canceled?: boolean
  readonly compact_revision?: string
  readonly cancel_reason?: string
  readonly events?: readonly WireEvent[]
}

export const encoded = (text: string): string => Buffer.from(text).toString('base64')
export const decoded = (text = ''): string => Buffer.from(text, 'base64').toString()

export const revisionOf = (header: WireHeader | undefined): number => Number(header?.revision ?? 0)

/** @returns undefined for a value that is not a JSON object with metadata (written by another program) */
export function storedValue(kv: WireKeyValue): StoredValue | undefined {
  const object = parsedObject(decoded(kv.value))
  if (object === undefined) return undefined
  const modRevision = Number(kv.mod_revision ?? 0)
  return { key: decoded(kv.key), value: stamped(object, modRevision), modRevision }
}

function parsedObject(text: string): KubernetesObject | undefined {
  try {
    const value = JSON.parse(text) as Partial<KubernetesObject> | null
    return typeof value?.metadata === 'object' && value.metadata !== null
      ? (value as KubernetesObject)
      : undefined
  } catch {
    return undefined
  }
}

/** @returns the body of a range request for a page of our keys, beginning at `from` */
export function pageRequest(from: string, limit: number, atRevision: number | undefined) {
  return {
    key: encoded(from),
    range_end: encoded(PREFIX_END),
    limit: String(limit),
    ...(atRevision === undefined ? {} : { revision: String(atRevision) }),
  }
}

/**
 * Compares each expected key's mod_revision, then writes; else reads the expected keys, so that the loser knows who won.
 * @param leases by time to live in seconds
 */
export function txnRequest({ expect, changes }: Transaction, leases: ReadonlyMap<number, string>) {
  return {
    compare: expect.map(({ key, modRevision }) => ({
      target: 'MOD',
      result: 'EQUAL',
      key: encoded(key),
      mod_revision: String(modRevision),
    })),
    success: changes.map((change) => operation(change, leases)),
    failure: expect.map(({ key }) => ({ request_range: { key: encoded(key) } })),
  }
}

function operation(change: Change, leases: ReadonlyMap<number, string>) {
  const key = encoded(change.key)
  if (change.kind === 'delete') return { request_delete_range: { key } }
  const lease = change.ttlSeconds === undefined ? undefined : leases.get(change.ttlSeconds)
  const value = encoded(JSON.stringify(unstamped(change.value)))
  return { request_put: { key, value, ...(lease === undefined ? {} : { lease }) } }
}

/** Which expectation a transaction that did not succeed broke, and the value found there. */
export function brokenExpectation(
  { expect }: Transaction,
  { responses = [] }: WireTxn,
): { readonly key: string; readonly current: StoredValue | undefined } {
  for (const [index, { key, modRevision }] of expect.entries()) {
    const found = responses[index]?.response_range?.kvs?.[0]
    if (Number(found?.mod_revision ?? 0) !== modRevision) {
      return { key, current: found && storedValue(found) }
    }
  }
  return { key: expect[0]?.key ?? '', current: undefined }
}

export interface RevisionChanges {
  readonly revision: number
  readonly changes: readonly Change[]
}

/** The events of a watch answer by revision, in order. Keys that are not ours keep their revision but lose their change. */
export function changesByRevision(events: readonly WireEvent[]): readonly RevisionChanges[] {
  const groups: { revision: number; changes: Change[] }[] = []
  for (const event of events) {
    const revision = Number(event.kv.mod_revision ?? 0)
    let group = groups.at(-1)
    if (group?.revision !== revision) groups.push((group = { revision, changes: [] }))
    const change = changeOf(event)
    if (change) group.changes.push(change)
  }
  return groups
}

function changeOf({ type, kv }: WireEvent): Change | undefined {
  const key = decoded(kv.key)
  if (!key.startsWith(PREFIX)) return undefined
  if (type === 'DELETE') return { kind: 'delete', key }
  const stored = storedValue(kv)
  return stored && { kind: 'put', key, value: stored.value }
}

/**
 * What happened between the known values and a newer whole reading: each put at its own revision, deletions, whose own is
 * not known any more, at that of the reading.
 */
export function changesBetween(
  known: readonly StoredValue[],
  read: readonly StoredValue[],
  atRevision: number,
): readonly RevisionChanges[] {
  const before = new Map(known.map(({ key, modRevision }) => [key, modRevision]))
  const groups = new Map<number, Change[]>()
  const add = (revision: number, change: Change): void => {
    const group = groups.get(revision)
    if (group) group.push(change)
    else groups.set(revision, [change])
  }
  for (const { key, value, modRevision } of read) {
    if (before.get(key) !== modRevision) add(modRevision, { kind: 'put', key, value })
    before.delete(key)
  }
  for (const key of before.keys()) add(atRevision, { kind: 'delete', key })
  return [...groups]
    .map(([revision, changes]) => ({ revision, changes }))
    .sort((a, b) => a.revision - b.revision)
}
