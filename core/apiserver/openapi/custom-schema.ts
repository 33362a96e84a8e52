/**
 * Custom resources in OpenAPI documents: their definitions, named as upstream names them. Pure.
 * kubernetes/apiextensions-apiserver pkg/controller/openapi/{builder,v2}.
 */

import type { Schema as JsonSchema } from '../../api/json-schema/schema.ts'
import { isEmbedded, itemSchema, keepsUnknown, valueSchema } from '../../api/json-schema/schema.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import type { GroupVersionKind, Schema } from './schema.ts'
import { API_VERSION, KIND, LIST_METADATA, METADATA } from './descriptions.ts'
import { definitionName, LIST_META, OBJECT_META } from './schema.ts'

export interface CustomSchema {
  readonly schema: JsonSchema
  /** paths of fields that can be selected by, beside the names: `spec.color` */
  readonly selectableFields: readonly string[]
}

/** @returns the schema of a custom resource; undefined for a built-in one */
export type CustomSchemaOf = (resource: ResourceInfo) => CustomSchema | undefined

export type OpenApiVersion = 'v2' | 'v3'

/** `io.k8s.networking.gateway.v1.Gateway` for gateway.networking.k8s.io/v1 */
export function customDefinitionName({ group, version, kind }: GroupVersionKind): string {
  return [...group.split('.').toReversed(), version, kind].join('.')
}

const reference = (message: string): Schema => ({ $ref: `#/definitions/${definitionName(message)}` })
const TYPE_META = {
  apiVersion: { type: 'string', description: API_VERSION },
  kind: { type: 'string', description: KIND },
} satisfies Readonly<Record<string, Schema>>
const RESOURCE_MEMBERS = { ...TYPE_META, metadata: { ...reference(OBJECT_META), description: METADATA } }

/** @returns the definitions of those of the resources that are custom */
export function customDefinitionsOf(
  resources: readonly ResourceInfo[],
  schemaOf: CustomSchemaOf,
  version: OpenApiVersion,
): readonly (readonly [string, Schema])[] {
  return resources.flatMap((resource) => {
    const custom = schemaOf(resource)
    return custom === undefined ? [] : customDefinitions(resource, custom, version)
  })
}

/** @returns the definitions of the kind and its list */
function customDefinitions(
  { group, version, kind }: ResourceInfo,
  { schema, selectableFields }: CustomSchema,
  openApi: OpenApiVersion,
): readonly (readonly [string, Schema])[] {
  const own = { group, version, kind }
  const list = { group, version, kind: `${kind}List` }
  const selectable =
    selectableFields.length > 0
      ? { 'x-kubernetes-selectable-fields': selectableFields.map((fieldPath) => ({ fieldPath })) }
      : {}
  const item = { $ref: `#/definitions/${customDefinitionName(own)}` }
  return [
    [
      customDefinitionName(own),
      { ...publishedRoot(schema, openApi), 'x-kubernetes-group-version-kind': [own], ...selectable },
    ],
    [
      customDefinitionName(list),
      {
        description: `${list.kind} is a list of ${kind}`,
        type: 'object',
        required: ['items'],
        properties: {
          ...TYPE_META,
          metadata: { ...reference(LIST_META), description: LIST_METADATA },
          items: { type: 'array', items: item },
        },
        'x-kubernetes-group-version-kind': [list],
        ...selectable,
      },
    ],
  ]
}

/** Where more is allowed than is named, v2 says nothing at all: clients would refuse what it does not name. */
function publishedRoot(schema: JsonSchema, openApi: OpenApiVersion): Schema {
  if (openApi === 'v2' && keepsUnknown(schema)) return { type: 'object' }
  const published = openApi === 'v2' ? publishedV2(schema) : publishedV3(schema)
  return { ...published, type: 'object', properties: { ...published.properties, ...RESOURCE_MEMBERS } }
}

/** What structural schemas do not have. */
const UNPUBLISHED: ReadonlySet<string> = new Set([
  'id',
  '$schema',
  '$ref',
  'example',
  'externalDocs',
  'definitions',
  'dependencies',
  'patternProperties',
  'additionalItems',
])

/** v3 says all that the schema says. */
function publishedV3(schema: JsonSchema): Schema {
  return withParts(schema, publishedV3)
}

/** What v2 has no word for. */
const V3_ONLY: ReadonlySet<string> = new Set(['allOf', 'oneOf', 'anyOf', 'not', 'nullable', 'default'])

/**
 * v2 cannot say that a value may be null, nor that there may be more members than it names: of such values nothing is
 * said, so that clients do not refuse them.
 */
function publishedV2(schema: JsonSchema): Schema {
  const isOpen = schema.nullable === true || keepsUnknown(schema)
  const { items, properties, ...rest } = withParts(schema, publishedV2)
  const {
    type,
    required = [],
    ...said
  } = Object.fromEntries(Object.entries(rest).filter(([name]) => !V3_ONLY.has(name))) as Omit<
    Schema,
    'items' | 'properties'
  >
  const isTyped =
    !schema.nullable &&
    !(type === 'array' && (isOpen || items === undefined)) &&
    !(type === 'object' && isOpen)
  const needed = required.filter((name) => schema.properties?.[name]?.nullable !== true)
  return {
    ...said,
    ...(isTyped && type !== undefined ? { type } : {}),
    ...(needed.length > 0 && valueSchema(schema)?.nullable !== true ? { required: needed } : {}),
    ...(isOpen || properties === undefined ? {} : { properties }),
    ...(isOpen || items === undefined ? {} : { items }),
  }
}

/** The schema with each of its parts published, and where it is of a whole resource, with what all of these have. */
function withParts(schema: JsonSchema, publish: (part: JsonSchema) => Schema): Schema {
  const { items: _items, properties, additionalProperties, ...rest } = schema
  const kept = Object.entries(rest).filter(([name, value]) => !UNPUBLISHED.has(name) && value !== undefined)
  const items = itemSchema(schema)
  const values = valueSchema(schema)
  const embedded = isEmbedded(schema) && !(publish === publishedV2 && keepsUnknown(schema))
  return {
    ...(Object.fromEntries(kept) as Schema),
    ...(embedded ? { required: [...new Set([...(schema.required ?? []), 'kind', 'apiVersion'])] } : {}),
    ...(properties || embedded
      ? {
          properties: {
            ...Object.fromEntries(
              Object.entries(properties ?? {}).map(([name, each]) => [name, publish(each)]),
            ),
            ...(embedded ? RESOURCE_MEMBERS : {}),
          },
        }
      : {}),
    ...(items ? { items: publish(items) } : {}),
    ...(values
      ? { additionalProperties: publish(values) }
      : additionalProperties === true
        ? { additionalProperties }
        : {}),
  }
}
