/**
 * The whole schema of a version: its root, its structure, its defaults, its nodes, its rules
 * (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go
 * validateCustomResourceDefinitionValidation). Pure.
 */

import { CelRules } from '../cel/rules.ts'
import type { Schema } from '../json-schema/schema.ts'
import type { Faults } from '../validation/faults.ts'
import { forbiddenField, invalidValue, when } from '../validation/faults.ts'
import { defaultFaults } from './defaults.ts'
import { RuleFaults } from './rule-faults.ts'
import { printedSchema, SCHEMA_FIELDS } from './go-json.ts'
import type { SchemaOptions } from './schema.ts'
import { schemaNodeFaults } from './schema.ts'
import { structuralFaults, unstructured } from './structural.ts'

export interface RootSchemaOptions extends SchemaOptions {
  /** whether the version, or any that shares the schema, has the status sub-resource */
  readonly hasStatus: boolean
  /** whether the schema is as it was before: how much its rules may cost was judged then */
  readonly isUnchanged: boolean
}

/** @param at path of the schema in its definition, ending in `.openAPIV3Schema` */
export function rootSchemaFaults(schema: Schema, at: string, options: RootSchemaOptions): Faults {
  const cel = new CelRules()
  const unreadable = unstructured(schema)
  const structure = unreadable === undefined ? structuralFaults(schema, at) : []
  const isStructural = unreadable === undefined && structure.length === 0
  const defaults = isStructural ? defaultFaults(schema, at, cel) : []
  const place = {
    schema,
    at,
    defaultsForbidden: undefined,
    isInsideMeta: false,
    isRoot: true,
    count: 1,
    uncorrelatable: undefined,
  }
  // Rules are only looked at where it is known what they are about.
  const isSound = isStructural && defaults.length === 0
  const rules = new RuleFaults(at, !options.isUnchanged)
  const nodes = schemaNodeFaults(place, options, isSound ? (each) => rules.visit(each) : undefined)
  const faults = [
    ...(options.hasStatus ? statusRootFaults(schema, at) : []),
    ...when(schema.nullable === true, () =>
      forbiddenField(`${at}.nullable`, 'nullable cannot be true at the root'),
    ),
    ...structure,
    ...defaults,
    ...nodes,
    ...rules.faults,
    ...rules.totalFaults(),
  ]
  // What cannot be read is mostly told of already, better.
  return faults.length === 0 && unreadable !== undefined ? [invalidValue(at, '', unreadable)] : faults
}

/** Fields that mean the same when only the status is looked at. */
const ALLOWED = [
  'Description',
  'Type',
  'Format',
  'Title',
  'Maximum',
  'ExclusiveMaximum',
  'Minimum',
  'ExclusiveMinimum',
  'MaxLength',
  'MinLength',
  'Pattern',
  'MaxItems',
  'MinItems',
  'UniqueItems',
  'MultipleOf',
  'Required',
  'Items',
  'Properties',
  'ExternalDocs',
  'Example',
  'XPreserveUnknownFields',
  'XValidations',
]

function statusRootFaults(schema: Schema, at: string): Faults {
  for (const { go, json, zero } of SCHEMA_FIELDS) {
    const value = schema[json]
    if (value === undefined || value === zero) continue
    if (go === 'Type' && value !== 'object')
      return [
        invalidValue(
          `${at}.type`,
          value,
          'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
        ),
      ]
    if (!ALLOWED.includes(go))
      return [
        invalidValue(
          at,
          printedSchema(schema),
          `only [${ALLOWED.join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`,
        ),
      ]
  }
  return []
}
