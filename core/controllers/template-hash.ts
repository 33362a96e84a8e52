/**
 * Whether two pod templates are the same, and the short name of one. Pure.
 *
 * Upstream hashes a dump of Go structs, which cannot be reproduced and on which nothing depends; here it is FNV-1a over
 * the template's JSON in key order, printed with the same alphabet.
 */

import type { PodTemplateSpec } from '../api/generated/core-v1.ts'

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
const HASH_LABEL = 'pod-template-hash'

/** @param collisions raised when the name is taken by another template */
export function templateHash(template: PodTemplateSpec, collisions: number): string {
  const hash = fnv1a(`${canonical(template)}${collisions === 0 ? '' : collisions}`)
  return Array.from(String(hash), (digit) => ALPHABET[digit.charCodeAt(0) % ALPHABET.length] ?? '').join('')
}

export function isSameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return canonical(a) === canonical(b)
}

/** JSON without the hash label, keys sorted, empty objects and absent fields left out. */
function canonical(template: PodTemplateSpec | undefined): string {
  const { [HASH_LABEL]: _hash, ...labels } = template?.metadata?.labels ?? {}
  return JSON.stringify(sorted({ ...template, metadata: { ...template?.metadata, labels } }))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(
    ([key, inner]) => inner !== undefined && key !== 'creationTimestamp',
  )
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]),
  )
}

/** 32 bit, over UTF-8. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}
