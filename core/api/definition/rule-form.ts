/**
 * The form of x-kubernetes-validations, apart from what their expressions say
 * (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go). Pure.
 */

import type { ValidationRule } from '../generated/apiextensions-v1.ts'
import type { Schema } from '../json-schema/schema.ts'
import type { Faults } from '../validation/faults.ts'
import { invalidValue, optionalChoice, required, when } from '../validation/faults.ts'
import { fieldPath } from './field-path.ts'
import { unstructured } from './structural.ts'

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']

const hasLineBreaks = (text: string): boolean => /[\n\r]/.test(text)

export function ruleFormFaults(schema: Schema, at: string): Faults {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((rule, index) => {
    const place = `${at}.x-kubernetes-validations[${index}]`
    return [
      ...textFaults(rule, place),
      ...when(rule.messageExpression && rule.messageExpression.trim() === '', () =>
        required(`${place}.messageExpression`, 'messageExpression must be non-empty if specified'),
      ),
      ...optionalChoice(`${place}.reason`, rule.reason, REASONS),
      ...pathFaults(rule.fieldPath ?? '', schema, `${place}.fieldPath`),
    ]
  })
}

/** One fault at most of the rule and its message. */
function textFaults({ rule, message = '' }: ValidationRule, at: string): Faults {
  const [expression, said] = [rule.trim(), message.trim()]
  if (expression === '') return [required(`${at}.rule`, 'rule is not specified')]
  if (message !== '' && said === '')
    return [invalidValue(`${at}.message`, message, 'must be non-empty if specified')]
  if (hasLineBreaks(said)) return [invalidValue(`${at}.message`, message, 'must not contain line breaks')]
  return when(hasLineBreaks(expression) && said === '', () =>
    required(`${at}.message`, 'message must be specified if rule contains line breaks'),
  )
}

function pathFaults(path: string, schema: Schema, field: string): Faults {
  if (path === '') return []
  return [
    ...when(path.trim() === '', () => invalidValue(field, path, 'must be non-empty if specified')),
    ...when(hasLineBreaks(path), () => invalidValue(field, path, 'must not contain line breaks')),
    ...when(unstructured(schema) === undefined && 'fault' in fieldPath(path, schema), () =>
      invalidValue(field, path, 'must be a valid path'),
    ),
  ]
}
