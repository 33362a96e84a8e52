/**
 * What is known of every field of every API message: names, protobuf numbers, merge keys. One table for protobuf
 * bodies, OpenAPI documents and anything else that walks objects by type. Pure; read once on import.
 *
 * The facts are those of `generated.proto` in kubernetes/api and kubernetes/apimachinery.
 */

import facts from './fields.json' with { type: 'json' }

/** One field of a message; the short names are those of fields.json. */
export interface FieldFacts {
  /** name in the proto file */ readonly n: string
  /** name in JSON where it differs */ readonly j?: string
  /** protobuf field number */ readonly i: number
  /** scalar, or full name of a message */ readonly t: string
  /** repeated */ readonly r?: 1
  /** key type of a map */ readonly k?: string
  /** optional */ readonly o?: 1
  /** a pointer in Go: presence has a meaning of its own */ readonly p?: 1
  /** its fields belong to the parent in JSON */ readonly inl?: 1
  /** patch strategies, joined by commas */ readonly ps?: string
  /** patch merge key */ readonly pmk?: string
  /** x-kubernetes-list-type */ readonly lt?: string
  /** x-kubernetes-list-map-keys */ readonly lk?: readonly string[]
  /** x-kubernetes-map-type */ readonly mt?: string
  /** granular or atomic struct */ readonly st?: string
  /** default, as JSON text */ readonly d?: string
}

export const META_PACKAGE = 'k8s.io.apimachinery.pkg.apis.meta.v1'

const FIELDS = facts as unknown as Readonly<Record<string, readonly FieldFacts[]>>

/** @returns the fields of a message in proto order, inline members not yet unfolded; undefined: no such message */
export function messageFields(message: string): readonly FieldFacts[] | undefined {
  return Object.hasOwn(FIELDS, message) ? FIELDS[message] : undefined
}

/** @returns what a message that only holds a list (`Verbs`, `ExtraValue`) holds: in JSON it is that list */
export function listElement(message: string): FieldFacts | undefined {
  const fields = messageFields(message)
  const [only] = fields ?? []
  return fields?.length === 1 && only?.n === 'items' && only.r === 1 && !only.t.includes('.')
    ? only
    : undefined
}

const SCHEMA_PACKAGE = 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1'
/** The message of JSON schemas in CustomResourceDefinitions. */
export const JSON_SCHEMA = `${SCHEMA_PACKAGE}.JSONSchemaProps`
/** Any JSON value. */
export const ANY_JSON = `${SCHEMA_PACKAGE}.JSON`
/** Messages that are in JSON either a schema or something else, with the field that holds the latter. */
export const SCHEMA_UNIONS: Readonly<
  Record<string, { readonly field: string; readonly isOther: (value: unknown) => boolean }>
> = {
  [`${SCHEMA_PACKAGE}.JSONSchemaPropsOrBool`]: {
    field: 'allows',
    isOther: (value) => typeof value === 'boolean',
  },
  [`${SCHEMA_PACKAGE}.JSONSchemaPropsOrArray`]: { field: 'jSONSchemas', isOther: Array.isArray },
  [`${SCHEMA_PACKAGE}.JSONSchemaPropsOrStringArray`]: { field: 'property', isOther: Array.isArray },
}

/** @returns the fields as JSON shows them: inline members take the place of the field that holds them */
export function jsonFields(message: string): readonly FieldFacts[] {
  const fields = messageFields(message) ?? []
  return fields.flatMap((field) => (field.inl === 1 ? jsonFields(field.t) : [field]))
}

const BY_JSON_NAME: ReadonlyMap<string, ReadonlyMap<string, FieldFacts>> = new Map(
  Object.keys(FIELDS).map((message) => [
    message,
    new Map(jsonFields(message).map((field) => [jsonName(field), field])),
  ]),
)

const NO_FIELDS: ReadonlyMap<string, FieldFacts> = new Map()

/** @returns the fields as JSON shows them, by their names; none when there is no such message */
export function fieldsByJsonName(message: string): ReadonlyMap<string, FieldFacts> {
  return BY_JSON_NAME.get(message) ?? NO_FIELDS
}

/** @returns the field's name in JSON */
export function jsonName(field: FieldFacts): string {
  return field.j ?? field.n
}

/**
 * @param apiVersion `v1`, `apps/v1`
 * @returns `k8s.io.api.apps.v1.Deployment`; undefined when the table does not know the kind
 */
export function messageOfKind(apiVersion: string, kind: string): string | undefined {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion]
  const name = group?.split('.')[0]
  const candidates = [
    `k8s.io.api.${name}.${version}.${kind}`,
    `k8s.io.apiextensions_apiserver.pkg.apis.${name}.${version}.${kind}`,
    `k8s.io.kube_aggregator.pkg.apis.${name}.${version}.${kind}`,
    `${META_PACKAGE}.${kind}`,
  ]
  return candidates.find((message) => messageFields(message) !== undefined)
}
