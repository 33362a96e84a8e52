/**
 * What an update may keep of the definition before that a new one could not say
 * (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go). Pure.
 */

import type { CustomResourceDefinitionSpec } from '../generated/apiextensions-v1.ts'
import type { Schema } from '../json-schema/schema.ts'
import { listFaults, unkeyedFaults } from './lists.ts'
import type { SchemaOptions } from './schema.ts'
import { TYPES } from './schema.ts'
import { schemasOf } from './walk.ts'

/** @param old undefined: the definition is new */
export function schemaOptions(old: CustomResourceDefinitionSpec | undefined): SchemaOptions {
  const schemas = old === undefined ? [] : [...schemasOf(old)]
  const none = (has: (schema: Schema) => boolean): boolean => !schemas.some(has)
  return {
    requiresKnownTypes: none(({ type }) => Boolean(type) && !TYPES.includes(type ?? '')),
    requiresAtomicSets: none(
      (schema) => listFaults(schema, '', true).length > listFaults(schema, '', false).length,
    ),
    requiresKeyedItems: none((schema) => unkeyedFaults(schema, '').length > 0),
  }
}
