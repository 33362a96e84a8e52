/** LimitRanges and ResourceQuotas (kubernetes/kubernetes pkg/apis/core/validation/validation.go). Pure. */

import type { LimitRange, LimitRangeItem, ResourceQuota, ScopeSelector } from '../generated/core-v1.ts'
import { compareQuantities, milliOf } from '../quantity.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  forbiddenField,
  IMMUTABLE,
  invalidTexts,
  invalidValue,
  repeated,
  required,
  when,
} from './faults.ts'
import { qualifiedNameFaults } from './names.ts'
import {
  CONTAINER_RESOURCES,
  isContainerResource,
  isIntegerResource,
  STANDARD_RESOURCES,
  validateResourceName,
} from './resource-name.ts'

const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim']
const AMOUNTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const

/** Faults of a LimitRange, metadata aside. */
export function validateLimitRange({ spec }: LimitRange): Faults {
  const limits = spec?.limits ?? []
  const again = repeated(limits, ({ type }) => type)
  return limits.flatMap((item, index) => {
    const at = `spec.limits[${index}]`
    return [
      ...validateType(item.type ?? '', `${at}.type`),
      ...when(again.includes(index), () => duplicate(`${at}.type`, item.type)),
      ...validateNames(item, at),
      ...validateStorage(item, at),
      ...resourcesOf(item).flatMap((name) => validateBounds(item, name, at)),
    ]
  })
}

function validateType(type: string, field: string): Faults {
  const faults = invalidTexts(field, type, qualifiedNameFaults)
  if (faults.length > 0 || type.includes('/') || TYPES.includes(type)) return faults
  return [invalidValue(field, type, 'must be a standard limit type or fully qualified')]
}

function validateNames(item: LimitRangeItem, at: string): Faults {
  return AMOUNTS.flatMap((amount) => {
    const names = Object.keys(item[amount] ?? {})
    if (item.type === 'Pod' && (amount === 'default' || amount === 'defaultRequest')) {
      return when(names.length > 0, () =>
        forbiddenField(`${at}.${amount}`, "may not be specified when `type` is 'Pod'"),
      )
    }
    return names.flatMap((name) => validateName(item.type, name, `${at}.${amount}[${name}]`))
  })
}

function validateName(type: string | undefined, name: string, field: string): Faults {
  const faults = invalidTexts(field, name, qualifiedNameFaults)
  const isOfContainers = isContainerResource(name)
  if (faults.length > 0 || name.includes('/') || isOfContainers) return faults
  if (type === 'Pod' || type === 'Container') {
    return [invalidValue(field, name, 'must be a standard resource for containers')]
  }
  return when(!STANDARD_RESOURCES.has(name), () =>
    invalidValue(field, name, 'must be a standard resource type or fully qualified'),
  )
}

function validateStorage({ type, min, max }: LimitRangeItem, at: string): Faults {
  const isMissing =
    type === 'PersistentVolumeClaim' && min?.['storage'] === undefined && max?.['storage'] === undefined
  return when(isMissing, () =>
    required(`${at}.limits`, 'either minimum or maximum storage value is required, but neither was provided'),
  )
}

const resourcesOf = (item: LimitRangeItem): readonly string[] => [
  ...new Set(AMOUNTS.flatMap((amount) => Object.keys(item[amount] ?? {}))),
]

/** What each amount must not be above, and how upstream says so: [the field, the value shown, the two amounts]. */
function validateBounds(item: LimitRangeItem, name: string, at: string): Faults {
  const isPod = item.type === 'Pod'
  const [min, max, ratio] = [item.min?.[name], item.max?.[name], item.maxLimitRequestRatio?.[name]]
  const limit = isPod ? undefined : item.default?.[name]
  const request = isPod ? undefined : item.defaultRequest?.[name]
  const fault = (amount: string, value: unknown, detail: string) =>
    invalidValue(`${at}.${amount}[${name}]`, value, detail)
  const mayDiffer = CONTAINER_RESOURCES.includes(name) || name === 'storage'
  return [
    ...when(isAbove(min, max), () => fault('min', min, `min value ${min} is greater than max value ${max}`)),
    ...when(isAbove(min, request), () =>
      fault('defaultRequest', request, `min value ${min} is greater than default request value ${request}`),
    ),
    ...when(isAbove(request, max), () =>
      fault('defaultRequest', request, `default request value ${request} is greater than max value ${max}`),
    ),
    ...when(isAbove(request, limit), () =>
      fault(
        'defaultRequest',
        request,
        `default request value ${request} is greater than default limit value ${limit}`,
      ),
    ),
    ...when(isAbove(min, limit), () =>
      fault('default', min, `min value ${min} is greater than default value ${limit}`),
    ),
    ...when(isAbove(limit, max), () =>
      fault('default', max, `default value ${limit} is greater than max value ${max}`),
    ),
    ...when(isAbove('1', ratio), () => fault('maxLimitRequestRatio', ratio, `ratio ${ratio} is less than 1`)),
    ...validateRatio({ ratio, min, max }, (detail) => fault('maxLimitRequestRatio', ratio, detail)),
    ...when(!mayDiffer && (isAbove(limit, request) || isAbove(request, limit)), () =>
      fault(
        'defaultRequest',
        request,
        `default value ${limit} must equal to defaultRequest value ${request} in ${name}`,
      ),
    ),
  ]
}

/** Whether both are there and the first is the larger. */
const isAbove = (amount: string | undefined, bound: string | undefined): boolean =>
  amount !== undefined && bound !== undefined && compareQuantities(amount, bound) > 0

function validateRatio(
  { ratio, min, max }: { readonly [name in 'ratio' | 'min' | 'max']: string | undefined },
  fault: (detail: string) => Faults[number],
): Faults {
  if (ratio === undefined || min === undefined || max === undefined) return []
  const widest = Number(milliOf(max)) / Number(milliOf(min))
  return when(Number(milliOf(ratio)) / 1000 > widest, () =>
    fault(`ratio ${ratio} is greater than max/min = ${widest.toFixed(6)}`),
  )
}

const OF_PODS = ['pods', 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory']
/** What can be counted of each scope. */
const OF_SCOPE: Readonly<Record<string, readonly string[]>> = {
  BestEffort: ['pods'],
  CrossNamespacePodAffinity: OF_PODS,
  NotBestEffort: OF_PODS,
  NotTerminating: OF_PODS,
  PriorityClass: OF_PODS,
  Terminating: OF_PODS,
  VolumeAttributesClass: ['persistentvolumeclaims', 'requests.storage'],
}
const SCOPES = Object.keys(OF_SCOPE)
const ONLY_EXIST = [
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'Terminating',
]
const ONLY_EXIST_TEXT =
  'ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ' +
  'ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity'

/** Faults of a ResourceQuota, metadata aside. */
export function validateResourceQuota({ spec }: ResourceQuota): Faults {
  const { hard = {}, scopes = [] } = spec ?? {}
  return [
    ...amountFaults(hard, 'spec.hard'),
    ...scopes.flatMap((scope) => [
      ...when(!SCOPES.includes(scope), () => invalidValue('spec.scopes', scopes, 'unsupported scope')),
      ...outOfScope(scope, hard).map(() =>
        invalidValue('spec.scopes', scopes, 'unsupported scope applied to resource'),
      ),
    ]),
    ...conflicts(scopes, 'spec.scopes', scopes),
    ...(spec?.scopeSelector ? validateScopeSelector(spec.scopeSelector, spec) : []),
  ]
}

/** Faults of amounts by the names that quotas count. */
function amountFaults(amounts: Readonly<Record<string, string>>, at: string): Faults {
  return Object.entries(amounts).flatMap(([name, amount]) => {
    const field = `${at}[${name}]`
    return [
      ...quotaNameFaults(name, field),
      ...when(compareQuantities(amount, '0') < 0, () =>
        invalidValue(field, amount, 'must be greater than or equal to 0'),
      ),
      ...when(isIntegerResource(name) && milliOf(amount) % 1000n !== 0n, () =>
        invalidValue(field, amount, 'must be an integer'),
      ),
    ]
  })
}

const isQuotaResource = (name: string): boolean =>
  (STANDARD_RESOURCES.has(name) && name !== 'storage') || /^(requests\.)?hugepages-/.test(name)

function quotaNameFaults(name: string, field: string): Faults {
  return [
    ...validateResourceName(name, field),
    ...when(!name.includes('/') && !isQuotaResource(name), () =>
      invalidValue(field, name, 'must be a standard resource for quota'),
    ),
  ]
}

/** Faults of what a ResourceQuota says is used. */
export const validateResourceQuotaStatus = ({ status }: ResourceQuota): Faults => [
  ...amountFaults(status?.hard ?? {}, 'status.hard'),
  ...amountFaults(status?.used ?? {}, 'status.used'),
]

/** As upstream shows its internal type. */
const shownSelector = ({ matchExpressions = [] }: ScopeSelector): unknown => ({
  MatchExpressions: matchExpressions.map(({ scopeName, operator, values }) => ({
    ScopeName: scopeName,
    Operator: operator,
    Values: values ?? null,
  })),
})

/** Upstream's paths have no index here. */
function validateScopeSelector(
  selector: ScopeSelector,
  { hard = {}, scopes }: NonNullable<ResourceQuota['spec']>,
): Faults {
  const at = 'spec.scopeSelector.matchExpressions'
  const expressions = selector.matchExpressions ?? []
  return [
    ...expressions.flatMap(({ scopeName, operator, values = [] }) => [
      ...when(!SCOPES.includes(scopeName), () =>
        invalidValue(`${at}.scopeName`, scopeName, 'unsupported scope'),
      ),
      ...outOfScope(scopeName, hard).map(() =>
        invalidValue(at, shownSelector(selector), 'unsupported scope applied to resource'),
      ),
      ...when(ONLY_EXIST.includes(scopeName) && operator !== 'Exists', () =>
        invalidValue(`${at}.operator`, operator, `must be 'Exists' when scope is any of ${ONLY_EXIST_TEXT}`),
      ),
      ...operatorFaults(operator, values, at),
    ]),
    ...conflicts(
      expressions.map(({ scopeName }) => scopeName),
      at,
      scopes,
    ),
  ]
}

function operatorFaults(operator: string, values: readonly string[], at: string): Faults {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return when(values.length === 0, () =>
        required(
          `${at}.values`,
          "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        ),
      )
    case 'Exists':
    case 'DoesNotExist':
      return when(values.length > 0, () =>
        invalidValue(
          `${at}.values`,
          values,
          "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        ),
      )
    default:
      return [invalidValue(`${at}.operator`, operator, 'not a valid selector operator')]
  }
}

/** The standard resources whose use cannot be told by that scope. */
function outOfScope(scope: string, hard: Readonly<Record<string, string>>): readonly string[] {
  const known = OF_SCOPE[scope]
  if (known === undefined) return []
  return Object.keys(hard).filter((name) => isQuotaResource(name) && !known.includes(name))
}

const CONFLICTING = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
]

function conflicts(scopes: readonly string[], field: string, shown: readonly string[] | undefined): Faults {
  return CONFLICTING.filter((pair) => pair.every((scope) => scopes.includes(scope))).map(() =>
    invalidValue(field, shown, 'conflicting scopes'),
  )
}

/** Faults of a changed ResourceQuota. */
export function validateResourceQuotaUpdate(quota: ResourceQuota, old: ResourceQuota): Faults {
  const scopes = quota.spec?.scopes
  const isSame = new Set(scopes).symmetricDifference(new Set(old.spec?.scopes)).size === 0
  return [
    ...validateResourceQuota(quota),
    ...when(!isSame, () => invalidValue('spec.scopes', scopes, IMMUTABLE)),
  ]
}
