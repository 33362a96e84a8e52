/**
 * What every resource inside of a custom resource must have: apiVersion, kind, good metadata
 * (kubernetes/apiextensions-apiserver pkg/apiserver/schema/objectmeta/{coerce,validation}.go). Pure.
 */

import { isApiError } from '../api-error.ts'
import type { FieldError } from '../field-error.ts'
import type { KubernetesObject } from '../object.ts'
import { strictDecode } from '../strict-decode.ts'
import { invalidValue, required } from '../validation/faults.ts'
import { validateMetadata } from '../validation/metadata.ts'
import { dns1035LabelFaults, pathSegmentFaults } from '../validation/names.ts'
import type { JsonObject, Schema } from './schema.ts'
import {
  childPath,
  isEmbedded,
  isJsonObject,
  itemPath,
  itemSchema,
  memberSchema,
  sortedJson,
} from './schema.ts'

type Faults = readonly FieldError[]

/** @returns faults of all embedded resources of a value; of one whose metadata cannot be read, that alone */
export function resourceFaults(value: unknown, schema: Schema, path: string): Faults {
  const unreadable = unreadableFault(value, schema, path)
  return unreadable === undefined ? embeddedFaults(value, schema, path) : [unreadable]
}

/** @returns the first embedded resource's member that is not of the type it must have */
export function unreadableFault(value: unknown, schema: Schema, path: string): FieldError | undefined {
  return firstOf(value, schema, path, ownUnreadable)
}

/** Faults of all embedded resources of a value. */
export function embeddedFaults(value: unknown, schema: Schema, path: string): Faults {
  const faults: FieldError[] = []
  firstOf(value, schema, path, (resource, at) => {
    faults.push(...ownFaults(resource, at))
    return undefined
  })
  return faults
}

type Visit = (resource: JsonObject, at: string) => FieldError | undefined

/** Goes through the resources of a value, until one gives a fault. */
function firstOf(value: unknown, schema: Schema, path: string, visit: Visit): FieldError | undefined {
  if (Array.isArray(value)) {
    const items = itemSchema(schema)
    if (items === undefined) return undefined
    for (const [index, item] of value.entries()) {
      const found = firstOf(item, items, itemPath(path, index), visit)
      if (found) return found
    }
    return undefined
  }
  if (!isJsonObject(value)) return undefined
  const own = isEmbedded(schema) ? visit(value, path) : undefined
  if (own) return own
  for (const [name, member] of Object.entries(value)) {
    const of = memberSchema(schema, name)
    const isNamed = Object.hasOwn(schema.properties ?? {}, name)
    const at = isNamed ? childPath(path, name) : `${path}[${name}]`
    const found = of && firstOf(member, of, at, visit)
    if (found) return found
  }
  return undefined
}

function ownUnreadable(resource: JsonObject, at: string): FieldError | undefined {
  for (const [name, member] of Object.entries(resource)) {
    const field = childPath(at, name)
    if ((name === 'apiVersion' || name === 'kind') && typeof member !== 'string')
      return invalidValue(field, member, 'must be a string')
    const detail = name === 'metadata' ? metadataOf(member).fault : undefined
    if (detail !== undefined) return invalidValue(field, sortedJson(member), detail)
  }
  return undefined
}

const METADATA_ONLY = { group: 'meta.k8s.io', version: 'v1', kind: 'PartialObjectMetadata' }

interface Metadata {
  readonly object?: KubernetesObject
  /** unknown fields, by their paths from `metadata` */
  readonly problems?: readonly string[]
  /** Go's words for what cannot be read */
  readonly fault?: string
}

export function metadataOf(metadata: unknown): Metadata {
  if (!isJsonObject(metadata) && metadata !== null)
    return { fault: `json: cannot unmarshal ${goKind(metadata)} into Go value of type v1.ObjectMeta` }
  try {
    return strictDecode(METADATA_ONLY, { metadata: metadata ?? {} })
  } catch (error) {
    if (!isApiError(error, 'BadRequest')) throw error
    const why = error.message.replace(/^.* cannot be handled as an? \S+: /, '')
    return { fault: why.replace(/struct field \w+\.metadata\./, 'struct field ObjectMeta.') }
  }
}

const goKind = (value: unknown): string =>
  Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value

function ownFaults(resource: JsonObject, at: string): Faults {
  const missing = ['apiVersion', 'kind'].filter((name) => !Object.hasOwn(resource, name))
  return [
    ...missing.map((name) => required(childPath(at, name))),
    ...(missing.includes('apiVersion')
      ? []
      : textFaults(resource['apiVersion'], childPath(at, 'apiVersion'), groupVersionFaults)),
    ...(missing.includes('kind') ? [] : textFaults(resource['kind'], childPath(at, 'kind'), kindFaults)),
    ...(Object.hasOwn(resource, 'metadata')
      ? metadataFaults(resource['metadata'], childPath(at, 'metadata'))
      : []),
  ]
}

function textFaults(value: unknown, field: string, faultsOf: (text: string) => readonly string[]): Faults {
  if (typeof value !== 'string') return [invalidValue(field, value, 'must be a string')]
  const faults = value === '' ? ['must not be empty'] : faultsOf(value)
  return faults.map((detail) => invalidValue(field, value, detail))
}

const groupVersionFaults = (text: string): readonly string[] =>
  text.split('/').length > 2 ? [`unexpected GroupVersion string: ${text}`] : []

function kindFaults(text: string): readonly string[] {
  const faults = dns1035LabelFaults(text.toLowerCase())
  return faults.length === 0 ? [] : [`may have mixed case, but should otherwise match: ${faults.join(',')}`]
}

/** The value with the metadata of embedded resources as Go prints it, without what metadata has not. */
export function withReadMetadata(
  value: unknown,
  schema: Schema,
  path = '',
): { readonly value: unknown; readonly problems: readonly string[] } {
  const problems: string[] = []
  const inner = (member: unknown, of: Schema | undefined, at: string): unknown => {
    if (of === undefined) return member
    const read = withReadMetadata(member, of, at)
    problems.push(...read.problems)
    return read.value
  }
  if (Array.isArray(value))
    return {
      value: value.map((item, index) => inner(item, itemSchema(schema), itemPath(path, index))),
      problems,
    }
  if (!isJsonObject(value)) return { value, problems }
  const read = Object.entries(value).map(([name, member]): [string, unknown] => {
    const at = childPath(path, name)
    if (!isEmbedded(schema) || name !== 'metadata')
      return [name, inner(member, memberSchema(schema, name), at)]
    const metadata = metadataOf(member)
    problems.push(...(metadata.problems ?? []).map((problem) => problem.replace('"metadata', `"${at}`)))
    return [name, metadata.object?.metadata ?? member]
  })
  return { value: Object.fromEntries(read), problems }
}

function metadataFaults(metadata: unknown, at: string): Faults {
  const { object, fault } = metadataOf(metadata)
  if (object === undefined) return [invalidValue(at, sortedJson(metadata), fault ?? '')]
  const { namespace, name } = object.metadata
  // A resource may be without a name in here.
  const named = { ...object, metadata: { ...object.metadata, name: name || 'fakename' } }
  const faults = validateMetadata(named, { nameFaults: pathSegmentFaults, namespaced: Boolean(namespace) })
  return faults.map((each) => ({ ...each, field: each.field.replace(/^metadata/, at) }))
}
