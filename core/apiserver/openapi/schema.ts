/**
 * The types of the API as JSON Schema definitions, named as upstream names them (io.k8s.api.core.v1.Pod), from the
 * field table. Pure. OpenAPI v2 uses them as they are, v3 after a change of form.
 *
 * kubernetes/kube-openapi pkg/generators; the x-kubernetes-* extensions are what kubectl merges and explains by.
 * Differs: few fields have a description (./descriptions.ts).
 */

import type { ResourceInfo } from '../../api/resource.ts'
import { API_VERSION, KIND, describedField, describedType } from './descriptions.ts'
import { openApiFacts } from '../../api/schema/openapi-facts.ts'
import { apiVersionOf } from '../../api/resource.ts'
import type { FieldFacts } from '../../api/schema/field-table.ts'
import { unionExtension } from './unions.ts'
import {
  ANY_JSON,
  META_PACKAGE,
  SCHEMA_UNIONS,
  jsonFields,
  jsonName,
  listElement,
  messageOfKind,
} from '../../api/schema/field-table.ts'

export interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly format?: string
  readonly description?: string
  readonly default?: unknown
  readonly title?: string
  readonly multipleOf?: number
  readonly maximum?: number
  readonly exclusiveMaximum?: boolean
  readonly minimum?: number
  readonly exclusiveMinimum?: boolean
  readonly maxLength?: number
  readonly minLength?: number
  readonly pattern?: string
  readonly maxItems?: number
  readonly minItems?: number
  readonly uniqueItems?: boolean
  readonly maxProperties?: number
  readonly minProperties?: number
  readonly enum?: readonly unknown[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema | true
  readonly [extension: `x-kubernetes-${string}`]: unknown
}

/** By definition name. */
export type Definitions = ReadonlyMap<string, Schema>

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

const SCALARS: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  bytes: { type: 'string', format: 'byte' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
}

/** Types whose JSON is no object of their fields. */
const SPECIAL: Readonly<Record<string, Schema>> = {
  [`${META_PACKAGE}.Time`]: { type: 'string', format: 'date-time' },
  [`${META_PACKAGE}.MicroTime`]: { type: 'string', format: 'date-time' },
  [`${META_PACKAGE}.Duration`]: { type: 'string' },
  [`${META_PACKAGE}.FieldsV1`]: { type: 'object' },
  'k8s.io.apimachinery.pkg.runtime.RawExtension': { type: 'object' },
  'k8s.io.apimachinery.pkg.api.resource.Quantity': { type: 'string' },
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': { type: 'string', format: 'int-or-string' },
  // Anything, as upstream publishes them.
  [ANY_JSON]: {},
  ...Object.fromEntries(Object.keys(SCHEMA_UNIONS).map((message) => [message, {}])),
}

/** `k8s.io.api.core.v1.Pod` is defined as `io.k8s.api.core.v1.Pod`. */
export function definitionName(message: string): string {
  return message
    .replace(/^k8s\.io\./, 'io.k8s.')
    .replace('apiextensions_apiserver', 'apiextensions-apiserver')
    .replace('kube_aggregator', 'kube-aggregator')
}

export const OBJECT_META = `${META_PACKAGE}.ObjectMeta`
export const LIST_META = `${META_PACKAGE}.ListMeta`
const STATUS = `${META_PACKAGE}.Status`
const DELETE_OPTIONS = `${META_PACKAGE}.DeleteOptions`

/**
 * @param custom definitions the field table does not know
 * @returns these, the definitions of the resources' kinds and lists, and of all types they are made of
 */
export function definitionsOf(
  resources: readonly ResourceInfo[],
  custom: readonly (readonly [string, Schema])[] = [],
): Definitions {
  const kinds = kindsOf(resources)
  const found = new Map<string, Schema>(custom)
  const pending = [
    ...kinds.keys(),
    STATUS,
    DELETE_OPTIONS,
    ...(custom.length > 0 ? [OBJECT_META, LIST_META] : []),
  ]
  for (let message = pending.pop(); message !== undefined; message = pending.pop()) {
    const name = definitionName(message)
    if (found.has(name)) continue
    found.set(name, definition(message, kinds.get(message)))
    if (SPECIAL[message] !== undefined) continue
    pending.push(...jsonFields(message).flatMap(({ t }) => (t in SCALARS ? [] : [t])))
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function kindsOf(resources: readonly ResourceInfo[]): ReadonlyMap<string, GroupVersionKind> {
  const kinds = new Map<string, GroupVersionKind>([
    [STATUS, { group: '', version: 'v1', kind: 'Status' }],
    [DELETE_OPTIONS, { group: '', version: 'v1', kind: 'DeleteOptions' }],
  ])
  for (const { group, version, kind, subresources } of resources) {
    const own = [kind, `${kind}List`].map((each) => ({ group, version, kind: each }))
    const subs = subresources.map((sub) => ({
      group: sub.group ?? group,
      version: sub.version ?? version,
      kind: sub.kind,
    }))
    for (const each of [...own, ...subs]) {
      const message = messageOfKind(apiVersionOf(each), each.kind)
      if (message !== undefined) kinds.set(message, each)
    }
  }
  return kinds
}

function definition(message: string, kind: GroupVersionKind | undefined): Schema {
  const special = SPECIAL[message]
  if (special !== undefined) return special
  const fields = jsonFields(message)
  const { required = [], values = {}, isAtomic } = openApiFacts(message)
  const typeMeta: [string, Schema][] = kind
    ? [
        ['apiVersion', { type: 'string', description: API_VERSION }],
        ['kind', { type: 'string', description: KIND }],
      ]
    : []
  const properties = [
    ...typeMeta,
    ...fields.map((field): [string, Schema] => {
      const name = jsonName(field)
      const of = { values: values[name], isRequired: required.includes(name) }
      return [name, { ...described(describedField(message, name, field.t)), ...fieldSchema(field, of) }]
    }),
  ]
  return {
    ...described(describedType(message)),
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    ...(properties.length > 0 ? { properties: Object.fromEntries(properties) } : {}),
    ...(isAtomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    ...(kind ? { 'x-kubernetes-group-version-kind': [kind] } : {}),
    ...unionExtension(message),
  }
}

const described = (description: string | undefined): Schema =>
  description === undefined ? {} : { description }

interface Of {
  /** which the field, or each of its elements, may have */
  readonly values: readonly string[] | undefined
  readonly isRequired: boolean
}

function fieldSchema(field: FieldFacts, { values, isRequired }: Of): Schema {
  const scalar = SCALARS[field.t]
  const element: Schema = scalar
    ? { ...scalar, ...(values ? { enum: values } : {}) }
    : (wrappedList(field.t) ?? { $ref: `#/definitions/${definitionName(field.t)}` })
  // What is always written has a zero value, and so has every element.
  const zero = zeroOf(field.t)
  const ofElement = zero === undefined ? {} : { default: zero }
  const isWritten = scalar ? isRequired : field.p !== 1
  const form: Schema =
    field.k !== undefined
      ? { type: 'object', additionalProperties: { ...element, ...ofElement } }
      : field.r === 1
        ? { type: 'array', items: { ...element, ...ofElement } }
        : { ...element, ...(isWritten ? ofElement : {}) }
  return { ...form, ...defaultOf(field), ...extensions(field) }
}

const ZEROS: Readonly<Record<string, unknown>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  double: 0,
}

/** Of what is a text or anything in JSON, there is none. */
const zeroOf = (type: string): unknown =>
  ZEROS[type] ?? (type in SCALARS || SPECIAL[type] || wrappedList(type) ? undefined : {})

/** Messages that only hold a list (`Verbs`) are that list in JSON. */
function wrappedList(type: string): Schema | undefined {
  const only = listElement(type)
  return only && { type: 'array', items: SCALARS[only.t] ?? { type: 'object' } }
}

/** Some defaults name a Go constant, `ref(...)`, whose value the table does not have. */
function defaultOf({ d: text }: FieldFacts): Schema {
  return text === undefined || text.startsWith('ref(') ? {} : { default: JSON.parse(text) as unknown }
}

function extensions(field: FieldFacts): Schema {
  return {
    ...(field.lk ? { 'x-kubernetes-list-map-keys': field.lk } : {}),
    ...(field.lt ? { 'x-kubernetes-list-type': field.lt } : {}),
    ...(field.mt ? { 'x-kubernetes-map-type': field.mt } : {}),
    ...(field.pmk ? { 'x-kubernetes-patch-merge-key': field.pmk } : {}),
    ...(field.ps ? { 'x-kubernetes-patch-strategy': field.ps } : {}),
  }
}
