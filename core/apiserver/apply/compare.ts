/**
 * Which fields differ between two versions of an object, and which fields an object has: as sets of paths. Pure.
 * Parts shared by both versions are not looked into.
 *
 * kubernetes-sigs/structured-merge-diff typed/compare.go and typed/tofieldset.go.
 */

import { equalJson, isArray, isObject } from '../requests/json-value.ts'
import type { SchemaType, StructType } from '../registry/schema-type.ts'
import { childType, isWhole } from '../registry/schema-type.ts'
import type { FieldSet } from './field-set.ts'
import { EMPTY_SET, fieldNode, setOf } from './field-set.ts'
import { itemsByElement } from './list-items.ts'

export interface Comparison {
  readonly added: FieldSet
  readonly removed: FieldSet
  readonly modified: FieldSet
}

/** The same for one path: undefined where nothing at or below it differs in that way. */
interface NodeComparison {
  readonly added?: FieldSet | undefined
  readonly removed?: FieldSet | undefined
  readonly modified?: FieldSet | undefined
}

const ADDED: NodeComparison = { added: EMPTY_SET }
const REMOVED: NodeComparison = { removed: EMPTY_SET }
const MODIFIED: NodeComparison = { modified: EMPTY_SET }

/** @param before undefined: the object is new */
export function compare(before: unknown, after: unknown, type: StructType): Comparison {
  const { added, removed, modified } = compareChildren(before ?? {}, after ?? {}, type)
  return { added: setOf(added), removed: setOf(removed), modified: setOf(modified) }
}

function compareValues(before: unknown, after: unknown, type: SchemaType): NodeComparison | undefined {
  if (before === after) return undefined
  if (isWhole(type) || (isVoid(before) && isVoid(after))) return compareWhole(before, after)
  const children = compareChildren(before, after, type)
  const added = fieldNode(before === undefined, setOf(children.added))
  const removed = fieldNode(after === undefined, setOf(children.removed))
  const modified = fieldNode(false, setOf(children.modified))
  return added || removed || modified ? { added, removed, modified } : undefined
}

const isVoid = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0)

function compareWhole(before: unknown, after: unknown): NodeComparison | undefined {
  if (before === undefined) return ADDED
  if (after === undefined) return REMOVED
  return equalJson(before, after) ? undefined : MODIFIED
}

type Entries = [string, FieldSet | undefined][]

function compareChildren(
  before: unknown,
  after: unknown,
  type: SchemaType,
): { added: Entries; removed: Entries; modified: Entries } {
  const result = { added: [] as Entries, removed: [] as Entries, modified: [] as Entries }
  const old = elementsOf(before, type)
  const fresh = elementsOf(after, type)
  for (const element of new Set([...old.keys(), ...fresh.keys()])) {
    const inner = innerType(type, element)
    const isPresent = isAlwaysPresent(type, element)
    const left = old.get(element) ?? (isPresent && before !== undefined ? {} : undefined)
    const right = fresh.get(element) ?? (isPresent && after !== undefined ? {} : undefined)
    const found = compareValues(left, right, inner)
    if (found === undefined) continue
    result.added.push([element, found.added])
    result.removed.push([element, found.removed])
    result.modified.push([element, found.modified])
  }
  return result
}

/** Parts of a value by path element. */
export function elementsOf(value: unknown, type: SchemaType): ReadonlyMap<string, unknown> {
  if (type.kind === 'list') return itemsByElement(value, type)
  const parts = new Map<string, unknown>()
  if (!isObject(value)) return parts
  for (const [key, part] of Object.entries(value)) if (part !== undefined) parts.set(`f:${key}`, part)
  return parts
}

/** The type of the part at a path element. */
export function innerType(type: SchemaType, element: string): SchemaType {
  return type.kind === 'list' ? type.element : childType(type, element.slice(2))
}

function isAlwaysPresent(type: SchemaType, element: string): boolean {
  return type.kind === 'struct' && type.fields.get(element.slice(2))?.isAlwaysPresent === true
}

/** All fields an object has: the leaves, the items of keyed lists and the entries of maps. */
export function fieldSetOf(value: unknown, type: SchemaType): FieldSet {
  return setOf(
    [...elementsOf(value, type)].map(([element, part]) => {
      const inner = innerType(type, element)
      if (isWhole(inner)) return [element, EMPTY_SET]
      const isOwnPath = type.kind !== 'struct' || part === null || (isObject(part) && isVoid(part))
      return [element, fieldNode(isOwnPath, fieldSetOf(part, inner))]
    }),
  )
}
