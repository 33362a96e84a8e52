/**
 * Structural schemas of custom resources: how their parts are reached. Pure.
 * kubernetes/apiextensions-apiserver pkg/apiserver/schema/structural.go.
 */

import type { JSONSchemaProps } from '../generated/apiextensions-v1.ts'

export type Schema = JSONSchemaProps

export type JsonObject = Readonly<Record<string, unknown>>

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const keepsUnknown = (schema: Schema): boolean =>
  schema['x-kubernetes-preserve-unknown-fields'] === true

export const isEmbedded = (schema: Schema): boolean => schema['x-kubernetes-embedded-resource'] === true

export const isIntOrString = (schema: Schema): boolean => schema['x-kubernetes-int-or-string'] === true

/** @returns the schema of a list's items; undefined when it says nothing of them */
export function itemSchema({ items }: Schema): Schema | undefined {
  return items === undefined || Array.isArray(items) ? undefined : (items as Schema)
}

/** @returns the schema of a map's values; undefined when it says nothing of them */
export function valueSchema({ additionalProperties }: Schema): Schema | undefined {
  return typeof additionalProperties === 'object' ? additionalProperties : undefined
}

/** @returns the schema of a member of an object; undefined when there is none */
export function memberSchema(schema: Schema, name: string): Schema | undefined {
  const { properties } = schema
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : valueSchema(schema)
}

/** Members every resource has, whether its schema says so or not. */
export const TYPE_META: readonly string[] = ['apiVersion', 'kind', 'metadata']

/** `spec.ports[0]` and a member of it. */
export const childPath = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)
export const itemPath = (path: string, index: number): string => `${path}[${index}]`
/** A member of a map, which upstream writes in brackets. */
export const keyPath = (path: string, key: string): string => `${path}[${key}]`

/** A JSON value with the members of objects in the order Go prints them. */
export function sortedJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedJson)
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, member]) => [name, sortedJson(member)]))
}
