/** LimitRanges and ResourceQuotas (kubernetes/kubernetes pkg/apis/core/validation/validation.go). Pure. */

import type { LimitRange, LimitRangeItem, ResourceQuota } from '../generated/core-v1.ts'
import { compareQuantities, milliOf } from '../quantity.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  forbiddenField,
  immutable,
  invalidTexts,
  invalidValue,
  notSupported,
  repeated,
  required,
  when,
} from './faults.ts'
import { qualifiedNameFaults } from './names.ts'

const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim']
const AMOUNTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const
const OF_CONTAINERS = ['cpu', 'memory', 'ephemeral-storage']

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
  const isOfContainers = OF_CONTAINERS.includes(name) || name.startsWith('hugepages-')
  if (faults.length > 0 || name.includes('/') || isOfContainers) return faults
  if (type === 'Pod' || type === 'Container') {
    return [invalidValue(field, name, 'must be a standard resource for containers')]
  }
  return when(!QUOTED.has(name), () =>
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
  const mayDiffer = OF_CONTAINERS.includes(name) || name === 'storage'
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

const QUOTED: ReadonlySet<string> = new Set([
  ...OF_CONTAINERS,
  ...OF_CONTAINERS.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  'storage',
  'requests.storage',
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
])

const SCOPES = [
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'PriorityClass',
  'Terminating',
]

/** Faults of a ResourceQuota, metadata aside. */
export function validateResourceQuota({ spec }: ResourceQuota): Faults {
  const { hard = {}, scopes = [] } = spec ?? {}
  return [
    ...Object.entries(hard).flatMap(([name, amount]) => {
      const field = `spec.hard[${name}]`
      const isHuge = /^(requests\.)?hugepages-/.test(name)
      const faults = invalidTexts(field, name, qualifiedNameFaults)
      return [
        ...faults,
        ...when(faults.length === 0 && !name.includes('/') && !QUOTED.has(name) && !isHuge, () =>
          invalidValue(field, name, 'must be a standard resource for quota'),
        ),
        ...when(compareQuantities(amount, '0') < 0, () =>
          invalidValue(field, amount, 'must be greater than or equal to 0'),
        ),
      ]
    }),
    ...scopes
      .filter((scope) => !SCOPES.includes(scope))
      .map((scope) => notSupported('spec.scopes', scope, SCOPES)),
    ...when(scopes.includes('BestEffort') && scopes.includes('NotBestEffort'), () => conflicting(scopes)),
    ...when(scopes.includes('Terminating') && scopes.includes('NotTerminating'), () => conflicting(scopes)),
  ]
}

const conflicting = (scopes: readonly string[]): Faults[number] =>
  invalidValue('spec.scopes', scopes, 'conflicting scopes')

/** Faults of a changed ResourceQuota. */
export function validateResourceQuotaUpdate(quota: ResourceQuota, old: ResourceQuota): Faults {
  const sorted = (scopes: readonly string[] | undefined): readonly string[] => [...(scopes ?? [])].sort()
  return [
    ...validateResourceQuota(quota),
    ...immutable('spec.scopes', sorted(quota.spec?.scopes), sorted(old.spec?.scopes)),
  ]
}
