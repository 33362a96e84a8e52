/** The last step of every write: the object goes into the store, unless the request is a dry run. */

import type { KubernetesObject } from '../../api/object.ts'
import { SERVICES } from '../../api/scheme.ts'
import { deepFreeze } from '../../api/deep-freeze.ts'
import { stamped } from '../../store/stamped.ts'
import type { Change, StoredValue, Transaction } from '../../store/store.ts'
import type { Environment } from './environment.ts'
import { storagePrefix, ttlSecondsAt } from './storage-key.ts'

export type Expectations = Transaction['expect']

export interface ObjectWrite {
  readonly key: string
  /** 0: the key must not exist */
  readonly modRevision: number
  /** further keys that must not have changed since they were looked at */
  readonly guards?: Expectations | undefined
  readonly dryRun: boolean | undefined
  /** what is written with it, or not at all */
  readonly also?: readonly AlsoWritten[] | undefined
}

/** Another object of the same transaction. */
export interface AlsoWritten {
  readonly key: string
  /** 0: the key must not exist */
  readonly modRevision: number
  /** undefined: it is removed */
  readonly object: KubernetesObject | undefined
}

/** What came of it. `key`: which expectation did not hold. */
export type WriteOutcome =
  | { readonly kind: 'written'; readonly object: KubernetesObject }
  | { readonly kind: 'lost'; readonly key: string }

/** Puts the object there, its resourceVersion set. */
export async function putObject(
  env: Environment,
  write: ObjectWrite,
  object: KubernetesObject,
): Promise<WriteOutcome> {
  const expect = expectationsOf(write)
  if (write.dryRun) return rehearsed(env, expect, object)
  const { key } = write
  const put = { kind: 'put' as const, key, value: object, ttlSeconds: ttlSecondsAt(key) }
  const turn = allocationTurn(env, key)
  const result = await env.store.commit({
    expect: [...expect, ...turn.expect],
    changes: [put, ...alsoChanged(write), ...turn.changes],
  })
  if (result.kind === 'conflict') return { kind: 'lost', key: result.key }
  return { kind: 'written', object: result.values[0]?.value ?? object }
}

/**
 * Where several servers share the store, addresses and ports are allocated from what each one sees: a Service is written
 * only if nobody else wrote one since. The key is that of kube-apiserver's own allocator.
 */
function allocationTurn({ store }: Environment, key: string): Pick<Transaction, 'expect' | 'changes'> {
  if (store.sync === undefined || !key.startsWith(SERVICE_PREFIX)) return { expect: [], changes: [] }
  const modRevision = revisionOf(store.get(ALLOCATION_KEY))
  const value = { apiVersion: 'v1', kind: 'RangeAllocation', metadata: { name: 'serviceips' } }
  return {
    expect: [{ key: ALLOCATION_KEY, modRevision }],
    changes: [{ kind: 'put', key: ALLOCATION_KEY, value }],
  }
}

const SERVICE_PREFIX = storagePrefix(SERVICES)
const ALLOCATION_KEY = '/registry/ranges/serviceips'

/** Removes the object. @param last what the caller is shown */
export async function removeObject(
  env: Environment,
  write: ObjectWrite,
  last: KubernetesObject,
): Promise<WriteOutcome> {
  const expect = expectationsOf(write)
  if (write.dryRun) return rehearsed(env, expect, last)
  const result = await env.store.commit({
    expect,
    changes: [{ kind: 'delete', key: write.key }, ...alsoChanged(write)],
  })
  if (result.kind === 'conflict') return { kind: 'lost', key: result.key }
  return { kind: 'written', object: stamped(last, result.revision) }
}

const alsoChanged = ({ also = [] }: ObjectWrite): readonly Change[] =>
  also.map(({ key, object }) =>
    object === undefined ? { kind: 'delete', key } : { kind: 'put', key, value: object },
  )

const expectationsOf = ({ key, modRevision, guards = [], also = [] }: ObjectWrite): Expectations => [
  { key, modRevision },
  ...guards,
  ...also.map((each) => ({ key: each.key, modRevision: each.modRevision })),
]

/** Dry run: the same checks, nothing written; the resourceVersion stays what it was. */
function rehearsed(env: Environment, expect: Expectations, object: KubernetesObject): WriteOutcome {
  const broken = expect.find(({ key, modRevision }) => revisionOf(env.store.get(key)) !== modRevision)
  return broken ? { kind: 'lost', key: broken.key } : { kind: 'written', object: deepFreeze(object) }
}

const revisionOf = (stored: StoredValue | undefined): number => stored?.modRevision ?? 0
