/** DaemonSets (kubernetes/kubernetes pkg/apis/apps/validation/validation.go, ValidateDaemonSet*). Pure. */

import type { DaemonSet, DaemonSetUpdateStrategy } from '../generated/apps-v1.ts'
import type { Faults } from './faults.ts'
import { immutable, invalidValue, nonNegative, notSupported, required, when } from './faults.ts'
import { validateLabelSelector } from './label-selector.ts'
import { isEmptySelector, validateAmount, validateTemplate } from './workloads.ts'

/** Faults of a DaemonSet, metadata aside. */
export function validateDaemonSet({ spec }: DaemonSet): Faults {
  const { selector } = spec
  return [
    // Of a selector that is not there only its template is told.
    ...validateLabelSelector(selector, 'spec.selector'),
    ...when(selector && isEmptySelector(selector), () =>
      invalidValue('spec.selector', selector, 'empty selector is invalid for daemonset'),
    ),
    ...validateTemplate(spec.template, selector, { owner: 'DaemonSet', noUse: null }),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...strategyFaults(spec.updateStrategy ?? {}),
    ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
  ]
}

const TYPES = ['RollingUpdate', 'OnDelete']

function strategyFaults(strategy: DaemonSetUpdateStrategy): Faults {
  const at = 'spec.updateStrategy'
  const { type, rollingUpdate } = strategy
  if (type === 'OnDelete') return []
  if (type !== 'RollingUpdate') return [notSupported(at, shown(strategy), TYPES)]
  if (rollingUpdate === undefined) return [required(`${at}.rollingUpdate`)]
  const { maxUnavailable, maxSurge } = rollingUpdate
  // What is no amount counts as none.
  const isZero = (amount: number | string | undefined): boolean =>
    !amount || (typeof amount === 'string' && !/^0*[1-9][0-9]*%$/.test(amount))
  return [
    ...validateAmount(maxUnavailable, `${at}.rollingUpdate.maxUnavailable`),
    ...validateAmount(maxSurge, `${at}.rollingUpdate.maxSurge`),
    ...when(!isZero(maxUnavailable) && !isZero(maxSurge), () =>
      invalidValue(
        `${at}.rollingUpdate.maxSurge`,
        maxSurge,
        'may not be set when maxUnavailable is non-zero',
      ),
    ),
    ...when(isZero(maxUnavailable) && isZero(maxSurge), () =>
      required(`${at}.rollingUpdate.maxUnavailable`, 'cannot be 0 when maxSurge is 0'),
    ),
  ]
}

/** As upstream shows its internal type. */
const shown = ({ type, rollingUpdate }: DaemonSetUpdateStrategy): unknown => ({
  Type: type,
  RollingUpdate: rollingUpdate
    ? { MaxUnavailable: rollingUpdate.maxUnavailable ?? 0, MaxSurge: rollingUpdate.maxSurge ?? 0 }
    : null,
})

/** Faults of a changed DaemonSet: its selector stays. */
export function validateDaemonSetUpdate(set: DaemonSet, old: DaemonSet): Faults {
  return [...immutable('spec.selector', set.spec.selector, old.spec.selector), ...validateDaemonSet(set)]
}
