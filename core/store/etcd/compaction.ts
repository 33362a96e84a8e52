/**
 * Who of several API servers compacts etcd, and up to where: they share the key `compact_rev_key`, whose version counts
 * the rounds; who moves it on first compacts, up to the revision there was a round before, so that at least one interval
 * of history is kept (kubernetes/apiserver pkg/storage/etcd3/compact.go; the same key, so that they can be mixed). Pure.
 */

import type { WireTxn } from './wire.ts'
import { encoded, revisionOf } from './wire.ts'

const COMPACT_KEY = 'compact_rev_key'

/** What one server knows between rounds. */
export interface CompactionState {
  /** version of the key as last seen */
  readonly round: number
  /** etcd's revision then; 0: not known yet */
  readonly revision: number
}

export const FIRST_ROUND: CompactionState = { round: 0, revision: 0 }

/** @returns the transaction that claims the next round */
export function claimRequest({ round, revision }: CompactionState) {
  const key = encoded(COMPACT_KEY)
  return {
    compare: [{ target: 'VERSION', result: 'EQUAL', key, version: String(round) }],
    success: [{ request_put: { key, value: encoded(String(revision)) } }],
    failure: [{ request_range: { key } }],
  }
}

/** @returns what to remember, and up to which revision to compact; undefined: nothing to do in this round */
export function claimed(
  state: CompactionState,
  answer: WireTxn,
): { readonly next: CompactionState; readonly compactTo: number | undefined } {
  const revision = revisionOf(answer.header)
  if (answer.succeeded) {
    const compactTo = state.revision > 0 ? state.revision : undefined
    return { next: { round: state.round + 1, revision }, compactTo }
  }
  const found = answer.responses?.[0]?.response_range?.kvs?.[0]
  return { next: { round: Number(found?.version ?? 0), revision }, compactTo: undefined }
}
