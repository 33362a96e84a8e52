/**
 * Which lists and maps a schema may describe, for server-side apply to merge them
 * (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go). Pure.
 */

import type { Schema } from '../json-schema/schema.ts'
import { itemSchema } from '../json-schema/schema.ts'
import type { Faults } from '../validation/faults.ts'
import { forbiddenField, invalidValue, notSupported, required, when } from '../validation/faults.ts'

const LIST_TYPES = ['atomic', 'set', 'map']
const MAP_TYPES = ['atomic', 'granular']

export function mapTypeFaults(schema: Schema, at: string): Faults {
  const kind = schema['x-kubernetes-map-type']
  if (kind === undefined) return []
  return [
    ...wrongType(schema, at, 'object', 'x-kubernetes-map-type'),
    ...when(!MAP_TYPES.includes(kind), () => notSupported(`${at}.x-kubernetes-map-type`, kind, MAP_TYPES)),
  ]
}

function wrongType({ type }: Schema, at: string, wanted: string, extension: string): Faults {
  if (type === wanted) return []
  const detail = `must be ${wanted} if ${extension} is specified`
  return [type ? invalidValue(`${at}.type`, type, detail) : required(`${at}.type`, detail)]
}

export function listFaults(schema: Schema, at: string, requiresAtomicSets: boolean): Faults {
  const kind = schema['x-kubernetes-list-type']
  const field = `${at}.x-kubernetes-list-type`
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const keyed = 'must be map if x-kubernetes-list-map-keys is non-empty'
  const wrong = kind === undefined ? [] : wrongType(schema, at, 'array', 'x-kubernetes-list-type')
  return [
    ...wrong,
    ...(wrong.length === 0 && kind === 'set' && requiresAtomicSets ? setFaults(schema, at) : []),
    ...when(kind !== undefined && !LIST_TYPES.includes(kind), () => notSupported(field, kind, LIST_TYPES)),
    ...when(keys.length > 0 && kind !== 'map', () =>
      kind === undefined ? required(field, keyed) : invalidValue(field, kind, keyed),
    ),
    ...(kind === 'map' ? mapFaults(schema, at, keys) : []),
  ]
}

/** Items of a set are compared as a whole. */
function setFaults(schema: Schema, at: string): Faults {
  const items = itemSchema(schema)
  const listType = items?.['x-kubernetes-list-type']
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  return [
    ...when(items?.type === 'array' && listType !== undefined && listType !== 'atomic', () =>
      invalidValue(`${at}.items.x-kubernetes-list-type`, listType, detail),
    ),
    // Upstream shows the list type, which objects have not.
    ...when(items?.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic', () =>
      invalidValue(`${at}.items.x-kubernetes-map-type`, listType, detail),
    ),
  ]
}

function mapFaults({ items: anyItems, ...schema }: Schema, at: string, keys: readonly string[]): Faults {
  const items = itemSchema({ ...schema, items: anyItems })
  const field = `${at}.x-kubernetes-list-map-keys`
  return [
    ...when(keys.length === 0, () => required(field, 'must not be empty if x-kubernetes-list-type is map')),
    ...when(anyItems === undefined, () =>
      required(`${at}.items`, 'must have a schema if x-kubernetes-list-type is map'),
    ),
    ...when(Array.isArray(anyItems), () =>
      invalidValue(
        `${at}.items`,
        anyItems,
        'must only have a single schema if x-kubernetes-list-type is map',
      ),
    ),
    ...when(items !== undefined && items.type !== 'object', () =>
      invalidValue(
        `${at}.items.type`,
        items?.type ?? '',
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    ),
    ...(items?.type === 'object'
      ? keys.flatMap((key, index) => keyFaults(items, at, { keys, key, index }))
      : []),
  ]
}

interface Key {
  readonly keys: readonly string[]
  readonly key: string
  readonly index: number
}

function keyFaults({ properties = {}, type }: Schema, at: string, { keys, key, index }: Key): Faults {
  const field = `${at}.x-kubernetes-list-map-keys`
  const property = Object.hasOwn(properties, key) ? properties[key] : undefined
  return [
    ...when(property === undefined, () =>
      invalidValue(field, keys, 'entries must all be names of item properties'),
    ),
    ...when(property?.type === 'array' || property?.type === 'object', () =>
      invalidValue(
        `${at}.items.properties[${key}].type`,
        type,
        "must be a scalar type if parent array's x-kubernetes-list-type is map",
      ),
    ),
    ...when(keys.indexOf(key) < index, () => invalidValue(field, keys, 'must not contain duplicate entries')),
  ]
}

/** Items that are told from one another are there, and so are their keys. */
export function unkeyedFaults(schema: Schema, at: string): Faults {
  const items = itemSchema(schema)
  const kind = schema['x-kubernetes-list-type']
  if (items === undefined || (kind !== 'set' && kind !== 'map')) return []
  const keys = kind === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : []
  return [
    ...when(items.nullable === true, () =>
      forbiddenField(`${at}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${kind}`),
    ),
    ...keys.flatMap((key) => {
      const { properties = {} } = items
      const property = Object.hasOwn(properties, key) ? properties[key] : undefined
      if (property === undefined) return []
      const field = `${at}.items.properties[${key}]`
      const because = 'this property is in x-kubernetes-list-map-keys, so it'
      const isThere = items.required?.includes(key) || property.default !== undefined
      return [
        ...when(!isThere, () =>
          required(`${field}.default`, `${because} must have a default or be a required property`),
        ),
        ...when(property.nullable === true, () =>
          forbiddenField(`${field}.nullable`, `${because} cannot be nullable`),
        ),
      ]
    }),
  ]
}
