/**
 * matchConditions: CEL expressions that decide whether a webhook is asked. Pure.
 * KEP-3716; kubernetes/apiserver pkg/admission/plugin/webhook/matchconditions.
 */

import type { MatchCondition } from '../generated/admissionregistration-v1.ts'
import { translated } from './dialect.ts'
import { environmentOf } from './library.ts'
import { celValue } from './values.ts'

/** @param review an AdmissionReview. @returns whether all hold. @throws Error for one that cannot be evaluated */
export function conditionsHold(conditions: readonly MatchCondition[], review: object): boolean {
  if (conditions.length === 0) return true
  const { request } = review as {
    readonly request: { readonly object?: unknown; readonly oldObject?: unknown }
  }
  const environment = environmentOf(['object', 'oldObject', 'request'])
  const context = {
    request: celValue(request, undefined),
    object: celValue(request.object, undefined),
    oldObject: celValue(request.oldObject, undefined),
  }
  return conditions.every(({ name, expression }) => {
    const program = environment.parse(translated(expression))
    const { valid, error } = program.check()
    if (!valid)
      throw new Error(`matchCondition ${JSON.stringify(name)}: ${error?.message ?? 'cannot be evaluated'}`)
    return program(context) === true
  })
}
