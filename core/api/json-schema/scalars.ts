/**
 * What schemas say of texts and numbers, and of values that must be one of several
 * (kubernetes/kube-openapi pkg/validation/validate/{validator,values}.go). Pure.
 */

import type { Flaw } from './flaws.ts'
import { enumFlaw, factorFlaw, tooLongFlaw, valueFlaw } from './flaws.ts'
import { compiledPattern } from './re2.ts'
import type { Schema } from './schema.ts'
import { isJsonObject } from './schema.ts'

/** @returns one flaw at most: the first */
export function textFlaws(value: string, schema: Schema, path: string): readonly Flaw[] {
  const { minLength, maxLength, pattern } = schema
  // Characters as Go counts them, code points.
  const length = Array.from(value).length
  if (maxLength !== undefined && length > maxLength) return [tooLongFlaw(path, maxLength)]
  if (minLength !== undefined && length < minLength)
    return [valueFlaw(path, value, `should be at least ${minLength} chars long`)]
  if (pattern && !matches(pattern, value)) return [valueFlaw(path, value, `should match '${pattern}'`)]
  return []
}

/** A definition with a pattern that cannot be read is refused. */
const matches = (pattern: string, value: string): boolean => compiledPattern(pattern)?.test(value) ?? true

/** Bounds of whole numbers are themselves cut to whole numbers, as upstream. */
export function numberFlaws(value: number, schema: Schema, path: string): readonly Flaw[] {
  const { exclusiveMinimum, exclusiveMaximum } = schema
  const cut = (bound: number | undefined): number | undefined =>
    bound !== undefined && Number.isInteger(value) ? Math.trunc(bound) : bound
  const [minimum, maximum, factor] = [schema.minimum, schema.maximum, schema.multipleOf].map(cut)
  const isTooSmall = minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)
  const isTooLarge = maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)
  const orEqual = (isExclusive: boolean | undefined): string => (isExclusive ? '' : ' or equal to')
  return [
    ...(factor === undefined ? [] : factorFlaws(value, factor, path)),
    ...(isTooSmall
      ? [valueFlaw(path, value, `should be greater than${orEqual(exclusiveMinimum)} ${minimum}`)]
      : []),
    ...(isTooLarge
      ? [valueFlaw(path, value, `should be less than${orEqual(exclusiveMaximum)} ${maximum}`)]
      : []),
  ]
}

const MAX_WHOLE = 2 ** 53 - 1
const EPSILON = 1e-9

function factorFlaws(value: number, factor: number, path: string): readonly Flaw[] {
  if (factor <= 0) return [factorFlaw(path, factor)]
  const times = factor < 1 ? (1 / factor) * value : value / factor
  const nearest = Math.trunc(times)
  const isWhole =
    Math.abs(times) <= MAX_WHOLE &&
    (times === nearest || Math.abs(times - nearest) / (Math.abs(times) + Math.abs(nearest)) < EPSILON)
  return isWhole ? [] : [valueFlaw(path, value, `should be a multiple of ${factor}`)]
}

/** A null is never one of those named, as upstream. */
export function enumFlaws(value: unknown, { enum: allowed = [] }: Schema, path: string): readonly Flaw[] {
  // Fractions are cut before they are held against whole numbers, as upstream.
  const cut = (each: unknown): unknown =>
    typeof value === 'number' && Number.isInteger(each) ? Math.trunc(value) : value
  const isOne = value !== null && allowed.some((each) => each !== null && isEqual(each, cut(each)))
  if (allowed.length === 0 || isOne) return []
  const shown = allowed.map((each) => (typeof each === 'string' ? each : JSON.stringify(each ?? null)))
  return [enumFlaw(path, value, shown)]
}

/** Whether two JSON values are the same, nothing left out. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index]))
  if (!isJsonObject(a) || !isJsonObject(b)) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqual(a[name], b[name]))
  )
}
