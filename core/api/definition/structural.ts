/**
 * Whether a schema is structural: says of every value what it is, so that objects can be pruned and merged by it.
 * kubernetes/apiextensions-apiserver pkg/apiserver/schema/{convert,validation,complete}.go. Pure.
 */

import type { Schema } from '../json-schema/schema.ts'
import { isEmbedded, isIntOrString, itemSchema, keepsUnknown, valueSchema } from '../json-schema/schema.ts'
import { isSameValue } from '../equality.ts'
import { fieldErrorMessage } from '../field-error.ts'
import type { Faults } from '../validation/faults.ts'
import { forbiddenField, invalidValue, required, when } from '../validation/faults.ts'
import { completenessFaults, junctorFaults, patternFaults } from './junctors.ts'
import { everySchema } from './walk.ts'

type Level = 'root' | 'item' | 'field'

/** @returns what keeps the schema from being read as a structural one at all */
export function unstructured(schema: Schema): string | undefined {
  for (const each of everySchema(schema)) {
    const reason = unsupported(each)
    if (reason !== undefined) return reason
  }
  return undefined
}

function unsupported(schema: Schema): string | undefined {
  const { $schema, $ref, id, items, patternProperties = {}, dependencies = {}, definitions = {} } = schema
  const isNamed = (value: object): boolean => Object.keys(value).length > 0
  const reasons: readonly (readonly [boolean, string])[] = [
    [Boolean(id), "'id' is not supported"],
    [Boolean($schema), "'schema' is not supported"],
    [Boolean($ref), "'$ref' is not supported"],
    [isNamed(patternProperties), "'patternProperties' is not supported"],
    [isNamed(dependencies), "'dependencies' is not supported"],
    [schema.additionalItems !== undefined, "'additionalItems' is not supported"],
    [isNamed(definitions), "'definitions' is not supported"],
    [Array.isArray(items) && items.length > 0, "'items' must be a schema, but is an array"],
  ]
  const [, reason] = reasons.find(([isMet]) => isMet) ?? []
  if (reason !== undefined) return `OpenAPIV3Schema ${reason}`
  return schema['x-kubernetes-preserve-unknown-fields'] === false
    ? "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
    : undefined
}

/** @param at path of the schema in its definition. @returns faults in the order of their texts */
export function structuralFaults(schema: Schema, at: string): Faults {
  const faults = [
    ...nodeFaults(schema, at, 'root'),
    ...completenessFaults(schema, schema, { own: at, said: at }),
  ]
  return faults
    .map((fault) => ({ fault, text: fieldErrorMessage(fault) }))
    .toSorted((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ fault }) => fault)
}

function nodeFaults(schema: Schema, at: string, level: Level): Faults {
  const items = itemSchema(schema)
  const values = valueSchema(schema)
  const { additionalProperties } = schema
  return [
    ...when(schema.type === 'array' && items === undefined, () =>
      required(`${at}.items`, 'must be specified'),
    ),
    ...(items ? nodeFaults(items, `${at}.items`, 'item') : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
      nodeFaults(member, `${at}.properties[${name}]`, 'field'),
    ),
    ...when(additionalProperties !== undefined && level === 'root', () =>
      forbiddenField(`${at}.additionalProperties`, 'must not be used at the root'),
    ),
    ...(values ? nodeFaults(values, `${at}.additionalProperties`, 'field') : []),
    ...extensionFaults(schema, at),
    ...junctorFaults(schema, at),
    ...patternFaults(schema, at),
    ...typeFaults(schema, at, level),
    ...resourceFaults(schema, at, level),
  ]
}

function extensionFaults(schema: Schema, at: string): Faults {
  if (!isIntOrString(schema)) return []
  const detail = 'must be false if x-kubernetes-int-or-string is true'
  return [
    ...when(keepsUnknown(schema), () =>
      invalidValue(`${at}.x-kubernetes-preserve-unknown-fields`, true, detail),
    ),
    ...when(isEmbedded(schema), () => invalidValue(`${at}.x-kubernetes-embedded-resource`, true, detail)),
  ]
}

const NEEDS_TYPE: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

function typeFaults(schema: Schema, at: string, level: Level): Faults {
  const { type } = schema
  const field = `${at}.type`
  const embedded = 'must be object if x-kubernetes-embedded-resource is true'
  const isSaid = type || isIntOrString(schema) || keepsUnknown(schema)
  return [
    ...(isEmbedded(schema) && type !== 'object'
      ? [type ? invalidValue(field, type, embedded) : required(field, embedded)]
      : when(!isSaid, () => required(field, NEEDS_TYPE[level]))),
    ...when(isEmbedded(schema) && schema.additionalProperties !== undefined, () =>
      forbiddenField(
        `${at}.additionalProperties`,
        'must not be used if x-kubernetes-embedded-resource is set',
      ),
    ),
    ...when(level === 'root' && type && type !== 'object', () =>
      invalidValue(field, type, 'must be object at the root'),
    ),
  ]
}

/** What every resource has, schemas may say little of. */
function resourceFaults(schema: Schema, at: string, level: Level): Faults {
  const { properties = {} } = schema
  const isResource = level === 'root' || isEmbedded(schema)
  const { metadata } = properties
  const field = `${at}.properties[metadata]`
  return [
    ...['kind', 'apiVersion'].flatMap((name) => {
      const member = properties[name]
      return when(isResource && member !== undefined && member.type !== 'string', () =>
        invalidValue(`${at}.properties[${name}].type`, member?.type ?? '', 'must be string'),
      )
    }),
    ...when(isResource && metadata !== undefined && metadata.type !== 'object', () =>
      invalidValue(`${field}.type`, metadata?.type ?? '', 'must be object'),
    ),
    ...when(level === 'root' && metadata !== undefined && !isAllowedMetadata(metadata), () =>
      forbiddenField(
        field,
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      ),
    ),
    ...when(isEmbedded(schema) && !keepsUnknown(schema) && Object.keys(properties).length === 0, () =>
      required(
        `${at}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    ),
  ]
}

function isAllowedMetadata({ type: _type, default: _default, properties = {}, ...rest }: Schema): boolean {
  const others = Object.keys(properties).filter((name) => name !== 'name' && name !== 'generateName')
  const { externalDocs: _docs, example: _example, ...said } = rest
  return others.length === 0 && Object.values(said).every((value) => isSameValue(value, undefined))
}
