/**
 * What may stand in allOf, anyOf, oneOf and not of a structural schema: checks of values that the schema around them
 * describes already (kubernetes/apiextensions-apiserver pkg/apiserver/schema/{validation,complete}.go). Pure.
 */

import type { Schema } from '../json-schema/schema.ts'
import { isEmbedded, isIntOrString, itemSchema, keepsUnknown } from '../json-schema/schema.ts'
import { patternFault } from '../json-schema/re2.ts'
import type { Faults } from '../validation/faults.ts'
import { forbiddenField, invalidValue, required, when } from '../validation/faults.ts'

/** The schemas of a node's junctors, with their paths. */
function clauses(schema: Schema, at: string): readonly (readonly [Schema, string])[] {
  const { allOf = [], anyOf = [], oneOf = [], not } = schema
  const named = (name: string, list: readonly Schema[]): readonly (readonly [Schema, string])[] =>
    list.map((clause, index) => [clause, `${at}.${name}[${index}]`])
  return [
    ...named('anyOf', anyOf),
    ...named('allOf', allOf),
    ...named('oneOf', oneOf),
    ...(not ? ([[not, `${at}.not`]] as const) : []),
  ]
}

/**
 * Faults of the junctors of a node on the structural spine. Whatever else its extension says, the two ways of saying
 * that a value is a whole number or a text are let through.
 */
export function junctorFaults(schema: Schema, at: string): Faults {
  const [first] = schema.allOf ?? []
  return clauses(schema, at).flatMap(([clause, path]) => {
    if (isIntOrStringChoice(schema.anyOf) && path.startsWith(`${at}.anyOf[`)) return []
    return clauseFaults(clause, path, clause === first && isIntOrStringChoice(clause.anyOf))
  })
}

/** `[{type: integer}, {type: string}]` and nothing else. */
function isIntOrStringChoice(anyOf: readonly Schema[] | undefined): boolean {
  return anyOf?.length === 2 && ['integer', 'string'].every((type, index) => isType(anyOf[index], type))
}

const isType = (schema: Schema | undefined, type: string): boolean =>
  schema?.type === type && Object.keys(schema).length === 1

/** Faults of a pattern. */
export function patternFaults({ pattern }: Schema, at: string): Faults {
  const fault = pattern ? patternFault(pattern) : undefined
  return when(fault !== undefined, () =>
    invalidValue(
      `${at}.pattern`,
      pattern,
      `must be a valid regular expression, but isn't: error parsing regexp: ${fault ?? ''}`,
    ),
  )
}

function clauseFaults(schema: Schema, at: string, skipsAnyOf = false): Faults {
  const items = itemSchema(schema)
  const nested = clauses(schema, at).filter(([, path]) => !skipsAnyOf || !path.startsWith(`${at}.anyOf[`))
  return [
    ...nested.flatMap(([clause, path]) => clauseFaults(clause, path)),
    ...patternFaults(schema, at),
    ...(items ? clauseFaults(items, `${at}.items`) : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
      clauseFaults(member, `${at}.properties[${name}]`),
    ),
    ...FORBIDDEN.flatMap(([name, isSaid, wanted]) =>
      when(isSaid(schema), () => forbiddenField(`${at}.${name}`, `must be ${wanted} to be structural`)),
    ),
    ...when(Object.hasOwn(schema.properties ?? {}, 'metadata'), () =>
      forbiddenField(`${at}.properties[metadata]`, 'must not be specified in a nested context'),
    ),
  ]
}

/** What describes values, which clauses may not, and how they would not. */
const FORBIDDEN: readonly (readonly [string, (schema: Schema) => boolean, string])[] = [
  ['type', ({ type }) => Boolean(type), 'empty'],
  [
    'additionalProperties',
    ({ additionalProperties }) => additionalProperties !== undefined && additionalProperties !== false,
    'undefined',
  ],
  ['default', (schema) => schema.default !== undefined, 'undefined'],
  ['title', ({ title }) => Boolean(title), 'empty'],
  ['description', ({ description }) => Boolean(description), 'empty'],
  ['nullable', ({ nullable }) => nullable === true, 'false'],
  ['x-kubernetes-preserve-unknown-fields', keepsUnknown, 'false'],
  ['x-kubernetes-embedded-resource', isEmbedded, 'false'],
  ['x-kubernetes-int-or-string', isIntOrString, 'false'],
  [
    'x-kubernetes-list-map-keys',
    (schema) => (schema['x-kubernetes-list-map-keys'] ?? []).length > 0,
    'empty',
  ],
  ['x-kubernetes-list-type', (schema) => schema['x-kubernetes-list-type'] !== undefined, 'undefined'],
  ['x-kubernetes-map-type', (schema) => schema['x-kubernetes-map-type'] !== undefined, 'undefined'],
  ['x-kubernetes-validations', (schema) => (schema['x-kubernetes-validations'] ?? []).length > 0, 'empty'],
]

/** Where a value is described, and where something is said of it. */
interface Places {
  readonly own: string
  readonly said: string
}

/** Faults of what clauses say of values that the schema does not describe. */
export function completenessFaults(clause: Schema, schema: Schema | undefined, places: Places): Faults {
  if (schema === undefined) return [required(places.own, `because it is defined in ${places.said}`)]
  return clauses(clause, places.said).flatMap(([inner, said]) =>
    describedFaults(inner, schema, { own: places.own, said }),
  )
}

function describedFaults(clause: Schema, schema: Schema | undefined, places: Places): Faults {
  const { own, said } = places
  if (schema === undefined) return [required(own, `because it is defined in ${said}`)]
  const items = itemSchema(clause)
  return [
    ...completenessFaults(clause, schema, places),
    ...(items
      ? describedFaults(items, itemSchema(schema), { own: `${own}.items`, said: `${said}.items` })
      : []),
    ...Object.entries(clause.properties ?? {}).flatMap(([name, member]) =>
      describedFaults(
        member,
        Object.hasOwn(schema.properties ?? {}, name) ? schema.properties?.[name] : undefined,
        { own: `${own}.properties[${name}]`, said: `${said}.properties[${name}]` },
      ),
    ),
  ]
}
