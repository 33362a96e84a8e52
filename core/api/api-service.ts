/**
 * APIServices: how they are completed, checked, and which one says that a group-version is served here (kubernetes/
 * kube-aggregator pkg/apis/apiregistration, pkg/registry/apiservice/strategy.go). Pure.
 */

import type { APIService, APIServiceCondition } from './generated/apiregistration-v1.ts'
import type { FieldError } from './field-error.ts'
import { invalidTexts, invalidValue, notSupported, required, when } from './validation/faults.ts'
import { dns1035LabelFaults, dnsSubdomainFaults, pathSegmentFaults } from './validation/names.ts'
import { timestamp } from './timestamp.ts'

type Faults = readonly FieldError[]

const HTTPS_PORT = 443
const MAX_GROUP_PRIORITY = 20_000
const MAX_VERSION_PRIORITY = 1000
const MAX_PORT = 65_535

export function defaultApiService(one: APIService): APIService {
  const service = one.spec?.service
  if (service === undefined || service.port !== undefined) return one
  return { ...one, spec: { ...one.spec, service: { ...service, port: HTTPS_PORT } } as APIService['spec'] }
}

/** `v1.apps`, `v1.` for the core group */
export const apiServiceName = (group: string, version: string): string => `${version}.${group}`

/** What the server itself writes: what it serves is available. */
export function completedApiService(one: APIService, nowMs: number): APIService {
  return one.spec?.service === undefined ? withCondition(one, LOCAL, nowMs) : one
}

const LOCAL = { status: 'True', reason: 'Local', message: 'Local APIServices are always available' }

/** @returns the same object when it says so already; the time of transition is that of the status */
export function withCondition(
  one: APIService,
  condition: Pick<APIServiceCondition, 'status' | 'reason' | 'message'>,
  nowMs: number,
): APIService {
  const { conditions = [] } = one.status ?? {}
  const old = conditions.find(({ type }) => type === AVAILABLE)
  const isAsBefore = old?.status === condition.status
  if (isAsBefore && old?.reason === condition.reason && old?.message === condition.message) return one
  const lastTransitionTime = isAsBefore ? old?.lastTransitionTime : timestamp(nowMs)
  const others = conditions.filter(({ type }) => type !== AVAILABLE)
  const available = { type: AVAILABLE, ...condition, lastTransitionTime }
  return { ...one, status: { ...one.status, conditions: [...others, available] } }
}

const AVAILABLE = 'Available'

/** @returns whether requests may be sent there; nobody said so of one that was just made */
export const isAvailable = ({ status }: APIService): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === AVAILABLE && is === 'True') ?? false

/** Faults of an APIService, metadata aside but for its name. */
export function validateApiService({ metadata, spec }: APIService): Faults {
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0 } = spec ?? {}
  const name = apiServiceName(group, version)
  return [
    ...when(metadata.name && metadata.name !== name && pathSegmentFaults(metadata.name).length === 0, () =>
      invalidValue(
        'metadata.name',
        metadata.name,
        `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`,
      ),
    ),
    ...when(group === '' && version !== 'v1', () =>
      required('spec.group', 'only v1 may have an empty group and it better be legacy kube'),
    ),
    ...(group === '' ? [] : invalidTexts('spec.group', group, dnsSubdomainFaults)),
    ...invalidTexts('spec.version', version, dns1035LabelFaults),
    ...when(groupPriorityMinimum <= 0 || groupPriorityMinimum > MAX_GROUP_PRIORITY, () =>
      invalidValue('spec.groupPriorityMinimum', groupPriorityMinimum, 'must be positive and less than 20000'),
    ),
    ...when(versionPriority <= 0 || versionPriority > MAX_VERSION_PRIORITY, () =>
      invalidValue('spec.versionPriority', versionPriority, 'must be positive and less than 1000'),
    ),
    ...(spec?.service === undefined ? localFaults(spec) : serviceFaults(spec)),
  ]
}

function localFaults(spec: APIService['spec']): Faults {
  const bytes = Buffer.from(spec?.caBundle ?? '', 'base64').length
  return [
    ...when(bytes > 0, () =>
      invalidValue('spec.caBundle', `${bytes} bytes`, 'local APIServices may not have a caBundle'),
    ),
    ...when(spec?.insecureSkipTLSVerify, () =>
      invalidValue(
        'spec.insecureSkipTLSVerify',
        true,
        'local APIServices may not have insecureSkipTLSVerify',
      ),
    ),
  ]
}

function serviceFaults({
  service,
  caBundle,
  insecureSkipTLSVerify,
}: NonNullable<APIService['spec']>): Faults {
  const { namespace, name, port = HTTPS_PORT } = service ?? {}
  return [
    ...when(!namespace, () => required('spec.service.namespace', '')),
    ...when(!name, () => required('spec.service.name', '')),
    ...when(port < 1 || port > MAX_PORT, () =>
      invalidValue('spec.service.port', port, 'port is not valid: must be between 1 and 65535, inclusive'),
    ),
    ...when(insecureSkipTLSVerify && caBundle, () =>
      invalidValue('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'),
    ),
  ]
}

const STATUSES = ['True', 'False', 'Unknown']

export function validateApiServiceStatus({ status }: APIService): Faults {
  return (status?.conditions ?? []).flatMap((condition, index) =>
    when(!STATUSES.includes(condition.status), () =>
      notSupported(`status.conditions[${index}].status`, condition.status, STATUSES),
    ),
  )
}
