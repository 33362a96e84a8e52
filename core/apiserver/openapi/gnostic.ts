/**
 * The OpenAPI v2 document as protobuf (gnostic's openapi.v2.Document), the only form kubectl up to 1.28 reads.
 * Pure. Field numbers: google/gnostic openapiv2/OpenAPIv2.proto; vendor extensions are YAML text.
 */

import { bytesField, doubleField, varintField } from '../../api/wire-format.ts'
import type { Schema } from './schema.ts'
import { METHODS } from './operations.ts'
import type { V2Document, V2Operation, V2Parameter, V2PathItem } from './v2.ts'

/** As clients ask for it, first the name that Go's own parser refuses in an answer because of the `@`. */
export const GNOSTIC_MEDIA_TYPES = [
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
] as const

type Message = readonly Uint8Array[]

const message = (...parts: readonly (Uint8Array | readonly Uint8Array[] | undefined)[]): Message =>
  parts.flatMap((part) => (part === undefined ? [] : part instanceof Uint8Array ? [part] : part))

const text = (number: number, value: string | undefined): Uint8Array | undefined =>
  value === undefined ? undefined : bytesField(number, value)

const texts = (number: number, values: readonly string[] | undefined): Message =>
  (values ?? []).map((value) => bytesField(number, value))

const count = (number: number, value: number | undefined): Uint8Array | undefined =>
  value === undefined || value < 0 ? undefined : varintField(number, value)

const real = (number: number, value: number | undefined): Uint8Array | undefined =>
  value === undefined ? undefined : doubleField(number, value)

const flag = (number: number, value: boolean | undefined): Uint8Array | undefined =>
  value === true ? varintField(number, 1) : undefined

/** NamedX {name = 1, value = 2} */
const named = (name: string, value: Message): Message => [bytesField(1, name), bytesField(2, value)]

/** Any {yaml = 2}; JSON is YAML */
const any = (value: unknown): Message => [bytesField(2, `${JSON.stringify(value)}\n`)]

/** @returns the bytes of the whole document */
export function gnosticDocument(document: V2Document): Uint8Array {
  const paths = Object.entries(document.paths).map(([path, item]) =>
    bytesField(2, named(path, pathItem(item))),
  )
  return Buffer.concat([
    bytesField(1, document.swagger),
    bytesField(2, [bytesField(1, document.info.title), bytesField(2, document.info.version)]),
    bytesField(8, paths),
    bytesField(9, namedSchemas(document.definitions)),
  ])
}

const namedSchemas = (schemas: Readonly<Record<string, Schema>>): Message =>
  Object.entries(schemas).map(([name, value]) => bytesField(1, named(name, schema(value))))

function schema(value: Schema): Message {
  return message(
    text(1, value.$ref),
    text(2, value.format),
    text(3, value.title),
    text(4, value.description),
    value.default === undefined ? undefined : bytesField(5, any(value.default)),
    limits(value),
    texts(19, value.required),
    (value.enum ?? []).map((each) => bytesField(20, any(each))),
    value.additionalProperties && bytesField(21, valueSchema(value.additionalProperties)),
    value.type === undefined ? undefined : bytesField(22, [bytesField(1, value.type)]),
    value.items && bytesField(23, [bytesField(1, schema(value.items))]),
    value.properties && bytesField(25, namedSchemas(value.properties)),
    extensions(31, value),
  )
}

const valueSchema = (value: Schema | true): Message =>
  value === true ? [varintField(2, 1)] : [bytesField(1, schema(value))]

function limits(value: Schema): Message {
  return message(
    real(6, value.multipleOf),
    real(7, value.maximum),
    flag(8, value.exclusiveMaximum),
    real(9, value.minimum),
    flag(10, value.exclusiveMinimum),
    count(11, value.maxLength),
    count(12, value.minLength),
    text(13, value.pattern),
    count(14, value.maxItems),
    count(15, value.minItems),
    flag(16, value.uniqueItems),
    count(17, value.maxProperties),
    count(18, value.minProperties),
  )
}

function extensions(number: number, of: object): Message {
  return Object.entries(of)
    .filter(([name]) => name.startsWith('x-'))
    .map(([name, value]) => bytesField(number, named(name, any(value))))
}

const METHOD_NUMBERS = { get: 2, put: 3, post: 4, delete: 5, patch: 8 } as const

function pathItem(item: V2PathItem): Message {
  const operations = METHODS.flatMap((method) => {
    const found = item[method]
    return found ? [bytesField(METHOD_NUMBERS[method], operation(found))] : []
  })
  return message(
    operations,
    item.parameters.map((each) => bytesField(9, parametersItem(each))),
  )
}

function operation(value: V2Operation): Message {
  const responses = Object.entries(value.responses).map(([code, response]) => {
    const described = message(
      bytesField(1, response.description),
      response.schema && bytesField(2, [bytesField(1, schema(response.schema))]),
    )
    return bytesField(1, named(code, [bytesField(1, described)]))
  })
  return message(
    text(5, value.operationId),
    texts(6, value.produces),
    texts(7, value.consumes),
    value.parameters.map((each) => bytesField(8, parametersItem(each))),
    bytesField(9, responses),
    extensions(13, value),
  )
}

/** ParametersItem {parameter = 1 {body = 1, non_body = 2 {query = 3, path = 4}}} */
function parametersItem(value: V2Parameter): Message {
  if (value.in === 'body') {
    const body = message(
      text(2, value.name),
      text(3, value.in),
      flag(4, value.required),
      value.schema && bytesField(5, schema(value.schema)),
    )
    return [bytesField(1, [bytesField(1, body)])]
  }
  const isQuery = value.in === 'query'
  const fields = message(
    flag(1, value.required),
    text(2, value.in),
    text(4, value.name),
    text(isQuery ? 6 : 5, value.type),
    flag(isQuery ? 20 : 19, value.uniqueItems),
  )
  return [bytesField(1, [bytesField(2, [bytesField(isQuery ? 3 : 4, fields)])])]
}
