/**
 * JSON patch, RFC 6902 (paths: RFC 6901). Pure: the document is left as it is, what the patch does not touch is
 * shared with the result.
 *
 * As lenient as evanphx/json-patch v4, which kube-apiserver uses: a value that is not given is null, `replace` adds a
 * key that is missing, `copy` takes a missing one for null, and negative indexes count from the end.
 */

import { ApiError } from '../../api/api-error.ts'
import type { JsonObject } from '../json-value.ts'
import { equalJson, isArray, isObject } from '../json-value.ts'

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
  if (!isObject(operation)) throw new JsonPatchError('an operation is an object')
  const path = pointer(operation, 'path')
  switch (operation['op']) {
    case 'add':
      return added(document, path, valueOf(operation))
    case 'remove':
      return removed(document, path)
    case 'replace':
      return replaced(document, path, valueOf(operation))
    case 'move': {
      const from = pointer(operation, 'from')
      if (isPrefix(from, path)) throw new JsonPatchError(`cannot move ${text(from)} into itself`)
      return added(removed(document, from), path, valueAt(document, from))
    }
    case 'copy':
      return added(document, path, copied(valueOrNull(document, pointer(operation, 'from')), budget))
    case 'test': {
      if (equalJson(valueOrNull(document, path), valueOf(operation))) return document
      throw new JsonPatchError(`testing value ${text(path)} failed`)
    }
    default:
      throw new JsonPatchError(`unexpected kind: ${String(operation['op'])}`)
  }
}

type Path = readonly string[]

function pointer(operation: JsonObject, member: 'path' | 'from'): Path {
  const value = operation[member]
  if (typeof value !== 'string') throw new JsonPatchError(`operation missing ${member} field`)
  if (value === '') return []
  if (!value.startsWith('/')) throw new JsonPatchError(`not a JSON pointer: ${value}`)
  return value
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

const text = (path: Path): string => path.map((part) => `/${part}`).join('')

const valueOf = (operation: JsonObject): unknown => operation['value'] ?? null

/** A strict prefix: moving a value onto itself is allowed. */
const isPrefix = (from: Path, path: Path): boolean =>
  from.length < path.length && from.every((part, index) => part === path[index])

function valueAt(document: unknown, path: Path): unknown {
  let value = document
  for (const part of path) value = child(value, part, path)
  return value
}

/** The last key of the path may be missing, if it is one of an object. */
function valueOrNull(document: unknown, path: Path): unknown {
  const container = valueAt(document, path.slice(0, -1))
  const last = path.at(-1)
  if (last !== undefined && isObject(container))
    return Object.hasOwn(container, last) ? container[last] : null
  return valueAt(document, path)
}

function child(value: unknown, part: string, path: Path): unknown {
  if (isArray(value)) return value[arrayIndex(part, value.length, path)]
  if (isObject(value) && Object.hasOwn(value, part)) return value[part]
  throw new JsonPatchError(`no value at ${text(path)}`)
}

/** One of `count` places. */
function arrayIndex(part: string, count: number, path: Path): number {
  const number = /^[+-]?\d+$/.test(part) ? Number(part) : Number.NaN
  const index = number < 0 ? number + count : number
  if (!(index >= 0 && index < count)) throw new JsonPatchError(`index out of bounds in ${text(path)}`)
  return index
}

type Change = (container: readonly unknown[] | JsonObject, part: string) => unknown

/** Copies the containers on the way to the last part of the path and lets `change` make the last one anew. */
function changed(document: unknown, path: Path, change: Change): unknown {
  const descend = (value: unknown, depth: number): unknown => {
    const part = path[depth] ?? ''
    if (!isArray(value) && !isObject(value))
      throw new JsonPatchError(`no container at ${text(path.slice(0, depth))}`)
    if (depth === path.length - 1) return change(value, part)
    const inner = descend(child(value, part, path), depth + 1)
    return isArray(value)
      ? value.with(arrayIndex(part, value.length, path), inner)
      : { ...value, [part]: inner }
  }
  return descend(document, 0)
}

function added(document: unknown, path: Path, value: unknown): unknown {
  if (path.length === 0) return value
  return changed(document, path, (container, part) => {
    if (!isArray(container)) return { ...container, [part]: value }
    const index = part === '-' ? container.length : arrayIndex(part, container.length + 1, path)
    return container.toSpliced(index, 0, value)
  })
}

function removed(document: unknown, path: Path): unknown {
  if (path.length === 0) throw new JsonPatchError('the whole document cannot be removed')
  return changed(document, path, (container, part) => {
    child(container, part, path)
    if (isArray(container)) return container.toSpliced(arrayIndex(part, container.length, path), 1)
    return Object.fromEntries(Object.entries(container).filter(([key]) => key !== part))
  })
}

function replaced(document: unknown, path: Path, value: unknown): unknown {
  if (path.length === 0) return value
  return changed(document, path, (container, part) => {
    return isArray(container)
      ? container.with(arrayIndex(part, container.length, path), value)
      : { ...container, [part]: value }
  })
}
