/**
 * What a schema of custom resources may say, node by node, its CEL rules last
 * (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go
 * ValidateCustomResourceDefinitionOpenAPISchema). Pure.
 */

import type { JSONSchemaProps } from '../generated/apiextensions-v1.ts'
import type { Schema } from '../json-schema/schema.ts'
import { isEmbedded, itemSchema, TYPE_META, valueSchema } from '../json-schema/schema.ts'
import type { Faults } from '../validation/faults.ts'
import { forbiddenField, invalidValue, notSupported, when } from '../validation/faults.ts'
import { listFaults, mapTypeFaults, unkeyedFaults } from './lists.ts'
import { ruleFormFaults } from './rule-form.ts'

/** What definitions of before may keep that new ones may not have. */
export interface SchemaOptions {
  readonly requiresKnownTypes: boolean
  readonly requiresAtomicSets: boolean
  readonly requiresKeyedItems: boolean
}

export interface SchemaPlace {
  readonly schema: Schema
  /** `spec.validation.openAPIV3Schema.properties[spec]` */
  readonly at: string
  /** why defaults may not be set here; undefined: they may */
  readonly defaultsForbidden: string | undefined
  /** inside of apiVersion, kind or metadata of a resource */
  readonly isInsideMeta: boolean
  readonly isRoot: boolean
  /** how many such values there may be in an object, by the limits around it; undefined: nobody says */
  readonly count: number | undefined
  /** the part around it whose values cannot be told from one another: where rules may not look at old ones */
  readonly uncorrelatable: string | undefined
}

/** Told of every node, the inner ones first, whose schema and all in it is without fault. */
export type VisitRules = (place: SchemaPlace) => void

/**
 * @param visitRules for nodes on the structural spine
 * @returns faults, an outer node's first
 */
export function schemaNodeFaults(
  place: SchemaPlace,
  options: SchemaOptions,
  visitRules: VisitRules | undefined,
): Faults {
  const inner = (part: Part): Faults =>
    schemaNodeFaults(part.place, options, part.isSpine ? visitRules : undefined)
  const { schema, at } = place
  const faults = [
    ...ownFaults(place, options),
    ...parts(place).flatMap(inner),
    ...mapTypeFaults(schema, at),
    ...listFaults(schema, at, options.requiresAtomicSets),
    ...(options.requiresKeyedItems ? unkeyedFaults(schema, at) : []),
    ...ruleFormFaults(schema, at),
  ]
  if (faults.length === 0) visitRules?.(place)
  return faults
}

/** A schema inside of a schema; the spine is what describes values, clauses only check them. */
interface Part {
  readonly place: SchemaPlace
  readonly isSpine: boolean
}

function parts(place: SchemaPlace): readonly Part[] {
  const { schema, at, isInsideMeta } = place
  const { not, allOf = [], anyOf = [], oneOf = [], definitions = {}, dependencies = {} } = schema
  const count = innerCount(place)
  const clause = (inner: Schema, name: string): Part => ({
    place: { ...place, isRoot: false, schema: inner, at: `${at}.${name}` },
    isSpine: false,
  })
  const each = (list: readonly Schema[], name: string): readonly Part[] =>
    list.map((inner, index) => clause(inner, `${name}[${index}]`))
  const values = valueSchema(schema)
  const valuesForbid = isInsideMeta ? 'inside additionalProperties applying to object metadata' : undefined
  return [
    ...(values
      ? [
          {
            place: {
              ...place,
              isRoot: false,
              count,
              schema: values,
              at: `${at}.additionalProperties`,
              defaultsForbidden: valuesForbid ?? place.defaultsForbidden,
            },
            isSpine: true,
          },
        ]
      : []),
    ...Object.entries(schema.properties ?? {}).map(([name, member]) => property(place, name, member)),
    ...(not ? [clause(not, 'not')] : []),
    ...each(allOf, 'allOf'),
    ...each(oneOf, 'oneOf'),
    ...each(anyOf, 'anyOf'),
    ...Object.entries(definitions).map(([name, inner]) => clause(inner, `definitions[${name}]`)),
    ...itemParts(place),
    ...Object.entries(dependencies).flatMap(([name, inner]) =>
      Array.isArray(inner) ? [] : [clause(inner as Schema, `dependencies[${name}]`)],
    ),
  ]
}

/** How many values there may be inside of such a value. */
function innerCount({ schema, count }: SchemaPlace): number | undefined {
  const { type, maxItems, maxProperties, additionalProperties } = schema
  const isMap = type === 'object' && additionalProperties !== undefined
  const limit = isMap ? maxProperties : type === 'array' ? maxItems : 1
  return count === undefined || limit === undefined ? undefined : count * Math.max(0, limit)
}

function property(place: SchemaPlace, name: string, schema: Schema): Part {
  const mapType = place.schema['x-kubernetes-map-type']
  const isCorrelatable = mapType === undefined || mapType === 'granular' || mapType === 'atomic'
  const isMeta = (place.isRoot || isEmbedded(place.schema)) && TYPE_META.includes(name)
  return {
    place: {
      schema,
      isRoot: false,
      count: innerCount(place),
      at: `${place.at}.properties[${name}]`,
      defaultsForbidden: isMeta && place.isRoot ? `in top-level ${name}` : place.defaultsForbidden,
      isInsideMeta: place.isInsideMeta || isMeta,
      uncorrelatable: place.uncorrelatable ?? (isCorrelatable ? undefined : place.at),
    },
    isSpine: true,
  }
}

/** Of lists only those with keys tell their items from one another. */
function itemParts(place: SchemaPlace): readonly Part[] {
  const { schema, at } = place
  const { items } = schema
  const isKeyed = schema['x-kubernetes-list-type'] === 'map'
  const uncorrelatable = place.uncorrelatable ?? (isKeyed ? undefined : at)
  const single = itemSchema(schema)
  const inner = { ...place, isRoot: false, count: innerCount(place), uncorrelatable }
  const several = Array.isArray(items) ? (items as readonly JSONSchemaProps[]) : []
  return [
    ...(single ? [{ place: { ...inner, schema: single, at: `${at}.items` }, isSpine: true }] : []),
    ...several.map((each, index) => ({
      place: { ...inner, schema: each, at: `${at}.items[${index}]` },
      isSpine: true,
    })),
  ]
}

export const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']

function ownFaults(place: SchemaPlace, { requiresKnownTypes }: SchemaOptions): Faults {
  const { schema, at, defaultsForbidden, isInsideMeta } = place
  const { type, properties = {}, additionalProperties } = schema
  return [
    ...when(requiresKnownTypes && type && !TYPES.includes(type), () =>
      notSupported(`${at}.type`, type, TYPES),
    ),
    ...when(schema.default !== undefined && defaultsForbidden !== undefined, () =>
      forbiddenField(`${at}.default`, `must not be set ${defaultsForbidden ?? ''}`),
    ),
    ...unsupportedFaults(schema, at),
    ...when(isInsideMeta && isEmbedded(schema), () =>
      forbiddenField(`${at}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta'),
    ),
    ...when(schema.uniqueItems === true, () =>
      forbiddenField(
        `${at}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    ),
    ...when(
      Object.keys(properties).length > 0 &&
        additionalProperties !== undefined &&
        additionalProperties !== true,
      () =>
        forbiddenField(
          `${at}.additionalProperties`,
          'additionalProperties and properties are mutual exclusive',
        ),
    ),
    ...when(schema['x-kubernetes-preserve-unknown-fields'] === false, () =>
      invalidValue(`${at}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'),
    ),
  ]
}

function unsupportedFaults(schema: Schema, at: string): Faults {
  const { items, patternProperties = {}, definitions = {} } = schema
  const unsupported = (isSaid: boolean, name: string): Faults =>
    when(isSaid, () => forbiddenField(`${at}.${name}`, `${name} is not supported`))
  return [
    ...unsupported(Boolean(schema.id), 'id'),
    ...unsupported(schema.additionalItems !== undefined, 'additionalItems'),
    ...unsupported(Object.keys(patternProperties).length > 0, 'patternProperties'),
    ...unsupported(Object.keys(definitions).length > 0, 'definitions'),
    ...unsupported(schema.dependencies !== undefined, 'dependencies'),
    ...unsupported(schema.$ref !== undefined, '$ref'),
    ...when(schema.type === 'null', () =>
      forbiddenField(`${at}.type`, 'type cannot be set to null, use nullable as an alternative'),
    ),
    ...when(Array.isArray(items) && items.length > 0, () =>
      forbiddenField(`${at}.items`, 'items must be a schema object and not an array'),
    ),
  ]
}
