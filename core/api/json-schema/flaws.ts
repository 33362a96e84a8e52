/**
 * What a schema finds wrong with a value, and how it is told of as a fault of a field
 * (kubernetes/kube-openapi pkg/validation/errors, kubernetes/apiextensions-apiserver
 * pkg/apiserver/validation/validation.go). Pure.
 */

import type { FieldError } from '../field-error.ts'
import { notSupported, required, tooLong, tooMany } from '../validation/faults.ts'

export interface Flaw {
  /** where in the value; undefined for what clauses say, which is told of the whole */
  readonly path: string | undefined
  /** all that is said; flaws of the same text are one */
  readonly text: string
  readonly kind:
    | { readonly type: 'invalid' | 'typeInvalid'; readonly value: unknown }
    | { readonly type: 'required' }
    | { readonly type: 'tooLong'; readonly max: number }
    | { readonly type: 'tooMany'; readonly count: number; readonly max: number }
    | { readonly type: 'notSupported'; readonly value: unknown; readonly allowed: readonly string[] }
}

export const valueFlaw = (path: string, value: unknown, detail: string): Flaw => ({
  path,
  text: `${path} in body ${detail}`,
  kind: { type: 'invalid', value },
})

export const typeFlaw = (path: string, wanted: string, found: string): Flaw => ({
  path,
  text: `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`,
  kind: { type: 'typeInvalid', value: found },
})

/** Without `in body`, as upstream. */
export const factorFlaw = (path: string, factor: number): Flaw => ({
  path,
  text: `factor MultipleOf declared for ${path} must be positive: ${factor}`,
  kind: { type: 'invalid', value: factor },
})

export const requiredFlaw = (path: string): Flaw => ({
  path,
  text: `${path} in body is required`,
  kind: { type: 'required' },
})

export const tooLongFlaw = (path: string, max: number): Flaw => ({
  path,
  text: `${path} in body should be at most ${max} chars long`,
  kind: { type: 'tooLong', max },
})

export const tooManyFlaw = (path: string, count: number, max: number, what: string): Flaw => ({
  path,
  text: `${path} in body should have at most ${max} ${what}`,
  kind: { type: 'tooMany', count, max },
})

export const enumFlaw = (path: string, value: unknown, allowed: readonly string[]): Flaw => ({
  path,
  text: `${path} in body should be one of [${allowed.join(' ')}]`,
  kind: { type: 'notSupported', value, allowed },
})

export const clauseFlaw = (path: string, detail: string): Flaw => ({
  path: undefined,
  text: `${JSON.stringify(path)} ${detail}`,
  kind: { type: 'invalid', value: '' },
})

/** Go's word for no path at all. */
const NOWHERE = '<nil>'

/** @param at path of the value's place; '' for a whole object */
export function flawFault({ path = '', text, kind }: Flaw, at: string): FieldError {
  const own = path === '.' ? '' : path.replace(/^\./, '')
  const field = [at, own].filter((part) => part !== '').join('.') || NOWHERE
  switch (kind.type) {
    case 'required':
      return required(field)
    case 'tooLong':
      return tooLong(field, kind.max)
    case 'tooMany':
      return tooMany(field, kind.count, kind.max)[0] ?? required(field)
    case 'notSupported':
      return notSupported(field, kind.value, kind.allowed)
    case 'invalid':
    case 'typeInvalid':
      return { type: kind.type, field, value: kind.value, detail: text }
  }
}
