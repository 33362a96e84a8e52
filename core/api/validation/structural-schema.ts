/**
 * Whether a schema is structural: says of every value what it is, so that objects can be pruned and merged by it.
 * kubernetes/apiextensions-apiserver pkg/apiserver/schema/validation.go, pkg/apis/apiextensions/validation. Pure.
 */

import type { Schema } from '../json-schema/schema.ts'
import { isIntOrString, itemSchema, keepsUnknown, valueSchema } from '../json-schema/schema.ts'
import { compiledPattern } from '../json-schema/re2.ts'
import { schemaFaults } from '../json-schema/validate.ts'
import { pruned } from '../json-schema/prune.ts'
import type { Faults } from './faults.ts'
import { TYPES, validateQuantifiers } from './schema-quantifiers.ts'
import { validateRules } from './schema-rules.ts'
import { forbiddenField, invalidValue, notSupported, required, when } from './faults.ts'

const LIST_TYPES = ['atomic', 'set', 'map']
const MAP_TYPES = ['atomic', 'granular']
const MAX_DEPTH = 200

/** @param at path of the schema in its definition */
export function validateStructuralSchema(schema: Schema, at: string): Faults {
  return [
    ...when(schema.type !== 'object', () =>
      schema.type
        ? invalidValue(`${at}.type`, schema.type, 'must be object at the root')
        : required(`${at}.type`, 'must not be empty at the root'),
    ),
    ...when(schema.nullable === true, () =>
      forbiddenField(`${at}.nullable`, 'nullable cannot be true at the root'),
    ),
    ...metadataFaults(schema, at),
    ...nodeFaults(schema, at, { depth: 0, what: 'root' }),
  ]
}

/** Of metadata a schema may say name and generateName alone. */
function metadataFaults({ properties = {} }: Schema, at: string): Faults {
  const field = `${at}.properties[metadata]`
  const { metadata } = properties
  const others = Object.keys(metadata?.properties ?? {}).filter(
    (name) => !['name', 'generateName'].includes(name),
  )
  return when(others.length > 0, () =>
    forbiddenField(
      `${field}.properties`,
      'must not specify anything other than name and generateName, but metadata is implicitly specified',
    ),
  )
}

/** Where in a schema another stands: how deep, and as what. */
interface Level {
  readonly depth: number
  readonly what: 'root' | 'object fields' | 'array items'
}

function nodeFaults(schema: Schema, at: string, { depth, what }: Level): Faults {
  const below = (part: Level['what']): Level => ({ depth: depth + 1, what: part })
  if (depth > MAX_DEPTH) return [forbiddenField(at, 'the schema is nested too deeply')]
  const items = itemSchema(schema)
  const values = valueSchema(schema)
  return [
    ...typeFaults(schema, at, what),
    ...forbiddenFaults(schema, at),
    ...listFaults(schema, at),
    ...validateRules(schema, at),
    ...validateQuantifiers(schema, at),
    ...when(
      schema['x-kubernetes-map-type'] !== undefined && !MAP_TYPES.includes(schema['x-kubernetes-map-type']),
      () => notSupported(`${at}.x-kubernetes-map-type`, schema['x-kubernetes-map-type'], MAP_TYPES),
    ),
    ...when(schema.pattern && compiledPattern(schema.pattern) === undefined, () =>
      invalidValue(`${at}.pattern`, schema.pattern, 'must be a valid regular expression'),
    ),
    ...defaultFaults(schema, at),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
      nodeFaults(member, `${at}.properties[${name}]`, below('object fields')),
    ),
    ...(items ? nodeFaults(items, `${at}.items`, below('array items')) : []),
    ...(values ? nodeFaults(values, `${at}.additionalProperties`, below('object fields')) : []),
  ]
}

function typeFaults(schema: Schema, at: string, what: Level['what']): Faults {
  const { type } = schema
  if (!type) {
    // Of the root it has been told already.
    const isSaid = what === 'root' || isIntOrString(schema) || keepsUnknown(schema)
    return when(!isSaid, () => required(`${at}.type`, `must not be empty for specified ${what}`))
  }
  return when(!TYPES.includes(type), () => notSupported(`${at}.type`, type, TYPES))
}

function forbiddenFaults(schema: Schema, at: string): Faults {
  const { properties = {}, additionalProperties } = schema
  return [
    ...when(schema.uniqueItems === true, () =>
      forbiddenField(
        `${at}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    ),
    ...when(schema.type === 'array' && schema.items === undefined, () =>
      required(`${at}.items`, 'must be specified'),
    ),
    ...when(Array.isArray(schema.items), () =>
      forbiddenField(`${at}.items`, 'items must be a schema object and not an array'),
    ),
    ...when(additionalProperties === false, () =>
      forbiddenField(`${at}.additionalProperties`, 'additionalProperties cannot be set to false'),
    ),
    ...when(additionalProperties !== undefined && Object.keys(properties).length > 0, () =>
      forbiddenField(
        `${at}.additionalProperties`,
        'additionalProperties and properties are mutual exclusive',
      ),
    ),
    ...when(schema.$ref, () => forbiddenField(`${at}.$ref`, '$ref is not supported')),
    ...when(schema.definitions !== undefined, () =>
      forbiddenField(`${at}.definitions`, 'definitions is not supported'),
    ),
    ...when(schema.dependencies !== undefined, () =>
      forbiddenField(`${at}.dependencies`, 'dependencies is not supported'),
    ),
    ...when(schema.patternProperties !== undefined, () =>
      forbiddenField(`${at}.patternProperties`, 'patternProperties is not supported'),
    ),
    ...when(schema.id, () => forbiddenField(`${at}.id`, 'id is not supported')),
  ]
}

/** Upstream's order of the kinds of lists is no alphabet's. */
function listFaults(schema: Schema, at: string): Faults {
  const kind = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const { type } = schema
  const field = `${at}.x-kubernetes-list-type`
  const ONLY_MAP = 'must be map if x-kubernetes-list-map-keys is non-empty'
  const NEEDS_ARRAY = 'must be array if x-kubernetes-list-type is specified'
  return [
    ...when(kind !== undefined && type !== 'array', () =>
      type ? invalidValue(`${at}.type`, type, NEEDS_ARRAY) : required(`${at}.type`, NEEDS_ARRAY),
    ),
    ...when(kind !== undefined && !LIST_TYPES.includes(kind), () => notSupported(field, kind, LIST_TYPES)),
    ...when(keys.length > 0 && kind !== 'map', () =>
      kind === undefined ? required(field, ONLY_MAP) : invalidValue(field, kind, ONLY_MAP),
    ),
    ...(kind === 'map' ? mapFaults(schema, keys, at) : []),
  ]
}

function mapFaults(schema: Schema, keys: readonly string[], at: string): Faults {
  const field = `${at}.x-kubernetes-list-map-keys`
  const items = itemSchema(schema)
  return [
    ...when(keys.length === 0, () => required(field, 'must not be empty if x-kubernetes-list-type is map')),
    ...when(items === undefined, () =>
      required(`${at}.items`, 'must have a schema if x-kubernetes-list-type is map'),
    ),
    ...when(items !== undefined && items.type !== 'object', () =>
      invalidValue(
        `${at}.items.type`,
        items?.type ?? '',
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    ),
    ...when(items?.type === 'object' && keys.some((key) => items.properties?.[key] === undefined), () =>
      invalidValue(field, keys, 'entries must all be names of item properties'),
    ),
    ...when(new Set(keys).size < keys.length, () =>
      invalidValue(field, keys, 'must not contain duplicate entries'),
    ),
    ...keys.flatMap((key) => {
      const property = items?.properties?.[key]
      const isGiven = items?.required?.includes(key) || property?.default !== undefined
      return when(property !== undefined && !isGiven, () =>
        required(
          `${at}.items.properties[${key}].default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      )
    }),
  ]
}

/** A default must be what the schema asks for. */
function defaultFaults(schema: Schema, at: string): Faults {
  if (schema.default === undefined) return []
  const field = `${at}.default`
  const { unknown } = pruned(schema.default, schema, false)
  return [
    ...unknown.map((path) => invalidValue(field, schema.default, `must not have unknown fields: ${path}`)),
    ...schemaFaults(schema.default, schema, '').map((fault) => ({
      ...fault,
      field: fault.field === '' || fault.field === '<nil>' ? field : `${field}.${fault.field}`,
      // Of a default as a whole nothing is said that would name it.
      ...(fault.detail?.startsWith('"" in body') ? { detail: fault.detail.slice(2) } : {}),
    })),
  ]
}
