/**
 * From a request's plain value to an object of a kind: known fields with values of the right type stay; nulls and
 * unknown fields go, the latter are named; what Go would leave out when it prints the object (empty lists and maps,
 * zero values of optional fields that are no pointers) goes too, so that what is stored is what upstream would show.
 * Pure; driven by the field table.
 *
 * Wrong types are refused as Go's JSON decoder refuses them, unknown fields worded as
 * kubernetes/apimachinery pkg/runtime/serializer/json words them. Difference: upstream names Go's string types
 * (`v1.ServiceType`), which the field table does not know; here they are `string`.
 */

import { badRequest, isApiError } from './api-error.ts'
import type { KubernetesObject } from './object.ts'
import { canonicalQuantity, QUANTITY_FORMAT } from './quantity.ts'
import type { ResourceInfo } from './resource.ts'
import { apiVersionOf } from './resource.ts'
import type { FieldFacts } from './schema/field-table.ts'
import {
  ANY_JSON,
  fieldsByJsonName,
  JSON_SCHEMA,
  listElement,
  META_PACKAGE,
  messageFields,
  messageOfKind,
  SCHEMA_UNIONS,
} from './schema/field-table.ts'
import { isTimestamp } from './timestamp.ts'
import { emptyStruct, isLeftOut, zeroFields, zeroOf } from './zero-values.ts'

export const FIELD_VALIDATIONS = ['Ignore', 'Warn', 'Strict'] as const
export type FieldValidation = (typeof FIELD_VALIDATIONS)[number]

/** All that decoding needs to know of a resource. */
export type KindName = Pick<ResourceInfo, 'group' | 'version' | 'kind'>

export interface Decoded {
  readonly object: KubernetesObject
  /** `unknown field "spec.foo"`, in the order met */
  readonly problems: readonly string[]
}

export interface DecodeOptions {
  /** neither to add the zeros that Go prints nor to drop those it does not print: what is said is what is meant */
  readonly asGiven?: boolean | undefined
}

/** @throws ApiError BadRequest when a value has the wrong type */
export function strictDecode(
  resource: KindName,
  body: unknown,
  { asGiven = false }: DecodeOptions = {},
): Decoded {
  const message = messageOfKind(apiVersionOf(resource), resource.kind)
  if (message === undefined) throw new Error(`the field table has no ${resource.kind}`)
  const walk: Walk = { resource, problems: [], asGiven }
  const root: Place = { struct: resource.kind, goPath: '', path: '' }
  const value = decodeStruct(message, body, root, walk)
  const { apiVersion, kind } = body as KubernetesObject
  const specField = fieldsByJsonName(message).get('spec')
  const isSpecMissing = !asGiven && specField !== undefined && specField.p === undefined && !value['spec']
  const spec = isSpecMissing ? { spec: emptyStruct(specField.t) } : {}
  const object = { apiVersion, kind, ...value, ...spec }
  return { object: object as unknown as KubernetesObject, problems: walk.problems }
}

/**
 * A value of one of the field table's messages, from a text inside an object.
 * @returns undefined when it, or a value in it, has the wrong type
 */
export function decodeMessage(
  message: string,
  value: unknown,
): Readonly<Record<string, unknown>> | undefined {
  const walk: Walk = { resource: { group: '', version: '', kind: message }, problems: [], asGiven: false }
  try {
    return decodeStruct(message, value, { struct: message, goPath: '', path: '' }, walk)
  } catch (error) {
    if (isApiError(error, 'BadRequest')) return undefined
    throw error
  }
}

interface Walk {
  readonly resource: KindName
  readonly problems: string[]
  readonly asGiven: boolean
}

/** Where a value stands. */
interface Place {
  /** the Go struct the field is in: `ServicePort` */
  readonly struct: string
  /** as Go's decoder says it, without indexes: `spec.ports.port` */
  readonly goPath: string
  /** as upstream's strict errors say it: `spec.ports[0].port` */
  readonly path: string
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

function decodeStruct(
  message: string,
  value: unknown,
  place: Place,
  walk: Walk,
): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw wrongType(value, goType(message), place, walk)
  const fields = fieldsByJsonName(message)
  const struct = shortName(message)
  const decoded: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(value)) {
    const at: Place = { struct, goPath: joined(place.goPath, name), path: joined(place.path, name) }
    const field = fields.get(name)
    if (field === undefined) noteUnknown(name, at, walk)
    else if (inner !== null && inner !== undefined) {
      const result = decodeField(field, inner, at, walk)
      if (walk.asGiven || !isLeftOut({ message, name, field }, result)) decoded[name] = result
    }
  }
  if (walk.asGiven) return decoded
  for (const [name, zero] of zeroFields(message)) if (!(name in decoded)) decoded[name] = zero
  return decoded
}

function noteUnknown(name: string, at: Place, walk: Walk): void {
  const isTypeMeta = at.path === name && (name === 'apiVersion' || name === 'kind')
  if (!isTypeMeta) walk.problems.push(`unknown field ${JSON.stringify(at.path)}`)
}

function decodeField(field: FieldFacts, value: unknown, place: Place, walk: Walk): unknown {
  if (field.k !== undefined) {
    if (!isRecord(value)) throw wrongType(value, `map[string]${goType(field.t)}`, place, walk)
    const entries = Object.entries(value).map(([key, inner]) => {
      const at = { ...place, path: joined(place.path, key) }
      return [key, decodeElement(field.t, inner, at, walk)] as const
    })
    return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined))
  }
  if (field.r !== undefined) {
    if (!Array.isArray(value)) throw wrongType(value, `[]${goType(field.t)}`, place, walk)
    return value.map((inner, index) => {
      const at = { ...place, path: `${place.path}[${index}]` }
      return decodeElement(field.t, inner, at, walk)
    })
  }
  return decodeOne(field.t, value, place, walk)
}

/** An element of a list or map: null is the zero of its type, as in Go. */
function decodeElement(type: string, value: unknown, place: Place, walk: Walk): unknown {
  if (value !== null) return decodeOne(type, value, place, walk)
  if (type === ANY_JSON) return null
  return type in SPECIAL ? '' : (zeroOf(type) ?? {})
}

/** One value of a scalar, special or struct type. */
function decodeOne(type: string, value: unknown, place: Place, walk: Walk): unknown {
  const special = SPECIAL[type]
  if (special !== undefined) {
    const result = special(value)
    if ('value' in result) return result.value
    if ('refusal' in result) throw unhandled(result.refusal, walk)
    throw wrongType(value, result.goType, place, walk)
  }
  const union = SCHEMA_UNIONS[type]
  if (union !== undefined) return union.isOther(value) ? value : decodeStruct(JSON_SCHEMA, value, place, walk)
  const item = listElement(type)
  if (item !== undefined) {
    if (!Array.isArray(value)) throw wrongType(value, `[]${goType(item.t)}`, place, walk)
    return value.map((inner) => decodeElement(item.t, inner, place, walk))
  }
  if (type === 'bytes' && typeof value === 'string') {
    const fault = base64Fault(value)
    if (fault !== undefined) throw unhandled(`illegal base64 data at input byte ${fault}`, walk)
  }
  const scalar = SCALARS[type]
  if (scalar === undefined)
    return messageFields(type) === undefined ? value : decodeStruct(type, value, place, walk)
  if (!scalar.accepts(value)) throw wrongType(value, goType(type), place, walk)
  return value
}

interface Scalar {
  readonly accepts: (value: unknown) => boolean
}

const integer = (limit: number): Scalar => ({
  accepts: (value) => Number.isInteger(value) && Math.abs(value as number) <= limit,
})

const SCALARS: Readonly<Record<string, Scalar>> = {
  string: { accepts: (value) => typeof value === 'string' },
  bytes: { accepts: (value) => typeof value === 'string' },
  bool: { accepts: (value) => typeof value === 'boolean' },
  int32: integer(2 ** 31 - 1),
  int64: integer(Number.MAX_SAFE_INTEGER),
  double: { accepts: (value) => typeof value === 'number' },
}

/** @returns where Go's encoding/base64 would stop; undefined when it reads all */
function base64Fault(text: string): number | undefined {
  const end = text.search(/[^A-Za-z0-9+/\r\n]/)
  const digits = (end < 0 ? text : text.slice(0, end)).replaceAll(/[\r\n]/g, '').length
  // The last group of four begins with the digits that are no whole group.
  if (end < 0) return digits % 4 === 0 ? undefined : text.length - (digits % 4)
  if (text[end] !== '=' || digits % 4 < 2) return end
  const wanted = digits % 4 === 2 ? /^=[\r\n]*=[\r\n]*/ : /^=[\r\n]*/
  const padding = wanted.exec(text.slice(end))
  if (padding === null) return /^=[\r\n]*$/.test(text.slice(end)) ? text.length : end
  const after = end + padding[0].length
  return after === text.length ? undefined : after
}

/** The value as it is kept, or why it is not: a text of its own, or that it is not of this Go type. */
type SpecialResult = { readonly value: unknown } | { readonly refusal: string } | { readonly goType: string }

const raw = (value: unknown): SpecialResult => ({ value })

const time =
  (layout: string) =>
  (value: unknown): SpecialResult => {
    if (typeof value !== 'string') return { goType: 'string' }
    if (isTimestamp(value)) return { value }
    const quoted = JSON.stringify(value)
    return { refusal: `parsing time ${quoted} as "${layout}": cannot parse ${quoted} as "2006"` }
  }

function quantity(value: unknown): SpecialResult {
  const isText = typeof value === 'string' || typeof value === 'number'
  const canonical = isText ? canonicalQuantity(String(value).trim()) : undefined
  return canonical === undefined ? { refusal: QUANTITY_FORMAT } : { value: canonical }
}

function intOrString(value: unknown): SpecialResult {
  if (typeof value === 'string' || SCALARS['int32']?.accepts(value)) return { value }
  return { refusal: `json: cannot unmarshal ${goValue(value)} into Go value of type int32` }
}

const QUANTITY = 'k8s.io.apimachinery.pkg.api.resource.Quantity'

const SPECIAL: Readonly<Record<string, (value: unknown) => SpecialResult>> = {
  [`${META_PACKAGE}.Time`]: time('2006-01-02T15:04:05Z07:00'),
  [`${META_PACKAGE}.MicroTime`]: time('2006-01-02T15:04:05.000000Z07:00'),
  [`${META_PACKAGE}.Duration`]: (value) => (typeof value === 'string' ? { value } : { goType: 'string' }),
  [`${META_PACKAGE}.FieldsV1`]: raw,
  [QUANTITY]: quantity,
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': intOrString,
  'k8s.io.apimachinery.pkg.runtime.RawExtension': raw,
  [ANY_JSON]: raw,
}

const shortName = (message: string): string => message.slice(message.lastIndexOf('.') + 1)

function goType(type: string): string {
  const scalars: Readonly<Record<string, string>> = { bytes: '[]uint8', double: 'float64' }
  if (!type.includes('.')) return scalars[type] ?? type
  const [name, packageName] = type.split('.').toReversed()
  return `${packageName}.${name}`
}

/** What Go calls the JSON value: `string`, `object`, `number 1.5`. */
function goValue(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : `number ${value}`
  return value === null ? 'null' : typeof value
}

/** `json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32` */
function wrongType(value: unknown, type: string, place: Place, walk: Walk): Error {
  const isNumber = typeof value === 'number' && /^(int|float)/.test(type)
  const what = isNumber ? `number ${value}` : typeof value === 'number' ? 'number' : goValue(value)
  const into = place.goPath === '' ? `value` : `struct field ${place.struct}.${place.goPath}`
  return unhandled(`json: cannot unmarshal ${what} into Go ${into} of type ${type}`, walk)
}

function unhandled(why: string, { resource }: Walk): Error {
  const { kind, version } = resource
  return badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`)
}

/** What strictDecode found, without the kind that it was decoding. */
export const decodingFault = (error: Error): string =>
  error.message.replace(/^.* cannot be handled as an? \S+: /, '')
