/** When a Job has failed or succeeded early (kubernetes/kubernetes pkg/apis/batch/validation/validation.go). Pure. */

import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from '../generated/batch-v1.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  invalidTexts,
  invalidValue,
  nonNegative,
  notSupported,
  repeated,
  required,
  tooLong,
  tooMany,
  when,
  withoutValue,
} from './faults.ts'
import { countIndexes } from './index-ranges.ts'
import { qualifiedNameFaults } from './names.ts'

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const OPERATORS = ['In', 'NotIn']
const STATUSES = ['False', 'True', 'Unknown']
const MAX_RULES = 20
const MAX_EXIT_CODES = 255
const MAX_PATTERNS = 20
const MAX_INDEXES_BYTES = 64 * 1024

/** As Go prints a list of strings. */
const listed = (values: readonly string[]): string =>
  `valid values: [${values.map((value) => JSON.stringify(value)).join(' ')}]`

/** @param at path of the policy */
export function validateFailurePolicy(spec: JobSpec, at: string): Faults {
  const rules = spec.podFailurePolicy?.rules ?? []
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {}
  const names = new Set([...containers, ...initContainers].map(({ name }) => name))
  return [
    ...tooMany(`${at}.rules`, rules.length, MAX_RULES),
    ...rules.flatMap((rule, index) => validateFailureRule(rule, `${at}.rules[${index}]`, { spec, names })),
  ]
}

interface Surroundings {
  readonly spec: JobSpec
  /** of the containers of the template */
  readonly names: ReadonlySet<string>
}

function validateFailureRule(rule: PodFailurePolicyRule, at: string, { spec, names }: Surroundings): Faults {
  const { action, onExitCodes, onPodConditions = [] } = rule
  const both = onExitCodes !== undefined && onPodConditions.length > 0
  const none = onExitCodes === undefined && onPodConditions.length === 0
  return [
    ...validateAction(action, `${at}.action`, spec),
    ...(onExitCodes ? validateExitCodes(onExitCodes, `${at}.onExitCodes`, names) : []),
    ...tooMany(`${at}.onPodConditions`, onPodConditions.length, MAX_PATTERNS),
    ...onPodConditions.flatMap((pattern, index) =>
      validatePattern(pattern, `${at}.onPodConditions[${index}]`),
    ),
    ...when(both, () => withoutValue(at, 'specifying both OnExitCodes and OnPodConditions is not supported')),
    ...when(none, () => withoutValue(at, 'specifying one of OnExitCodes and OnPodConditions is required')),
  ]
}

function validateAction(action: string, field: string, { backoffLimitPerIndex }: JobSpec): Faults {
  if (!action) return [required(field, listed(ACTIONS))]
  if (action === 'FailIndex')
    return when(backoffLimitPerIndex === undefined, () =>
      invalidValue(field, action, 'requires the backoffLimitPerIndex to be set'),
    )
  return ACTIONS.includes(action) ? [] : [notSupported(field, action, ACTIONS)]
}

function validateExitCodes(
  { operator, containerName, values = [] }: PodFailurePolicyOnExitCodesRequirement,
  at: string,
  names: ReadonlySet<string>,
): Faults {
  const field = `${at}.values`
  const again = new Set(repeated(values, String))
  return [
    ...(operator
      ? when(!OPERATORS.includes(operator), () => notSupported(`${at}.operator`, operator, OPERATORS))
      : [required(`${at}.operator`, listed(OPERATORS))]),
    ...when(containerName !== undefined && !names.has(containerName), () =>
      invalidValue(
        `${at}.containerName`,
        containerName,
        'must be one of the container or initContainer names in the pod template',
      ),
    ),
    ...when(values.length === 0, () =>
      invalidValue(field, values.length === 0 ? undefined : values, 'at least one value is required'),
    ),
    ...tooMany(field, values.length, MAX_EXIT_CODES),
    ...values.flatMap((value, index) => [
      ...when(operator === 'In' && value === 0, () =>
        invalidValue(`${field}[${index}]`, value, 'must not be 0 for the In operator'),
      ),
      ...when(again.has(index), () => duplicate(`${field}[${index}]`, value)),
    ]),
    ...when(
      values.some((value, index) => index > 0 && (values[index - 1] ?? 0) > value),
      () => invalidValue(field, values, 'must be ordered'),
    ),
  ]
}

function validatePattern({ type, status }: PodFailurePolicyOnPodConditionsPattern, at: string): Faults {
  return [
    ...invalidTexts(`${at}.type`, type, qualifiedNameFaults),
    ...(status
      ? when(!STATUSES.includes(status), () => notSupported(`${at}.status`, status, STATUSES))
      : [required(`${at}.status`, listed(STATUSES))]),
  ]
}

/** @param at path of the policy */
export function validateSuccessPolicy(spec: JobSpec, at: string): Faults {
  const { successPolicy, completionMode, completions = 0 } = spec
  if (completionMode !== 'Indexed') {
    // Upstream shows its internal type.
    const shown = {
      Rules: (successPolicy?.rules ?? []).map(({ succeededIndexes, succeededCount }) => ({
        SucceededIndexes: succeededIndexes ?? null,
        SucceededCount: succeededCount ?? null,
      })),
    }
    return [invalidValue(at, shown, 'requires indexed completion mode')]
  }
  const rules = successPolicy?.rules ?? []
  return [
    ...when(rules.length === 0, () =>
      required(`${at}.rules`, 'at least one rules must be specified when the successPolicy is specified'),
    ),
    ...tooMany(`${at}.rules`, rules.length, MAX_RULES),
    ...rules.flatMap((rule, index) => validateSuccessRule(rule, `${at}.rules[${index}]`, completions)),
  ]
}

function validateSuccessRule(rule: SuccessPolicyRule, at: string, completions: number): Faults {
  const { succeededCount: count, succeededIndexes: indexes } = rule
  const read = indexes === undefined ? { total: 0 } : countIndexes(indexes, completions)
  const total = 'total' in read ? read.total : 0
  return [
    ...when(count === undefined && indexes === undefined, () =>
      required(at, 'at least one of succeededCount or succeededIndexes must be specified'),
    ),
    ...when((indexes ?? '').length > MAX_INDEXES_BYTES, () =>
      tooLong(`${at}.succeededIndexes`, MAX_INDEXES_BYTES),
    ),
    ...('problem' in read
      ? [invalidValue(`${at}.succeededIndexes`, indexes, `error parsing succeededIndexes: ${read.problem}`)]
      : []),
    ...nonNegative(`${at}.succeededCount`, count),
    ...when(count !== undefined && count > completions, () =>
      invalidValue(
        `${at}.succeededCount`,
        count,
        `must be less than or equal to ${completions} (the number of specified completions)`,
      ),
    ),
    ...when(count !== undefined && indexes !== undefined && count > total, () =>
      invalidValue(
        `${at}.succeededCount`,
        count,
        `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`,
      ),
    ),
  ]
}
