/**
 * Columns of kinds that rule a cluster: quotas, limits, priorities, certificates, admission, extension. Pure.
 * kubernetes/kubernetes pkg/printers/internalversion/printers.go.
 */

import type {
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../../api/generated/admissionregistration-v1.ts'
import type { APIService } from '../../api/generated/apiregistration-v1.ts'
import type { CertificateSigningRequest } from '../../api/generated/certificates-v1.ts'
import type { ResourceQuota } from '../../api/generated/core-v1.ts'
import type { IPAddress, ServiceCIDR } from '../../api/generated/networking-v1.ts'
import type { RuntimeClass } from '../../api/generated/node-v1.ts'
import type { PriorityClass } from '../../api/generated/scheduling-v1.ts'
import { humanDuration } from '../../api/human-duration.ts'
import type { Printer } from './column.ts'
import { AGE, NAME, column } from './column.ts'

const isLimit = (name: string): boolean => name.startsWith('limits.')

/** `pods: 1/2, services: 0/5`, sorted by resource */
function usageText({ status }: ResourceQuota, isShown: (name: string) => boolean): string {
  return Object.entries(status?.hard ?? {})
    .filter(([name]) => isShown(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? '0'}/${hard}`)
    .join(', ')
}

export const RESOURCE_QUOTA_PRINTER: Printer<ResourceQuota> = {
  columns: [
    NAME,
    column('Request', 'What is asked for, of what may be.', (quota) =>
      usageText(quota, (name) => !isLimit(name)),
    ),
    column('Limit', 'What is the limit, of what may be.', (quota) => usageText(quota, isLimit)),
    AGE,
  ],
}

export const PRIORITY_CLASS_PRINTER: Printer<PriorityClass> = {
  columns: [
    NAME,
    column('Value', 'Its priority.', ({ value }) => value ?? 0, 'integer'),
    column(
      'Global-Default',
      'Whether pods without a class have it.',
      ({ globalDefault }) => globalDefault ?? false,
      'boolean',
    ),
    AGE,
    column(
      'PreemptionPolicy',
      'Whether others make way for it.',
      ({ preemptionPolicy }) => preemptionPolicy ?? '',
    ),
  ],
}

export const RUNTIME_CLASS_PRINTER: Printer<RuntimeClass> = {
  columns: [NAME, column('Handler', 'What runs such pods.', ({ handler }) => handler), AGE],
}

function requestCondition({ status }: CertificateSigningRequest): string {
  const has = (type: string): boolean =>
    status?.conditions?.some((each) => each.type === type && each.status !== 'False') ?? false
  const state = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'
  return [state, ...(has('Failed') ? ['Failed'] : []), ...(status?.certificate ? ['Issued'] : [])].join(',')
}

export const CERTIFICATE_SIGNING_REQUEST_PRINTER: Printer<CertificateSigningRequest> = {
  columns: [
    NAME,
    AGE,
    column('SignerName', 'Who is to sign it.', ({ spec }) => spec.signerName),
    column('Requestor', 'Who asked.', ({ spec }) => spec.username ?? ''),
    column('RequestedDuration', 'For how long.', ({ spec }) =>
      spec.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000),
    ),
    column('Condition', 'What became of it.', requestCondition),
  ],
}

export const WEBHOOK_CONFIGURATION_PRINTER: Printer<
  MutatingWebhookConfiguration | ValidatingWebhookConfiguration
> = {
  columns: [
    NAME,
    column('Webhooks', 'How many there are.', ({ webhooks }) => webhooks?.length ?? 0, 'integer'),
    AGE,
  ],
}

export const ADMISSION_POLICY_PRINTER: Printer<ValidatingAdmissionPolicy> = {
  columns: [
    NAME,
    column('Validations', 'How many there are.', ({ spec }) => spec.validations?.length ?? 0, 'integer'),
    column('ParamKind', 'What its parameters are.', ({ spec: { paramKind } }) =>
      paramKind === undefined ? '<unset>' : `${paramKind.apiVersion}/${paramKind.kind}`,
    ),
    AGE,
  ],
}

export const ADMISSION_POLICY_BINDING_PRINTER: Printer<ValidatingAdmissionPolicyBinding> = {
  columns: [
    NAME,
    column('PolicyName', 'Which policy it puts to use.', ({ spec }) => spec.policyName),
    column('ParamRef', 'Which parameters it gives.', paramText),
    AGE,
  ],
}

/** Go prints a selector as it prints any struct. */
function paramText({ spec: { paramRef } }: ValidatingAdmissionPolicyBinding): string {
  if (paramRef === undefined) return '<unset>'
  if (paramRef.name) return `${paramRef.namespace || '*'}/${paramRef.name}`
  const { selector } = paramRef
  if (selector === undefined) return '<unset>'
  const labels = Object.entries(selector.matchLabels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],}`,
  )
  const shown = labels.map(([key, value]) => `${key}: ${value},`).join('')
  return (
    `&LabelSelector{MatchLabels:map[string]string{${shown}},` +
    `MatchExpressions:[]LabelSelectorRequirement{${expressions.map((each) => `${each},`).join('')}},}`
  )
}

export const SERVICE_CIDR_PRINTER: Printer<ServiceCIDR> = {
  columns: [
    NAME,
    column('CIDRs', 'Where ClusterIPs come from.', ({ spec }) => (spec?.cidrs ?? []).join(',')),
    AGE,
  ],
}

export const IP_ADDRESS_PRINTER: Printer<IPAddress> = {
  columns: [
    NAME,
    column('ParentRef', 'Who has it.', ({ spec }) => {
      const { group, resource, namespace, name } = spec?.parentRef ?? {}
      const kind = [resource, group].filter((each) => each).join('.')
      return [kind, namespace, name].filter((each) => each).join('/')
    }),
  ],
}

function availability({ status }: APIService): string {
  const available = status?.conditions?.find(({ type }) => type === 'Available')
  if (available === undefined) return 'Unknown'
  const { status: is, reason } = available
  return is === 'True' || !reason ? is : `${is} (${reason})`
}

export const API_SERVICE_PRINTER: Printer<APIService> = {
  columns: [
    NAME,
    column('Service', 'Who serves it.', ({ spec }) =>
      spec?.service ? `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}` : 'Local',
    ),
    column('Available', 'Whether requests are sent there.', availability),
    AGE,
  ],
}
