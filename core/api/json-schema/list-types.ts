/**
 * Whether sets have each value once and lists with keys each combination of keys
 * (kubernetes/apiextensions-apiserver pkg/apiserver/schema/listtype/validation.go). Pure.
 */

import type { FieldError } from '../field-error.ts'
import { duplicate, invalidValue } from '../validation/faults.ts'
import type { JsonObject, Schema } from './schema.ts'
import { childPath, isJsonObject, itemPath, itemSchema, sortedJson, valueSchema } from './schema.ts'

type Faults = readonly FieldError[]

/** @param path of the value; '' for the whole object */
export function listTypeFaults(value: unknown, schema: Schema, path = ''): Faults {
  if (Array.isArray(value)) return listFaults(value, schema, path)
  if (!isJsonObject(value)) return []
  const { properties = {} } = schema
  const values = valueSchema(schema)
  return Object.entries(value).flatMap(([name, member]) => [
    ...(values ? listTypeFaults(member, values, `${path}[${name}]`) : []),
    ...(Object.hasOwn(properties, name)
      ? listTypeFaults(member, properties[name] ?? {}, childPath(path, name))
      : []),
  ])
}

function listFaults(list: readonly unknown[], schema: Schema, path: string): Faults {
  const items = itemSchema(schema)
  const kind = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  return [
    ...(kind === 'set' ? repeatedFaults(list, path) : []),
    ...(kind === 'map' ? mapFaults(list, keys, path) : []),
    ...(items ? list.flatMap((item, index) => listTypeFaults(item, items, itemPath(path, index))) : []),
  ]
}

/** A value that is there three times is told of once. */
function repeatedFaults(list: readonly unknown[], path: string): Faults {
  const times = new Map<string, number>()
  return list.flatMap((item, index) => {
    const text = JSON.stringify(sortedJson(item))
    const count = times.get(text) ?? 0
    times.set(text, count + 1)
    return count === 1 ? [duplicate(itemPath(path, index), sortedJson(item))] : []
  })
}

function mapFaults(list: readonly unknown[], keys: readonly string[], path: string): Faults {
  const odd = list.findIndex((item) => item !== null && !isJsonObject(item))
  if (odd >= 0)
    return [
      invalidValue(
        itemPath(path, odd),
        sortedJson(list[odd]),
        'must be an object for an array of list-type map',
      ),
    ]
  const identities = list.map((item): JsonObject => {
    const known = isJsonObject(item) ? item : {}
    const named = keys.filter((key) => Object.hasOwn(known, key)).toSorted()
    return Object.fromEntries(named.map((key) => [key, known[key]]))
  })
  return repeatedFaults(identities, path)
}
