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
import { forbiddenField, invalidValue, notSupported, required, when } from './faults.ts'

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']
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
    ...nodeFaults(schema, at, 0),
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

function nodeFaults(schema: Schema, at: string, depth: number): Faults {
  if (depth > MAX_DEPTH) return [forbiddenField(at, 'the schema is nested too deeply')]
  const items = itemSchema(schema)
  const values = valueSchema(schema)
  return [
    ...typeFaults(schema, at),
    ...forbiddenFaults(schema, at),
    ...listFaults(schema, at),
    ...when(
      schema['x-kubernetes-map-type'] !== undefined && !MAP_TYPES.includes(schema['x-kubernetes-map-type']),
      () => notSupported(`${at}.x-kubernetes-map-type`, schema['x-kubernetes-map-type'], MAP_TYPES),
    ),
    ...when(schema.pattern && compiledPattern(schema.pattern) === undefined, () =>
      invalidValue(`${at}.pattern`, schema.pattern, 'must be a valid regular expression'),
    ),
    ...defaultFaults(schema, at),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
      nodeFaults(member, `${at}.properties[${name}]`, depth + 1),
    ),
    ...(items ? nodeFaults(items, `${at}.items`, depth + 1) : []),
    ...(values ? nodeFaults(values, `${at}.additionalProperties`, depth + 1) : []),
  ]
}

function typeFaults(schema: Schema, at: string): Faults {
  const { type } = schema
  if (!type) {
    const isSaid = isIntOrString(schema) || keepsUnknown(schema)
    return when(!isSaid, () => required(`${at}.type`, 'must not be empty for specified object fields'))
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

function listFaults(schema: Schema, at: string): Faults {
  const kind = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys']
  const items = itemSchema(schema)
  const field = `${at}.x-kubernetes-list-map-keys`
  if (kind === undefined) {
    return when(keys !== undefined, () =>
      forbiddenField(field, 'may only be set when x-kubernetes-list-type is map'),
    )
  }
  const isKnown = LIST_TYPES.includes(kind)
  return [
    ...when(!isKnown, () => notSupported(`${at}.x-kubernetes-list-type`, kind, LIST_TYPES)),
    ...when(schema.type !== 'array', () =>
      invalidValue(`${at}.type`, schema.type ?? '', 'must be array if x-kubernetes-list-type is set'),
    ),
    ...when(kind === 'map' && (keys ?? []).length === 0, () =>
      required(field, 'must not be empty if x-kubernetes-list-type is map'),
    ),
    ...(kind === 'map' ? (keys ?? []) : []).flatMap((key, index) => {
      const property = items?.properties?.[key]
      if (property === undefined) {
        return [invalidValue(`${field}[${index}]`, key, 'must be a property of the items')]
      }
      const isRequired = items?.required?.includes(key) || property.default !== undefined
      return when(!isRequired, () =>
        required(
          `${at}.items.properties[${key}].default`,
          `this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
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
    ...schemaFaults(schema.default, schema, field),
  ]
}
