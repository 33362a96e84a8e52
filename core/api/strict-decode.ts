/**
 * From a request's plain value to an object of a kind: known fields with values of the right type stay, nulls go,
 * unknown fields go and are named. Pure; driven by the field table.
 *
 * Wrong types are refused as Go's JSON decoder refuses them; unknown fields are worded as
 * kubernetes/apimachinery pkg/runtime/serializer/json does. Difference: Go matches names without regard to case,
 * here they must match exactly.
 */

import { badRequest } from './api-error.ts'
import type { KubernetesObject } from './object.ts'
import type { ResourceInfo } from './resource.ts'
import { apiVersionOf } from './resource.ts'
import type { FieldFacts } from './schema/field-table.ts'
import { jsonFields, jsonName, META_PACKAGE, messageFields, messageOfKind } from './schema/field-table.ts'

export const FIELD_VALIDATIONS = ['Ignore', 'Warn', 'Strict'] as const
export type FieldValidation = (typeof FIELD_VALIDATIONS)[number]

export interface Decoded {
  readonly object: KubernetesObject
  /** `unknown field "spec.foo"`, in the order met */
  readonly problems: readonly string[]
}

/** @throws ApiError BadRequest when a value has the wrong type */
export function strictDecode(resource: ResourceInfo, body: unknown): Decoded {
  const message = messageOfKind(apiVersionOf(resource), resource.kind)
  if (message === undefined) throw new Error(`the field table has no ${resource.kind}`)
  const walk: Walk = { kind: resource.kind, problems: [] }
  const value = decodeStruct(message, body, { ...walk, path: '', top: true })
  return { object: value as unknown as KubernetesObject, problems: walk.problems }
}

interface Walk {
  readonly kind: string
  readonly problems: string[]
}
interface Place extends Walk {
  readonly path: string
  readonly top?: boolean
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function decodeStruct(message: string, value: unknown, place: Place): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw wrongType(value, shortName(message), place)
  const fields = fieldsByName(message)
  const decoded: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(value)) {
    const path = place.path === '' ? name : `${place.path}.${name}`
    if (place.top && (name === 'apiVersion' || name === 'kind')) {
      decoded[name] = inner
      continue
    }
    const field = fields.get(name)
    if (field === undefined) {
      place.problems.push(`unknown field ${JSON.stringify(path)}`)
      continue
    }
    if (inner === null || inner === undefined) continue
    decoded[name] = decodeField(field, inner, { kind: place.kind, problems: place.problems, path })
  }
  return decoded
}

function fieldsByName(message: string): ReadonlyMap<string, FieldFacts> {
  return new Map(jsonFields(message).map((field) => [jsonName(field), field]))
}

function decodeField(field: FieldFacts, value: unknown, place: Place): unknown {
  if (field.k !== undefined) {
    if (!isRecord(value)) throw wrongType(value, `map[string]${goType(field.t)}`, place)
    const entries = Object.entries(value).filter(([, inner]) => inner !== null)
    return Object.fromEntries(
      entries.map(([key, inner]) => [
        key,
        decodeOne(field.t, inner, { ...place, path: `${place.path}.${key}` }),
      ]),
    )
  }
  if (field.r !== undefined) {
    if (!Array.isArray(value)) throw wrongType(value, `[]${goType(field.t)}`, place)
    return value.map((inner, index) =>
      decodeOne(field.t, inner, { ...place, path: `${place.path}[${index}]` }),
    )
  }
  return decodeOne(field.t, value, place)
}

/** One value of a scalar, special or struct type. */
function decodeOne(type: string, value: unknown, place: Place): unknown {
  const scalar = SCALARS[type] ?? SPECIAL[type]
  if (scalar !== undefined) {
    const decoded = scalar(value)
    if (decoded === undefined) throw wrongType(value, goType(type), place)
    return decoded
  }
  return messageFields(type) === undefined ? value : decodeStruct(type, value ?? {}, place)
}

type Scalar = (value: unknown) => unknown

const text: Scalar = (value) => (typeof value === 'string' ? value : undefined)
const integer: Scalar = (value) => (typeof value === 'number' && Number.isInteger(value) ? value : undefined)
const raw: Scalar = (value) => value

const SCALARS: Readonly<Record<string, Scalar>> = {
  string: text,
  // base64; Go refuses what is not, and so do we
  bytes: (value) =>
    typeof value === 'string' && /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value) ? value : undefined,
  bool: (value) => (typeof value === 'boolean' ? value : undefined),
  int32: integer,
  int64: integer,
  double: (value) => (typeof value === 'number' ? value : undefined),
}

const SPECIAL: Readonly<Record<string, Scalar>> = {
  [`${META_PACKAGE}.Time`]: text,
  [`${META_PACKAGE}.MicroTime`]: text,
  [`${META_PACKAGE}.Duration`]: text,
  [`${META_PACKAGE}.FieldsV1`]: raw,
  [`${META_PACKAGE}.Verbs`]: raw,
  'k8s.io.apimachinery.pkg.api.resource.Quantity': (value) =>
    typeof value === 'number' ? String(value) : text(value),
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': (value) => text(value) ?? integer(value),
  'k8s.io.apimachinery.pkg.runtime.RawExtension': raw,
}

const shortName = (message: string): string => message.slice(message.lastIndexOf('.') + 1)

function goType(type: string): string {
  const scalars: Readonly<Record<string, string>> = { bytes: '[]uint8', double: 'float64' }
  if (type.includes('.')) return `v1.${shortName(type)}`
  return scalars[type] ?? type
}

/** `json: cannot unmarshal string into Go struct field Service.spec.ports[0].port of type int32` */
function wrongType(value: unknown, type: string, place: Place): Error {
  const found = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value
  const named = found === 'boolean' ? 'bool' : found
  const what = `json: cannot unmarshal ${named} into Go struct field ${place.kind}.${place.path} of type ${type}`
  return badRequest(`${place.kind} in version "v1" cannot be handled as a ${place.kind}: ${what}`)
}
