/**
 * Which devices are wanted: expressions, and taints that are put up with
 * (kubernetes/kubernetes pkg/apis/resource/validation/validation.go). Pure.
 */

import { deviceSelector } from '../../cel/device-selector.ts'
import type { DeviceSelector, DeviceToleration } from '../../generated/resource-v1.ts'
import type { Faults } from '../faults.ts'
import {
  forbiddenField,
  invalidTexts,
  invalidValue,
  notSupported,
  required,
  tooLong,
  when,
} from '../faults.ts'
import { labelValueFaults, qualifiedNameFaults } from '../names.ts'
import { listFaults } from './collections.ts'

const MAX_SELECTORS = 32
const MAX_EXPRESSION = 10 * 1024
const MAX_COST = 1_000_000

/** Faults of the expressions that all must be true of a device. */
export function selectorFaults(selectors: readonly DeviceSelector[] | undefined, field: string): Faults {
  return listFaults(selectors, field, {
    max: MAX_SELECTORS,
    faultsOf: ({ cel }, at) =>
      cel ? expressionFaults(cel.expression, `${at}.cel.expression`) : [required(`${at}.cel`)],
  })
}

function expressionFaults(expression: string, field: string): Faults {
  if (Buffer.byteLength(expression) > MAX_EXPRESSION) return [tooLong(field, MAX_EXPRESSION)]
  const outcome = deviceSelector(expression)
  if ('maxCost' in outcome)
    return when(outcome.maxCost > MAX_COST, () => forbiddenField(field, 'too complex, exceeds cost limit'))
  const { fault, isInternal } = outcome
  return [isInternal ? { type: 'internal', field, detail: fault } : invalidValue(field, expression, fault)]
}

const EFFECTS = ['NoExecute', 'NoSchedule']
const OPERATORS = ['Equal', 'Exists']

/** Faults of the taints of devices that a request puts up with. */
export function tolerationFaults(
  tolerations: readonly DeviceToleration[] | undefined,
  field: string,
): Faults {
  return listFaults(tolerations, field, {
    faultsOf: ({ key, operator, value = '', effect }, at) => [
      ...(key ? invalidTexts(`${at}.key`, key, qualifiedNameFaults) : []),
      ...operatorFaults(operator ?? '', value, at),
      ...when(effect && !EFFECTS.includes(effect), () => notSupported(`${at}.effect`, effect, EFFECTS)),
    ],
  })
}

function operatorFaults(operator: string, value: string, at: string): Faults {
  switch (operator) {
    case 'Exists':
      return when(value !== '', () =>
        invalidValue(`${at}.value`, value, 'must be empty for operator `Exists`'),
      )
    case 'Equal':
      return invalidTexts(`${at}.value`, value, labelValueFaults)
    case '':
      return [required(`${at}.operator`)]
    default:
      return [notSupported(`${at}.operator`, operator, OPERATORS)]
  }
}
