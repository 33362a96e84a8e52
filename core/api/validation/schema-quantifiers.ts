/**
 * What schemas within allOf, anyOf, oneOf and not may say: what values are allowed, and never what they are
 * (kubernetes/apiextensions-apiserver pkg/apiserver/schema/validation.go, validateNestedValueValidation). Pure.
 */

import { isSameValue } from '../equality.ts'
import type { Schema } from '../json-schema/schema.ts'
import { itemSchema, valueSchema } from '../json-schema/schema.ts'
import type { Faults } from './faults.ts'
import { forbiddenField, notSupported, when } from './faults.ts'

/** What values may be. */
export const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']

/** Numbers and texts together are said so, and in no other way. */
const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }]

interface Skipped {
  readonly anyOf?: boolean
  /** the anyOf of the first of allOf */
  readonly firstAnyOf?: boolean
}

/** Faults of the quantifiers of a schema. */
export function validateQuantifiers(schema: Schema, at: string): Faults {
  return quantifierFaults(schema, at, {
    anyOf: isSameValue(schema.anyOf, INT_OR_STRING),
    firstAnyOf: isSameValue(schema.allOf?.[0]?.anyOf, INT_OR_STRING),
  })
}

function quantifierFaults(
  { anyOf = [], allOf = [], oneOf = [], not }: Schema,
  at: string,
  skipped: Skipped,
): Faults {
  return [
    ...(skipped.anyOf ? [] : anyOf.flatMap((part, index) => nestedFaults(part, `${at}.anyOf[${index}]`))),
    ...allOf.flatMap((part, index) =>
      nestedFaults(part, `${at}.allOf[${index}]`, { anyOf: index === 0 && skipped.firstAnyOf === true }),
    ),
    ...oneOf.flatMap((part, index) => nestedFaults(part, `${at}.oneOf[${index}]`)),
    ...(not ? nestedFaults(not, `${at}.not`) : []),
  ]
}

/** What is said by being there at all. */
const EMPTY = ['type', 'title', 'description'] as const
const UNDEFINED = ['default', 'x-kubernetes-list-type', 'x-kubernetes-map-type'] as const
const FALSE = [
  'nullable',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
] as const

function nestedFaults(schema: Schema, at: string, skipped: Skipped = {}): Faults {
  const items = itemSchema(schema)
  const { properties = {} } = schema
  const structural = (what: string): string => `must be ${what} to be structural`
  const said = (names: readonly (keyof Schema)[], what: string): Faults =>
    names.flatMap((name) => when(schema[name], () => forbiddenField(`${at}.${name}`, structural(what))))
  return [
    ...quantifierFaults(schema, at, skipped),
    ...(items ? nestedFaults(items, `${at}.items`) : []),
    ...Object.entries(properties).flatMap(([name, member]) =>
      nestedFaults(member, `${at}.properties[${name}]`),
    ),
    ...when(schema.type && !TYPES.includes(schema.type), () =>
      notSupported(`${at}.type`, schema.type, TYPES),
    ),
    ...said(EMPTY.slice(0, 1), 'empty'),
    ...when(valueSchema(schema), () => forbiddenField(`${at}.additionalProperties`, structural('undefined'))),
    ...when(schema.default !== undefined, () => forbiddenField(`${at}.default`, structural('undefined'))),
    ...said(EMPTY.slice(1), 'empty'),
    ...said(FALSE, 'false'),
    ...when((schema['x-kubernetes-list-map-keys'] ?? []).length > 0, () =>
      forbiddenField(`${at}.x-kubernetes-list-map-keys`, structural('empty')),
    ),
    ...said(UNDEFINED.slice(1), 'undefined'),
    ...when(properties['metadata'], () =>
      forbiddenField(`${at}.properties[metadata]`, 'must not be specified in a nested context'),
    ),
  ]
}
