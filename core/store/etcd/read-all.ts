/** Reading everything the API server has in etcd as of one revision, page by page. Pure: the calls are passed in. */

import type { StoredValue } from '../store.ts'
import { StoreError } from '../store.ts'
import type { WireRange } from './wire.ts'
import { decoded, pageRequest, PREFIX, revisionOf, storedValue } from './wire.ts'

const PAGE_KEYS = 500

/** Rejects as `call` does, also when the revision is compacted while it is read. */
export async function readAll(
  call: (path: string, body: object) => Promise<unknown>,
): Promise<{ readonly revision: number; readonly values: readonly StoredValue[] }> {
  const values: StoredValue[] = []
  let revision: number | undefined
  let limit = PAGE_KEYS
  for (let from = PREFIX; ;) {
    let page: WireRange
    try {
      page = (await call('/v3/kv/range', pageRequest(from, limit, revision))) as WireRange
    } catch (error) {
      if (!isTooLarge(error) || limit === 1) throw error
      limit = Math.ceil(limit / 4)
      continue
    }
    revision ??= revisionOf(page.header)
    const kvs = page.kvs ?? []
    for (const kv of kvs) {
      const value = storedValue(kv)
      if (value) values.push(value)
    }
    const last = kvs.at(-1)
    if (!page.more || last === undefined) return { revision, values }
    from = `${decoded(last.key)}\0`
  }
}

/** The gateway's own client takes answers up to a limit. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof StoreError && error.message.includes('larger than max')
