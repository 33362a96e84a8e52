/**
 * The part of an extension API server's OpenAPI v2 document that is about its group-version: its paths, and the
 * definitions these need. Pure; the document is another's, and checked.
 * kubernetes/kube-openapi pkg/aggregator (FilterSpecByPathsWithoutSideEffects). Differs: shared parameters are written out.
 */

import type { JsonObject } from '../requests/json-value.ts'
import { isArray, isObject, mapObject } from '../requests/json-value.ts'
import { gnosticDocument } from './gnostic.ts'
import { METHODS } from './operations.ts'
import type { Schema } from './schema.ts'
import type { V2Document, V2PathItem } from './v2.ts'

export type V2Part = Pick<V2Document, 'paths' | 'definitions'>

const DEFINITION = '#/definitions/'
const PARAMETER = '#/parameters/'

/** @returns undefined for what is no such document, or cannot be shown in every form */
export function remoteV2(document: unknown, groupVersion: string): V2Part | undefined {
  const { paths, definitions, parameters } = isObject(document) ? document : {}
  if (!isObject(paths)) return undefined
  const own = Object.entries(paths).filter(([path]) => path.startsWith(`/apis/${groupVersion}/`))
  const shared = isObject(parameters) ? parameters : {}
  const items = own.map(([path, item]) => [path, pathItem(item, shared)] as const)
  const part = usedOf(Object.fromEntries(items), isObject(definitions) ? definitions : {})
  try {
    gnosticDocument({ swagger: '2.0', info: { title: '', version: '' }, ...part })
    return part
  } catch {
    // Something in it is not of the type it must have.
    return undefined
  }
}

function pathItem(item: unknown, shared: JsonObject): V2PathItem {
  const given = isObject(item) ? item : {}
  const operations = METHODS.flatMap((method) => {
    const operation = given[method]
    if (!isObject(operation)) return []
    const { parameters, responses } = operation
    const complete = {
      ...operation,
      parameters: parametersOf(parameters, shared),
      responses: isObject(responses) ? responses : {},
    }
    return [[method, complete] as const]
  })
  const whole = { ...Object.fromEntries(operations), parameters: parametersOf(given['parameters'], shared) }
  return whole as unknown as V2PathItem
}

function parametersOf(parameters: unknown, shared: JsonObject): readonly unknown[] {
  return (isArray(parameters) ? parameters : []).flatMap((each) => {
    const reference = isObject(each) ? each['$ref'] : undefined
    if (typeof reference !== 'string') return [each]
    const found = shared[reference.slice(PARAMETER.length)]
    return found === undefined ? [] : [found]
  })
}

/** The paths with all definitions they lead to. */
function usedOf(paths: V2Document['paths'], definitions: JsonObject): V2Part {
  const used = new Set<string>()
  const waiting = namesIn(paths)
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (used.has(name) || !Object.hasOwn(definitions, name)) continue
    used.add(name)
    waiting.push(...namesIn(definitions[name]))
  }
  const kept = Object.entries(definitions).filter(([name]) => used.has(name))
  return { paths, definitions: Object.fromEntries(kept) as Readonly<Record<string, Schema>> }
}

/** Names of the definitions a value refers to. */
function namesIn(value: unknown): string[] {
  if (isArray(value)) return value.flatMap(namesIn)
  if (!isObject(value)) return []
  const { $ref } = value
  const own = typeof $ref === 'string' && $ref.startsWith(DEFINITION) ? [$ref.slice(DEFINITION.length)] : []
  return [...own, ...Object.values(value).flatMap(namesIn)]
}

/** @returns the value with other names in its references */
export function withNames<T>(value: T, names: ReadonlyMap<string, string>): T {
  const renamed = (inner: unknown, key = ''): unknown => {
    if (isArray(inner)) return inner.map((each) => renamed(each))
    if (isObject(inner)) return mapObject(inner, renamed)
    if (key !== '$ref' || typeof inner !== 'string' || !inner.startsWith(DEFINITION)) return inner
    const name = inner.slice(DEFINITION.length)
    return `${DEFINITION}${names.get(name) ?? name}`
  }
  return names.size === 0 ? value : (renamed(value) as T)
}
