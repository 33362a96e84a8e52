/**
 * The shape of every API object, as merging needs it: which lists are sets, which are keyed by what, which structs
 * are one value. Read from the field table when first asked for; pure.
 *
 * The facts are the markers of kubernetes/api types.go (+listType, +listMapKey, +structType, +patchStrategy, ...).
 */

import type { FieldFacts } from '../../api/schema/field-table.ts'
import {
  ANY_JSON,
  META_PACKAGE,
  SCHEMA_UNIONS,
  jsonFields,
  jsonName,
  listElement,
  messageFields,
  messageOfKind,
} from '../../api/schema/field-table.ts'

export interface StructType {
  readonly kind: 'struct'
  /** replaced and owned as a whole by server-side apply */
  readonly isAtomic: boolean
  readonly fields: ReadonlyMap<string, StructField>
}

export type SchemaType =
  /** one value: scalars, and what is scalar to merging (Quantity, Time, raw JSON) */
  | { readonly kind: 'leaf' }
  | StructType
  | { readonly kind: 'map'; readonly isAtomic: boolean; readonly element: SchemaType }
  | ListType

export interface ListType {
  readonly kind: 'list'
  readonly relation: 'atomic' | 'set' | 'map'
  /** relation map: the fields that tell items apart, with the value an absent one stands for */
  readonly keys: readonly ListKey[]
  readonly element: SchemaType
}

export interface ListKey {
  readonly name: string
  readonly fallback: unknown
}

export interface StructField {
  readonly type: SchemaType
  /** what Go always writes, if only as {} or []: a struct that is not behind a pointer, a list without omitempty */
  readonly isAlwaysPresent: boolean
  readonly patchStrategies: readonly string[]
  readonly patchMergeKey: string | undefined
}

export const LEAF: SchemaType = Object.freeze({ kind: 'leaf' })

/** Messages whose JSON form is not an object of their fields. */
const LEAF_MESSAGES: ReadonlySet<string> = new Set([
  `${META_PACKAGE}.Time`,
  `${META_PACKAGE}.MicroTime`,
  `${META_PACKAGE}.Duration`,
  `${META_PACKAGE}.FieldsV1`,
  'k8s.io.apimachinery.pkg.api.resource.Quantity',
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString',
  'k8s.io.apimachinery.pkg.runtime.RawExtension',
  ANY_JSON,
  ...Object.keys(SCHEMA_UNIONS),
])

/** Structs marked `+structType=atomic` at their type, by name without package. */
const ATOMIC_STRUCTS: ReadonlySet<string> = new Set([
  'ConfigMapKeySelector',
  'CrossVersionObjectReference',
  'EndpointAddress',
  'EndpointPort',
  'FileKeySelector',
  'LabelSelector',
  'LocalObjectReference',
  'MatchResources',
  'NamedRuleWithOperations',
  'NodeSelector',
  'NodeSelectorTerm',
  'ObjectFieldSelector',
  'ObjectReference',
  'OwnerReference',
  'ParamKind',
  'ParamRef',
  'ResourceFieldSelector',
  'RoleRef',
  'ScopeSelector',
  'SecretKeySelector',
  'SecretReference',
  'ServiceBackendPort',
  'Subject',
  'TopologySelectorTerm',
  'TypedLocalObjectReference',
])

/** Keyed lists without omitempty in Go. */
const ALWAYS_WRITTEN_LISTS: ReadonlySet<string> = new Set(['containers'])

const EMPTY_STRUCT: StructType = Object.freeze({ kind: 'struct', isAtomic: false, fields: new Map() })

/**
 * Reads the types of a kind and all it refers to. Messages refer to themselves (JSON schemas), hence the map that
 * is filled while it is read.
 */
function structOf(message: string, known: Map<string, StructType>): StructType {
  const existing = known.get(message)
  if (existing) return existing
  const fields = new Map<string, StructField>()
  const isAtomic = ATOMIC_STRUCTS.has(message.slice(message.lastIndexOf('.') + 1))
  const struct: StructType = { kind: 'struct', isAtomic, fields }
  known.set(message, struct)
  for (const field of jsonFields(message)) fields.set(jsonName(field), structField(field, known))
  return struct
}

function structField(facts: FieldFacts, known: Map<string, StructType>): StructField {
  const type = fieldType(facts, known)
  return {
    type,
    isAlwaysPresent: (type.kind === 'struct' && facts.p === undefined) || ALWAYS_WRITTEN_LISTS.has(facts.n),
    patchStrategies: facts.ps?.split(',') ?? [],
    patchMergeKey: facts.pmk,
  }
}

function fieldType(facts: FieldFacts, known: Map<string, StructType>): SchemaType {
  const isLeaf =
    LEAF_MESSAGES.has(facts.t) || messageFields(facts.t) === undefined || listElement(facts.t) !== undefined
  const base = isLeaf ? LEAF : structOf(facts.t, known)
  if (facts.k !== undefined) return { kind: 'map', isAtomic: facts.mt === 'atomic', element: base }
  if (facts.r !== undefined) return listType(facts, base)
  if (facts.st !== undefined && base.kind === 'struct') return { ...base, isAtomic: facts.st === 'atomic' }
  return facts.mt === 'atomic' && base.kind === 'struct' ? { ...base, isAtomic: true } : base
}

function listType(facts: FieldFacts, element: SchemaType): ListType {
  const relation = facts.lt === 'set' || facts.lt === 'map' ? facts.lt : 'atomic'
  const keys = (facts.lk ?? []).map((name) => ({ name, fallback: fallbackOf(facts.t, name) }))
  return { kind: 'list', relation, keys, element }
}

function fallbackOf(message: string, name: string): unknown {
  const text = jsonFields(message).find((field) => jsonName(field) === name)?.d
  return text === undefined || text.startsWith('ref(') ? undefined : JSON.parse(text)
}

/** Types by kind, each read when first asked for. */
export class SchemaTypes {
  readonly #known = new Map<string, StructType>()

  /** @returns the type of a kind; a struct without known fields, all of them leaves, when the table lacks it */
  ofKind(apiVersion: string, kind: string): StructType {
    const message = messageOfKind(apiVersion, kind)
    return message === undefined ? EMPTY_STRUCT : structOf(message, this.#known)
  }
}

/** @returns the type of a struct's field or a map's entry; a leaf when unknown */
export function childType(type: SchemaType, key: string): SchemaType {
  if (type.kind === 'struct') return type.fields.get(key)?.type ?? LEAF
  return type.kind === 'map' ? type.element : LEAF
}

/** Whether the value is owned and replaced as a whole. */
export function isWhole(type: SchemaType): boolean {
  switch (type.kind) {
    case 'leaf':
      return true
    case 'struct':
    case 'map':
      return type.isAtomic
    case 'list':
      return type.relation === 'atomic'
  }
}
