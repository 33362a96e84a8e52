/** The OpenAPI v2 document (Swagger): one for all groups. Pure. */

import type { ResourceInfo } from '../../api/resource.ts'
import type { Operation, Parameter, PathOperations } from './operations.ts'
import { METHODS, pathsOf } from './operations.ts'
import type { CustomSchemaOf } from './custom-schema.ts'
import { customDefinitionsOf } from './custom-schema.ts'
import type { Schema } from './schema.ts'
import { definitionsOf } from './schema.ts'

export interface V2Parameter {
  readonly name: string
  readonly type?: Parameter['type']
  readonly in: Parameter['in'] | 'body'
  readonly required: boolean
  readonly schema?: Schema
  readonly uniqueItems?: boolean
}

export interface V2Operation {
  readonly operationId: string
  readonly consumes: readonly string[]
  readonly produces: readonly string[]
  readonly parameters: readonly V2Parameter[]
  readonly responses: Readonly<Record<string, { readonly description: string; readonly schema?: Schema }>>
  readonly 'x-kubernetes-action': string
  readonly 'x-kubernetes-group-version-kind': unknown
}

export type V2PathItem = { readonly parameters: readonly V2Parameter[] } & {
  readonly [method in (typeof METHODS)[number]]?: V2Operation
}

export interface V2Document {
  readonly swagger: '2.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, V2PathItem>>
  readonly definitions: Readonly<Record<string, Schema>>
}

const PRODUCES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']

/** @param version `v1.34.0` */
export function openApiV2(
  scheme: readonly ResourceInfo[],
  version: string,
  customSchemaOf: CustomSchemaOf = () => undefined,
): V2Document {
  const paths = scheme
    .flatMap((resource) => pathsOf(resource, customSchemaOf(resource) !== undefined))
    .map((path): [string, V2PathItem] => [path.path, pathItem(path)])
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version },
    paths: Object.fromEntries(paths),
    definitions: Object.fromEntries(
      [...definitionsOf(scheme, customDefinitionsOf(scheme, customSchemaOf, 'v2'))].map(
        ([name, definition]) => [name, withoutDefaults(definition)],
      ),
    ),
  }
}

/** v2 says no defaults: kubectl of old would write them into what it sends. */
function withoutDefaults({
  default: _default,
  properties,
  items,
  additionalProperties,
  ...rest
}: Schema): Schema {
  return {
    ...rest,
    ...(properties
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, each]) => [name, withoutDefaults(each)]),
          ),
        }
      : {}),
    ...(items ? { items: withoutDefaults(items) } : {}),
    ...(additionalProperties
      ? { additionalProperties: additionalProperties === true || withoutDefaults(additionalProperties) }
      : {}),
  }
}

function pathItem({ parameters, operations }: PathOperations): V2PathItem {
  const entries = METHODS.flatMap((method) => {
    const found = operations[method]
    return found ? [[method, operation(found)] as const] : []
  })
  return { ...Object.fromEntries(entries), parameters: parameters.map(plain) }
}

const plain = (parameter: Parameter): V2Parameter => ({ ...parameter, uniqueItems: true })

function operation({ id, action, kind, parameters, consumes, body, answer }: Operation): V2Operation {
  const bodies: readonly V2Parameter[] =
    body === undefined ? [] : [{ name: 'body', in: 'body', required: true, schema: reference(body) }]
  const ok = { description: 'OK', ...(answer === undefined ? {} : { schema: reference(answer) }) }
  return {
    operationId: id,
    consumes: consumes.length > 0 ? consumes : ['*/*'],
    produces: PRODUCES,
    parameters: [...bodies, ...parameters.map(plain)],
    responses: { '200': ok, '401': { description: 'Unauthorized' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kind,
  }
}

const reference = (name: string): Schema => ({ $ref: `#/definitions/${name}` })
