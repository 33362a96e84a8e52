/** PodDisruptionBudgets (kubernetes/kubernetes pkg/apis/policy/validation/validation.go). Pure. */

import type { PodDisruptionBudget } from '../generated/policy-v1.ts'
import { validateConditions } from './conditions.ts'
import type { Faults } from './faults.ts'
import { invalidValue, nonNegative, notSupported, when } from './faults.ts'
import { validateLabelSelector } from './label-selector.ts'
import { validateAmount } from './workloads.ts'

const EVICTION_POLICIES = ['AlwaysAllow', 'IfHealthyBudget']

/** Faults of a budget, metadata aside. */
export function validatePodDisruptionBudget({ spec }: PodDisruptionBudget): Faults {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec
  return [
    ...when(minAvailable !== undefined && maxUnavailable !== undefined, () =>
      invalidValue('spec', spec, 'minAvailable and maxUnavailable cannot be both set'),
    ),
    ...amountFaults(minAvailable, 'spec.minAvailable'),
    ...amountFaults(maxUnavailable, 'spec.maxUnavailable'),
    ...validateLabelSelector(selector, 'spec.selector'),
    ...when(policy !== undefined && !EVICTION_POLICIES.includes(policy), () =>
      notSupported('spec.unhealthyPodEvictionPolicy', policy, EVICTION_POLICIES),
    ),
  ]
}

function amountFaults(amount: number | string | undefined, field: string): Faults {
  return [
    ...validateAmount(amount, field),
    ...when(Number(/^(\d+)%$/.exec(String(amount))?.[1] ?? 0) > 100, () =>
      invalidValue(field, amount, 'must not be greater than 100%'),
    ),
  ]
}

const COUNTS = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const

/** Faults of its status. */
export function validatePodDisruptionBudgetStatus({ status }: PodDisruptionBudget): Faults {
  return [
    ...validateConditions(status?.conditions),
    ...COUNTS.flatMap((name) => nonNegative(`status.${name}`, status?.[name])),
  ]
}
