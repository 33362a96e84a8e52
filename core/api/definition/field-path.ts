/**
 * Paths to fields of a schema, `.spec.ports['http']`: whether they lead anywhere, and where
 * (kubernetes/apiextensions-apiserver pkg/apiserver/schema/cel/validation.go ValidFieldPath). Pure.
 */

import type { Schema } from '../json-schema/schema.ts'
import { valueSchema } from '../json-schema/schema.ts'

export type FoundPath =
  | { readonly fault: string }
  | {
      /** names and keys as messages write them: `spec.ports[http]` */
      readonly path: string
      /** the first name */
      readonly root: string
      readonly schema: Schema | undefined
    }

interface Walk {
  readonly path: string
  readonly schema: Schema | undefined
}

/** Texts in single quotes, the three delimiters, and what is between them. */
const TOKEN = /'(?:[^']|(?<=\\)')*'|'[\s\S]*$|[.[\]]|[^.[\]]+/g

/** @param allowsKeys whether `['key']` may be in it */
export function fieldPath(text: string, schema: Schema, { allowsKeys = true } = {}): FoundPath {
  const tokens = text.match(TOKEN) ?? []
  const roots: string[] = []
  let at: Walk = { path: '', schema }
  for (let index = 0; index < tokens.length;) {
    const token = tokens[index]
    const isKey = token === '['
    if (!isKey && token !== '.') return { fault: `expected [ or . but got: ${token ?? ''}` }
    if (isKey && !allowsKeys) return { fault: 'array notation is not allowed' }
    const name = isKey ? keyOf(tokens[index + 1]) : nameOf(tokens[index + 1])
    if ('fault' in name) return name
    const next = member(at, name.value)
    if ('fault' in next) return next
    at = next
    roots.push(name.value)
    if (isKey) {
      const end = tokens[index + 2]
      if (end === undefined) return { fault: 'unexpected end of JSON path' }
      if (end !== ']') return { fault: `expected ] but got ${end}` }
    }
    index += isKey ? 3 : 2
  }
  return { path: at.path, root: roots[0] ?? '', schema: at.schema }
}

type Name = { readonly value: string } | { readonly fault: string }

const nameOf = (token: string | undefined): Name =>
  token === undefined ? { fault: 'unexpected end of JSON path' } : { value: token }

function keyOf(token: string | undefined): Name {
  if (token === undefined) return { fault: 'unexpected end of JSON path' }
  if (token.length < 2 || !token.startsWith("'") || !token.endsWith("'"))
    return { fault: `expected single quoted string but got ${token}` }
  return unescaped(token.slice(1, -1))
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
}

function unescaped(text: string): Name {
  const unknown = [...text.matchAll(/\\(.)/g)].findLast(([, letter]) => !((letter ?? '') in ESCAPES))
  if (unknown !== undefined) return { fault: `invalid string literal: invalid escape char ${unknown[0]}` }
  return { value: text.replaceAll(/\\(.)/g, (_whole, letter: string) => ESCAPES[letter] ?? '') }
}

/** Names are members of structs, keys of maps, however they are written. */
function member({ path, schema }: Walk, name: string): Walk | { readonly fault: string } {
  const nowhere = { fault: 'does not refer to a valid field' }
  if (schema === undefined) return nowhere
  const { properties, additionalProperties } = schema
  if (properties !== undefined && Object.keys(properties).length > 0) {
    if (!Object.hasOwn(properties, name)) return nowhere
    return { path: path === '' ? name : `${path}.${name}`, schema: properties[name] }
  }
  if (additionalProperties === undefined) return nowhere
  return { path: `${path}[${name}]`, schema: valueSchema(schema) }
}
