/** The OpenAPI v3 documents: one per group-version. Pure. */

import type { ResourceInfo } from '../../api/resource.ts'
import type { Operation, Parameter, PathOperations } from './operations.ts'
import { METHODS, pathsOf } from './operations.ts'
import type { CustomSchemaOf } from './custom-schema.ts'
import { customDefinitionsOf } from './custom-schema.ts'
import type { Schema } from './schema.ts'
import { definitionName, definitionsOf } from './schema.ts'

type Document = Readonly<Record<string, unknown>>

/** @param resources those of one group-version */
export function openApiV3(
  resources: readonly ResourceInfo[],
  version: string,
  customSchemaOf: CustomSchemaOf = () => undefined,
): Document {
  const paths = resources
    .flatMap((resource) => pathsOf(resource, customSchemaOf(resource) !== undefined))
    .map((path): [string, Document] => [path.path, pathItem(path)])
  const custom = customDefinitionsOf(resources, customSchemaOf, 'v3')
  const schemas = [...definitionsOf(resources, custom)].map(([name, schema]): [string, unknown] => [
    name,
    v3Schema(schema, name),
  ])
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths: Object.fromEntries(paths),
    components: { schemas: Object.fromEntries(schemas) },
  }
}

const INT_OR_STRING = definitionName('k8s.io.apimachinery.pkg.util.intstr.IntOrString')
const QUANTITY = definitionName('k8s.io.apimachinery.pkg.api.resource.Quantity')

/** Types of two forms say so by oneOf here, where v2 could not. */
function v3Schema(schema: Schema, name: string): unknown {
  if (name === INT_OR_STRING) {
    return { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] }
  }
  if (name === QUANTITY) return { oneOf: [{ type: 'string' }, { type: 'number' }] }
  return converted(schema)
}

/** A reference may have no siblings in v3: it is wrapped where it has some, and where members usually are described. */
const member = (schema: Schema): Document => {
  const { $ref, ...rest } = schema
  return $ref === undefined ? converted(schema) : { ...rest, allOf: [{ $ref: v3Reference($ref) }] }
}

function converted(schema: Schema): Document {
  const { $ref, properties, items, additionalProperties, ...rest } = schema
  if ($ref !== undefined) {
    return Object.keys(rest).length > 0 ? member(schema) : { $ref: v3Reference($ref) }
  }
  return {
    ...rest,
    ...(properties ? { properties: mapValues(properties, member) } : {}),
    ...(items ? { items: converted(items) } : {}),
    ...(additionalProperties
      ? { additionalProperties: additionalProperties === true || converted(additionalProperties) }
      : {}),
  }
}

const v3Reference = (reference: string): string =>
  reference.replace('#/definitions/', '#/components/schemas/')

const mapValues = <T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))

function pathItem({ parameters, operations }: PathOperations): Document {
  const entries = METHODS.flatMap((method) => {
    const found = operations[method]
    return found ? [[method, operation(found)] as const] : []
  })
  return { ...Object.fromEntries(entries), ...v3Parameters(parameters) }
}

/** Go's reader of documents leaves out what is empty when it writes them: so that nothing gets lost there. */
const v3Parameters = (parameters: readonly Parameter[]): Document =>
  parameters.length === 0 ? {} : { parameters: parameters.map(v3Parameter) }

const v3Parameter = ({ name, in: place, type, required }: Parameter): Document => ({
  name,
  in: place,
  ...(required ? { required } : {}),
  schema: { type, uniqueItems: true },
})

function operation({ id, action, kind, parameters, consumes, body, answer }: Operation): Document {
  const bodyTypes = consumes.length > 0 ? consumes : ['*/*']
  const isPatch = action === 'patch'
  const bodySchema = body === undefined ? { type: 'object' } : { $ref: `#/components/schemas/${body}` }
  const hasBody = body !== undefined || isPatch
  return {
    operationId: id,
    ...v3Parameters(parameters),
    ...(hasBody ? { requestBody: { content: contentOf(bodyTypes, bodySchema) } } : {}),
    responses: {
      '200': { description: 'OK', ...answerContent(answer) },
      '401': { description: 'Unauthorized' },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kind,
  }
}

const contentOf = (types: readonly string[], schema: unknown): Document =>
  Object.fromEntries(types.map((type) => [type, { schema }]))

const answerContent = (answer: string | undefined): Document =>
  answer === undefined
    ? {}
    : {
        content: contentOf(['application/json', 'application/yaml'], {
          $ref: `#/components/schemas/${answer}`,
        }),
      }
