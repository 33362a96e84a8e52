/**
 * The rules of a schema, x-kubernetes-validations, as they are written (kubernetes/apiextensions-apiserver
 * pkg/apis/apiextensions/validation/validation.go). Whether they can be evaluated is asked elsewhere. Pure.
 */

import type { ValidationRule } from '../generated/apiextensions-v1.ts'
import type { Schema } from '../json-schema/schema.ts'
import type { Faults } from './faults.ts'
import { invalidValue, notSupported, required, when } from './faults.ts'

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']

/** Faults of the rules at one place of a schema. */
export function validateRules(schema: Schema, at: string): Faults {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((rule, index) =>
    ruleFaults(rule, schema, `${at}.x-kubernetes-validations[${index}]`),
  )
}

function ruleFaults(rule: ValidationRule, schema: Schema, at: string): Faults {
  const { messageExpression, reason, fieldPath } = rule
  return [
    ...textFaults(rule, at),
    ...when(messageExpression && messageExpression.trim() === '', () =>
      required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'),
    ),
    ...when(reason !== undefined && !REASONS.includes(reason), () =>
      notSupported(`${at}.reason`, reason, REASONS),
    ),
    ...(fieldPath ? placeFaults(fieldPath, schema, `${at}.fieldPath`) : []),
  ]
}

/** Of a rule and its message the first fault is told. */
function textFaults({ rule = '', message = '' }: ValidationRule, at: string): Faults {
  const [expression, text] = [rule.trim(), message.trim()]
  if (expression === '') return [required(`${at}.rule`, 'rule is not specified')]
  if (message !== '' && text === '')
    return [invalidValue(`${at}.message`, message, 'must be non-empty if specified')]
  if (hasBreaks(text)) return [invalidValue(`${at}.message`, message, 'must not contain line breaks')]
  return when(hasBreaks(expression) && text === '', () =>
    required(`${at}.message`, 'message must be specified if rule contains line breaks'),
  )
}

const hasBreaks = (text: string): boolean => /[\r\n]/.test(text)

function placeFaults(path: string, schema: Schema, field: string): Faults {
  return [
    ...when(path.trim() === '', () => invalidValue(field, path, 'must be non-empty if specified')),
    ...when(hasBreaks(path), () => invalidValue(field, path, 'must not contain line breaks')),
    ...when(!isPlace(path, schema), () => invalidValue(field, path, 'must be a valid path')),
  ]
}

/** `.color`, `['a-b']`: whether the schema says of what is there. */
function isPlace(path: string, schema: Schema): boolean {
  const step = /^(?:\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\])/.exec(path)
  if (step === null) return path === ''
  const name = step[1] ?? (step[2] ?? '').replace(/\\(.)/g, '$1')
  const { properties, additionalProperties } = schema
  const values = typeof additionalProperties === 'object' ? additionalProperties : undefined
  const next = properties ? properties[name] : values
  return next !== undefined && isPlace(path.slice(step[0].length), next)
}
