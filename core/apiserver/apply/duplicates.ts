/**
 * What an apply configuration says twice: items of a set or keyed list that cannot be told apart. Whose of the two
 * would be owned? Pure.
 *
 * As kubernetes-sigs/structured-merge-diff typed/validate.go (visitListItems), without AllowDuplicates.
 */

import { isArray, isObject } from '../requests/json-value.ts'
import type { ListType, SchemaType } from '../registry/schema-type.ts'
import { LEAF } from '../registry/schema-type.ts'

/** @returns `.spec.containers[name="c"].env: duplicate entries for key [name="A"]` and the like, once per list and key */
export function duplicateFaults(value: unknown, type: SchemaType, path = ''): readonly string[] {
  if (isArray(value)) return type.kind === 'list' ? listFaults(value, type, path) : []
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    duplicateFaults(inner, memberType(type, name), `${path}.${name}`),
  )
}

function memberType(type: SchemaType, name: string): SchemaType {
  if (type.kind === 'struct') return type.fields.get(name)?.type ?? LEAF
  return type.kind === 'map' ? type.element : LEAF
}

function listFaults(items: readonly unknown[], type: ListType, path: string): readonly string[] {
  if (type.relation === 'atomic') return []
  const seen = new Set<string>()
  const repeated = new Set<string>()
  const inner: string[] = []
  for (const [index, item] of items.entries()) {
    if (item === null) {
      inner.push(`${path}: element ${index}: associative list with keys may not have a null element`)
      continue
    }
    const key = keyText(item, type)
    if (seen.has(key)) repeated.add(key)
    else seen.add(key)
    inner.push(...duplicateFaults(item, type.element, `${path}[${key}]`))
  }
  return [...inner, ...[...repeated].map((key) => `${path}: duplicate entries for key [${key}]`)]
}

/** `name="c"` or `containerPort=80,protocol="TCP"`; of a set `="a/b"` */
export function keyText(item: unknown, type: ListType): string {
  if (type.relation === 'set') return `=${JSON.stringify(item)}`
  const fields = isObject(item) ? item : {}
  return type.keys
    .flatMap(({ name, fallback }) => {
      const value = fields[name] ?? fallback
      return value === undefined ? [] : [`${name}=${JSON.stringify(value)}`]
    })
    .join(',')
}
