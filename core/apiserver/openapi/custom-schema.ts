/**
 * Custom resources in OpenAPI documents: their definitions, named as upstream names them. Pure.
 * kubernetes/apiextensions-apiserver pkg/controller/openapi/builder. Differs: what schemas say by combining others
 * (oneOf, anyOf, not) is left out of both versions.
 */

import type { Schema as JsonSchema } from '../../api/json-schema/schema.ts'
import { itemSchema, valueSchema } from '../../api/json-schema/schema.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import type { GroupVersionKind, Schema } from './schema.ts'
import { definitionName, LIST_META, OBJECT_META } from './schema.ts'

/** @returns the schema of a custom resource; undefined for a built-in one */
export type CustomSchemaOf = (resource: ResourceInfo) => JsonSchema | undefined

/** `io.k8s.networking.gateway.v1.Gateway` for gateway.networking.k8s.io/v1 */
export function customDefinitionName({ group, version, kind }: GroupVersionKind): string {
  return [...group.split('.').toReversed(), version, kind].join('.')
}

const reference = (message: string): Schema => ({ $ref: `#/definitions/${definitionName(message)}` })
const TEXT: Schema = { type: 'string' }

/** @returns the definitions of those of the resources that are custom */
export function customDefinitionsOf(
  resources: readonly ResourceInfo[],
  schemaOf: CustomSchemaOf,
): readonly (readonly [string, Schema])[] {
  return resources.flatMap((resource) => {
    const schema = schemaOf(resource)
    return schema === undefined ? [] : customDefinitions(resource, schema)
  })
}

/** @returns the definitions of the kind and its list */
function customDefinitions(
  { group, version, kind }: ResourceInfo,
  schema: JsonSchema,
): readonly (readonly [string, Schema])[] {
  const own = { group, version, kind }
  const list = { group, version, kind: `${kind}List` }
  const published = publishedSchema(schema)
  const item = { $ref: `#/definitions/${customDefinitionName(own)}` }
  return [
    [
      customDefinitionName(own),
      {
        ...published,
        type: 'object',
        properties: {
          ...published.properties,
          apiVersion: TEXT,
          kind: TEXT,
          metadata: reference(OBJECT_META),
        },
        'x-kubernetes-group-version-kind': [own],
      },
    ],
    [
      customDefinitionName(list),
      {
        type: 'object',
        required: ['items'],
        properties: {
          apiVersion: TEXT,
          kind: TEXT,
          metadata: reference(LIST_META),
          items: { type: 'array', items: item },
        },
        'x-kubernetes-group-version-kind': [list],
      },
    ],
  ]
}

const PLAIN = ['description', 'type', 'format', 'required', 'default', 'title'] as const
const EXTENSIONS = [
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
] as const

function publishedSchema(schema: JsonSchema): Schema {
  const kept = [...PLAIN, ...EXTENSIONS].flatMap((name) =>
    schema[name] === undefined ? [] : [[name, schema[name]]],
  )
  const items = itemSchema(schema)
  const values = valueSchema(schema)
  const { properties } = schema
  return {
    ...(Object.fromEntries(kept) as Schema),
    ...(properties
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, each]) => [name, publishedSchema(each)]),
          ),
        }
      : {}),
    ...(items ? { items: publishedSchema(items) } : {}),
    ...(values ? { additionalProperties: publishedSchema(values) } : {}),
  }
}
