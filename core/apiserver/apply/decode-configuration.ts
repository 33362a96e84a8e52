/**
 * The body of an apply request as an object. Unlike other writes it may not hold fields the kind does not have,
 * whatever the field validation: owners cannot be told of what has no place in the schema. Pure.
 *
 * Texts as kubernetes/apimachinery pkg/util/managedfields/internal/structuredmerge.go. Differs: upstream answers 500.
 */

import { badRequest } from '../../api/api-error.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import type { KindName } from '../../api/strict-decode.ts'
import { apiVersionOf } from '../../api/resource.ts'
import { decodeBody } from '../requests/decode-body.ts'
import type { Environment } from '../registry/environment.ts'
import { isArray, isObject } from '../requests/json-value.ts'
import type { RequestContext } from '../registry/registry.ts'
import type { ListType, SchemaType } from '../registry/schema-type.ts'
import { LEAF } from '../registry/schema-type.ts'
import { duplicateFaults, keyText } from './duplicates.ts'

const UNKNOWN = /^unknown field "(.*)"$/

/** @throws ApiError BadRequest, also for fields given twice when validation is strict */
export function decodeConfiguration(
  env: Pick<Environment, 'kinds'>,
  resource: ResourceInfo,
  body: unknown,
  context: RequestContext,
): KubernetesObject {
  refuseOtherKind(resource, body)
  const unknown: string[] = []
  const collecting: RequestContext = {
    ...context,
    fieldValidation: 'Warn',
    repetitions: undefined,
    warn: (text) => unknown.push(UNKNOWN.exec(text)?.[1] ?? text),
  }
  // A zero that was not said has no owner.
  const object = decodeBody(env, resource, body, collecting, { asGiven: true })
  const { type } = env.kinds.of(resource)
  const faults = [
    ...unknown.map((path) => {
      const text = pathText(path.match(/[^.[\]]+/g) ?? [], { type, value: body })
      return `${text}: field not declared in schema`
    }),
    ...duplicateFaults(body, type),
  ]
  if (faults.length > 0) throw untyped(resource, object, faults)
  refuseRepetitions(context)
  return object
}

/** A configuration says what it is. @throws ApiError BadRequest, as pkg/util/managedfields/internal/versioncheck.go */
export function refuseOtherKind(resource: KindName, body: unknown): void {
  const { apiVersion, kind } = isObject(body) ? body : {}
  if (apiVersion === apiVersionOf(resource) && kind === resource.kind) return
  const said = typeof apiVersion === 'string' ? apiVersion : ''
  const parts = said.split('/')
  if (parts.length > 2) throw badRequest('invalid object type: /, Kind=')
  const [version, group = ''] = parts.toReversed()
  throw badRequest(`invalid object type: ${group}/${version}, Kind=${typeof kind === 'string' ? kind : ''}`)
}

/** 400 `failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .spec.foo: field not ...` */
function untyped(resource: ResourceInfo, { metadata }: KubernetesObject, faults: readonly string[]): Error {
  const list = faults.length === 1 ? faults[0] : ['errors:', ...faults].join('\n  ')
  const name = `${metadata.namespace ?? ''}/${metadata.name ?? ''}`
  const kind = `${resource.group}/${resource.version}, Kind=${resource.kind}`
  return badRequest(`failed to create typed patch object (${name}; ${kind}): ${list}`)
}

/** `.spec.containers[name="c"].foo`: items of keyed lists go by their keys. */
function pathText(
  parts: readonly string[],
  { type, value }: { readonly type: SchemaType; readonly value: unknown },
): string {
  const [part = '', ...rest] = parts
  if (parts.length === 0) return ''
  if (isArray(value)) {
    const item = value[Number(part)]
    const element = type.kind === 'list' ? type.element : LEAF
    return `[${isKeyed(type) && isObject(item) ? keyText(item, type) : part}]${pathText(rest, { type: element, value: item })}`
  }
  const inner = isObject(value) ? value[part] : undefined
  const field = type.kind === 'struct' ? type.fields.get(part)?.type : undefined
  return `.${part}${pathText(rest, { type: field ?? (type.kind === 'map' ? type.element : LEAF), value: inner })}`
}

const isKeyed = (type: SchemaType): type is ListType => type.kind === 'list' && type.relation === 'map'

function refuseRepetitions({ repetitions, fieldValidation, warn }: RequestContext): void {
  if (fieldValidation === 'Ignore') return
  if (fieldValidation !== 'Strict') return repetitions?.warnings([]).forEach(warn)
  const [text] = repetitions?.errors([]) ?? []
  if (text !== undefined) throw badRequest(`error strict decoding YAML: ${text}`)
}
