/**
 * Lists and single reads. Nothing is copied: items are the stored objects, in key order (namespace, then name).
 */

import { ApiError, notFound } from '../../api/api-error.ts'
import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import type { StoredValue } from '../../store/store.ts'
import { CompactedError } from '../../store/store.ts'
import type { ContinueToken } from '../requests/continue-token.ts'
import { decodeContinue, encodeContinue } from '../requests/continue-token.ts'
import type { Environment } from '../registry/environment.ts'
import { checkListQuery, listPoint, pageSize, tooLarge } from '../requests/list-query.ts'
import type { ListQuery, ListResult } from '../registry/registry.ts'
import type { Selection } from './selection.ts'
import { selectionOf } from './selection.ts'
import { storageKey } from '../registry/storage-key.ts'

/** @throws ApiError NotFound; Unconverted */
export function getObject(env: Environment, resource: ResourceInfo, name: ObjectName): KubernetesObject {
  const found = env.store.get(storageKey(resource, name))
  if (found === undefined) throw notFound(resource, name.name)
  const { fromStorage, forget } = env.kinds.of(resource)
  const shown = fromStorage?.(found.value) ?? found.value
  // Lists may have it from the last time; who asks for one object has its webhook asked.
  forget?.(found.value)
  return shown
}

/** @throws ApiError Invalid or BadRequest for the query, Expired when its revision is no longer kept; Unconverted */
export function listObjects(env: Environment, resource: ResourceInfo, query: ListQuery): ListResult {
  checkListQuery(query)
  const selection = selectionOf(env, resource, query)
  const token = query.continue ? decodeContinue(query.continue) : undefined
  const point = listPoint(query, env.store.revision, { isOneObject: isOneKey(selection) })
  if (token && token.revision > env.store.revision) throw tooLarge(token.revision, env.store.revision)
  const at =
    token && token.revision >= 0 ? token.revision : point.kind === 'exact' ? point.revision : undefined
  const { revision, values } = read(env, selection, at, token)
  const base = selection.prefix.slice(0, selection.prefix.lastIndexOf('/') + 1)
  const rest = token ? values.filter(({ key }) => key >= base + token.start) : values
  const { together, fromStorage: show = (object: KubernetesObject) => object } = env.kinds.of(resource)
  const limit = pageSize(query)
  // Whether an object is selected may only be seen once it is converted.
  const needed = selection.matches === undefined ? rest.slice(0, limit) : rest
  together?.(needed.map(({ value }) => value))
  const { page, next } = pageOf(rest, selection, { limit, show })
  return {
    resourceVersion: String(revision),
    items: page,
    ...(next === undefined
      ? {}
      : continuation({ revision, base, rest, next, isFiltered: selection.matches !== undefined })),
  }
}

const isOneKey = ({ prefix }: Selection): boolean => !prefix.endsWith('/')

function read(
  env: Environment,
  { prefix }: Selection,
  revision: number | undefined,
  token: ContinueToken | undefined,
): { revision: number; values: readonly StoredValue[] } {
  if (!prefix.endsWith('/') && revision === undefined) {
    const one = env.store.get(prefix)
    return { revision: env.store.revision, values: one ? [one] : [] }
  }
  try {
    const { values, revision: at } = env.store.range(prefix, revision)
    return {
      revision: at,
      values: prefix.endsWith('/') ? values : values.filter(({ key }) => key === prefix),
    }
  } catch (error) {
    throw error instanceof CompactedError ? expired(token) : error
  }
}

function pageOf(
  values: readonly StoredValue[],
  { matches }: Selection,
  { limit, show }: { limit: number | undefined; show: (object: KubernetesObject) => KubernetesObject },
): { page: readonly KubernetesObject[]; next: number | undefined } {
  const page: KubernetesObject[] = []
  for (const [index, { value }] of values.entries()) {
    if (limit !== undefined && page.length === limit) return { page, next: index }
    const shown = show(value)
    if (matches === undefined || matches(shown)) page.push(shown)
  }
  return { page, next: undefined }
}

interface Continuation {
  readonly revision: number
  readonly base: string
  readonly rest: readonly StoredValue[]
  /** index of the first value of the next page */
  readonly next: number
  readonly isFiltered: boolean
}

function continuation({ revision, base, rest, next, isFiltered }: Continuation): Partial<ListResult> {
  const last = rest[next - 1]?.key.slice(base.length) ?? ''
  return {
    continue: encodeContinue({ revision, start: `${last}\0` }),
    ...(isFiltered ? {} : { remainingItemCount: rest.length - next }),
  }
}

/** 410; for a page, with a token that goes on from the same place in the newest state. */
function expired(token: ContinueToken | undefined): ApiError {
  if (token === undefined)
    return new ApiError('Expired', 'The resourceVersion for the provided list is too old.')
  const error = new ApiError(
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list ' +
      'without the continue parameter, or use the continue token in this response to retrieve the remainder of ' +
      'the results. Continuing with the provided token results in an inconsistent list - objects that were ' +
      'created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  )
  Object.assign(error.status.metadata ?? {}, {
    continue: encodeContinue({ revision: -1, start: token.start }),
  })
  return error
}
