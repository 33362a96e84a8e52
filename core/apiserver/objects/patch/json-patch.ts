/**
 * JSON patch, RFC 6902 (paths: RFC 6901). Pure: the document is left as it is, what the patch does not touch is
 * shared with the result.
 *
 * As lenient as evanphx/json-patch v4 (patch.go), which kube-apiserver uses, and in its words: a value that is not given
 * is null, `replace` adds a key that is missing, `copy` takes a missing one for null, negative indexes count from the end,
 * what stands before the first slash of a path does not matter, and only `replace` and `test` know the whole document.
 */

import { ApiError } from '../../../api/api-error.ts'
import { goQuoted } from '../../../api/go-text.ts'
import type { JsonObject } from '../../requests/json-value.ts'
import { equalJson, isArray, isObject } from '../../requests/json-value.ts'

/** kube-apiserver's limit */
export const MAX_OPERATIONS = 10_000

/** An operation that cannot be done. The message says which and why. */
export class JsonPatchError extends Error {}

/**
 * Carries the operations out one after the other.
 * @throws JsonPatchError at the first that fails; the document is then as if none had been tried
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!isArray(patch)) throw new JsonPatchError('a JSON patch is an array of operations')
  if (patch.length > MAX_OPERATIONS) {
    const limit = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`
    throw new ApiError('RequestEntityTooLarge', `Request entity too large: ${limit}`)
  }
  const budget: CopyBudget = { usedBytes: 0 }
  return patch.reduce((current, operation) => applyOperation(current, operation, budget), document)
}

/** What copies have added so far: a few of them could make any document of a small one. */
interface CopyBudget {
  usedBytes: number
}

/** evanphx/json-patch AccumulatedCopySizeLimit, as kube-apiserver sets it */
const MAX_COPIED_BYTES = 3 * 1024 * 1024

function copied(value: unknown, budget: CopyBudget): unknown {
  budget.usedBytes += Buffer.byteLength(JSON.stringify(value))
  if (budget.usedBytes <= MAX_COPIED_BYTES) return value
  const used = `the accumulated size increase of copy is ${budget.usedBytes}`
  throw new JsonPatchError(`Unable to complete the copy, ${used}, exceeding the limit ${MAX_COPIED_BYTES}`)
}

function applyOperation(document: unknown, operation: unknown, budget: CopyBudget): unknown {
  const given = isObject(operation) ? operation : {}
  switch (given['op']) {
    case 'add':
      return added(document, given)
    case 'remove':
      return removed(document, given)
    case 'replace':
      return replaced(document, given)
    case 'move':
      return moved(document, given)
    case 'copy':
      return withCopy(document, given, budget)
    case 'test':
      return tested(document, given)
    default:
      throw new JsonPatchError(
        `Unexpected kind: ${typeof given['op'] === 'string' ? given['op'] : 'unknown'}`,
      )
  }
}

const MISSING = 'missing value'
const INVALID_INDEX = 'invalid index referenced'

const fault = (what: string, why: string): JsonPatchError => new JsonPatchError(`${what}: ${why}`)

/** Runs a step; what it throws is told of after `what`. */
function during<T>(what: string, step: () => T): T {
  try {
    return step()
  } catch (error) {
    throw error instanceof JsonPatchError ? fault(what, error.message) : error
  }
}

function path(operation: JsonObject, undecoded: string): string {
  const { path: value } = operation
  if (typeof value === 'string') return value
  throw new JsonPatchError(undecoded)
}

function from(operation: JsonObject, verb: string): string {
  const { from: value } = operation
  if (typeof value === 'string') return value
  throw fault(`${verb} operation failed to decode from: operation, missing from field`, MISSING)
}

const valueOf = (operation: JsonObject): unknown => operation['value'] ?? null

function added(document: unknown, operation: JsonObject): unknown {
  const to = path(operation, `add operation failed to decode path: ${MISSING}`)
  const place = placeOf(document, to)
  if (!place) throw fault(`add operation does not apply: doc is missing path: "${to}"`, MISSING)
  return during(`error in add for path: '${to}'`, () => put(document, place, valueOf(operation), 'add'))
}

function removed(document: unknown, operation: JsonObject): unknown {
  const at = path(operation, `remove operation failed to decode path: ${MISSING}`)
  const place = placeOf(document, at)
  if (!place) throw fault(`remove operation does not apply: doc is missing path: "${at}"`, MISSING)
  return during(`error in remove for path: '${at}'`, () => taken(document, place))
}

const UNDECODED = `operation missing path field: ${MISSING}`

function replaced(document: unknown, operation: JsonObject): unknown {
  const at = path(operation, `replace operation failed to decode path: ${UNDECODED}`)
  const value = valueOf(operation)
  if (at === '') {
    // Upstream refuses others, but finds nothing to refuse them with.
    return isContainer(value) ? value : document
  }
  const place = placeOf(document, at)
  if (!place) throw fault(`replace operation does not apply: doc is missing path: ${at}`, MISSING)
  try {
    got(place)
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error
    throw fault(`replace operation does not apply: doc is missing key: ${at}`, MISSING)
  }
  return put(document, place, value, 'set')
}

function moved(document: unknown, operation: JsonObject): unknown {
  const start = from(operation, 'move')
  const place = placeOf(document, start)
  if (!place) throw fault(`move operation does not apply: doc is missing from path: ${start}`, MISSING)
  const what = `error in move for path: '${place.key}'`
  const value = during(what, () => got(place))
  const rest = during(what, () => taken(document, place))
  const to = path(operation, `move operation failed to decode path: ${UNDECODED}`)
  const target = placeOf(rest, to)
  if (!target) throw fault(`move operation does not apply: doc is missing destination path: ${to}`, MISSING)
  return during(`error in move for path: '${to}'`, () => put(rest, target, value ?? null, 'add'))
}

function withCopy(document: unknown, operation: JsonObject, budget: CopyBudget): unknown {
  const start = from(operation, 'copy')
  const place = placeOf(document, start)
  if (!place) throw fault(`copy operation does not apply: doc is missing from path: ${start}`, MISSING)
  const value = during(`error in copy for from: '${start}'`, () => got(place))
  const to = path(operation, `copy operation failed to decode path: ${MISSING}`)
  const target = placeOf(document, to)
  if (!target) throw fault(`copy operation does not apply: doc is missing destination path: ${to}`, MISSING)
  const copy = copied(value ?? null, budget)
  return during('error while adding value during copy', () => put(document, target, copy, 'add'))
}

function tested(document: unknown, operation: JsonObject): unknown {
  const at = path(operation, `test operation failed to decode path: ${UNDECODED}`)
  const place = at === '' ? undefined : placeOf(document, at)
  if (at !== '' && !place) throw fault(`test operation does not apply: is missing path: ${at}`, MISSING)
  const value = place ? during(`error in test for path: '${at}'`, () => got(place)) : document
  if (equalJson(value ?? null, valueOf(operation))) return document
  throw fault(`testing value ${at} failed`, 'test failed')
}

type Container = readonly unknown[] | JsonObject

/** A key in a container of the document; `above` leads there. */
interface Place {
  readonly above: readonly string[]
  readonly container: Container
  readonly key: string
}

/** @returns undefined when there is no container where the path leads */
function placeOf(document: unknown, text: string): Place | undefined {
  const parts = text.split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const key = parts.at(-1)
  if (parts.length < 2 || key === undefined) return undefined
  const above = parts.slice(1, -1)
  let container = document
  for (const part of above) {
    if (!isContainer(container)) return undefined
    const next = childOf(container, part)
    if (next === undefined) return undefined
    container = next
  }
  return isContainer(container) ? { above, container, key } : undefined
}

const isContainer = (value: unknown): value is Container => isArray(value) || isObject(value)

/** @returns undefined for what cannot be looked into: missing, null, or an index there is not */
function childOf(container: Container, part: string): unknown {
  try {
    return got({ container, key: part }) ?? undefined
  } catch (error) {
    if (error instanceof JsonPatchError) return undefined
    throw error
  }
}

/** @returns undefined for a key an object does not have. @throws JsonPatchError for an index a list does not have */
function got({ container, key }: Pick<Place, 'container' | 'key'>): unknown {
  if (isArray(container)) return container[indexOf(key, container.length)]
  return Object.hasOwn(container, key) ? container[key] : undefined
}

/** One of `count` places, from the end if negative. */
function indexOf(text: string, count: number): number {
  const number = atoi(text)
  const index = number < 0 ? number + count : number
  if (index >= 0 && index < count) return index
  throw fault(`Unable to access invalid index: ${number}`, INVALID_INDEX)
}

function atoi(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text)
  throw new JsonPatchError(`strconv.Atoi: parsing ${goQuoted(text)}: invalid syntax`)
}

/** The document with a container made anew; all it does not lead through is shared. */
function withContainer(document: unknown, above: readonly string[], container: Container): unknown {
  const [part, ...rest] = above
  if (part === undefined) return container
  const inner = (value: unknown): unknown => withContainer(value, rest, container)
  if (!isArray(document))
    return { ...(document as JsonObject), [part]: inner((document as JsonObject)[part]) }
  const index = indexOf(part, document.length)
  return document.with(index, inner(document[index]))
}

function put(
  document: unknown,
  { above, container, key }: Place,
  value: unknown,
  how: 'add' | 'set',
): unknown {
  if (!isArray(container)) return withContainer(document, above, { ...container, [key]: value })
  if (how === 'set')
    return withContainer(document, above, container.with(indexOf(key, container.length), value))
  if (key === '-') return withContainer(document, above, [...container, value])
  const number = during(`value was not a proper array index: '${key}'`, () => atoi(key))
  const index = indexOf(String(number), container.length + 1)
  return withContainer(document, above, container.toSpliced(index, 0, value))
}

function taken(document: unknown, { above, container, key }: Place): unknown {
  if (isArray(container))
    return withContainer(document, above, container.toSpliced(indexOf(key, container.length), 1))
  if (!Object.hasOwn(container, key)) throw fault(`Unable to remove nonexistent key: ${key}`, MISSING)
  return withContainer(
    document,
    above,
    Object.fromEntries(Object.entries(container).filter(([name]) => name !== key)),
  )
}
