/** Finding parts of a definition's schemas, wherever they stand. Pure. */

import type { CustomResourceDefinitionSpec } from '../generated/apiextensions-v1.ts'
import type { Schema } from '../json-schema/schema.ts'

/** The schema and all in it, junctors and unsupported parts too, in upstream's order. */
export function* everySchema(schema: Schema): Generator<Schema> {
  yield schema
  const { items, additionalProperties, additionalItems, not, dependencies = {} } = schema
  const parts: readonly (Schema | undefined)[] = [
    ...(Array.isArray(items) ? (items as readonly Schema[]) : [items as Schema | undefined]),
    ...(schema.allOf ?? []),
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    not,
    ...Object.values(schema.properties ?? {}),
    schemaOf(additionalProperties),
    ...Object.values(schema.patternProperties ?? {}),
    schemaOf(additionalItems),
    ...Object.values(schema.definitions ?? {}),
    ...Object.values(dependencies).map((each) => (Array.isArray(each) ? undefined : (each as Schema))),
  ]
  for (const part of parts) if (part !== undefined) yield* everySchema(part)
}

const schemaOf = (value: Schema | boolean | undefined): Schema | undefined =>
  typeof value === 'object' ? value : undefined

/** All schemas of all versions. */
export function* schemasOf({ versions = [] }: CustomResourceDefinitionSpec): Generator<Schema> {
  for (const { schema } of versions) {
    if (schema?.openAPIV3Schema !== undefined) yield* everySchema(schema.openAPIV3Schema)
  }
}
