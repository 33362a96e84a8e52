/**
 * Pods and pod templates (kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidatePodSpec). Pure; runs
 * on the defaulted object, faults in upstream's order. Affinity and security contexts are not looked into.
 */

import type { Pod, PodSpec, PodTemplateSpec, Toleration } from '../generated/core-v1.ts'
import { validateContainers } from './container.ts'
import type { Faults } from './faults.ts'
import {
  choice,
  forbiddenField,
  immutable,
  invalidTexts,
  invalidValue,
  nonNegative,
  notSupported,
  optionalChoice,
  optionalText,
  required,
  requiredText,
  when,
} from './faults.ts'
import { ipFaults } from './ip-faults.ts'
import { validateLabels } from './label-selector.ts'
import { validateAnnotations } from './metadata.ts'
import { dnsLabelFaults, dnsSubdomainFaults, qualifiedNameFaults } from './names.ts'
import { validateVolumes } from './volume.ts'

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const INT32_MAX = 2 ** 31 - 1

/** Faults of a new pod, metadata aside. */
export function validatePod({ spec }: Pod): Faults {
  return [
    ...validatePodSpec(spec, 'spec'),
    ...validateImageSpaces(spec, 'spec'),
    ...when((spec.ephemeralContainers ?? []).length > 0, () =>
      forbiddenField('spec.ephemeralContainers', 'cannot be set on create'),
    ),
    ...when(spec.nodeName && (spec.schedulingGates ?? []).length > 0, () =>
      forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'),
    ),
  ]
}

/** Templates may have such images, for compatibility. */
function validateImageSpaces(spec: PodSpec, field: string): Faults {
  return (['containers', 'initContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).flatMap(({ image = '' }, index) =>
      when(image !== image.trim(), () =>
        invalidValue(
          `${field}.${list}[${index}].image`,
          image,
          'must not have leading or trailing whitespace',
        ),
      ),
    ),
  )
}

/** Faults of the template of a Deployment, ReplicaSet and the like. */
export function validatePodTemplate(template: PodTemplateSpec, field: string): Faults {
  const spec = template.spec ?? { containers: [] }
  return [
    ...validateLabels(template.metadata?.labels, `${field}.labels`),
    ...validateAnnotations(template.metadata?.annotations, `${field}.annotations`),
    ...validatePodSpec(spec, `${field}.spec`),
    ...when((spec.ephemeralContainers ?? []).length > 0, () =>
      forbiddenField(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'),
    ),
  ]
}

/** Faults of what pods and templates have in common. */
export function validatePodSpec(spec: PodSpec, field: string): Faults {
  const deadline = spec.activeDeadlineSeconds
  return [
    ...nonNegative(`${field}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds),
    ...validateVolumes(spec.volumes ?? [], `${field}.volumes`),
    ...validateContainers(spec, field),
    ...validateHostPorts(spec, field),
    ...choice(`${field}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES),
    ...choice(`${field}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES),
    ...validateLabels(spec.nodeSelector, `${field}.nodeSelector`),
    ...validateDnsConfig(spec, `${field}.dnsConfig`),
    ...optionalText(`${field}.serviceAccountName`, spec.serviceAccountName, dnsSubdomainFaults),
    ...optionalText(`${field}.nodeName`, spec.nodeName, dnsSubdomainFaults),
    ...when(deadline !== undefined && (deadline < 1 || deadline > INT32_MAX), () =>
      invalidValue(
        `${field}.activeDeadlineSeconds`,
        deadline,
        `must be between 1 and ${INT32_MAX}, inclusive`,
      ),
    ),
    ...optionalText(`${field}.hostname`, spec.hostname, dnsLabelFaults),
    ...optionalText(`${field}.subdomain`, spec.subdomain, dnsLabelFaults),
    ...(spec.tolerations ?? []).flatMap((toleration, index) =>
      validateToleration(toleration, `${field}.tolerations[${index}]`),
    ),
    ...validateHostAliases(spec, `${field}.hostAliases`),
    ...optionalText(`${field}.priorityClassName`, spec.priorityClassName, dnsSubdomainFaults),
  ]
}

/** On the host's network a port cannot be another one on the host. */
function validateHostPorts(spec: PodSpec, field: string): Faults {
  if (!spec.hostNetwork) return []
  return (spec.containers ?? []).flatMap(({ ports = [] }, place) =>
    ports.flatMap(({ hostPort, containerPort }, index) =>
      when(hostPort !== containerPort, () =>
        invalidValue(
          `${field}.containers[${place}].ports[${index}].hostPort`,
          hostPort ?? 0,
          'must match `containerPort` when `hostNetwork` is true',
        ),
      ),
    ),
  )
}

const MAX_NAMESERVERS = 3
const MAX_SEARCHES = 32

function validateDnsConfig({ dnsPolicy, dnsConfig }: PodSpec, at: string): Faults {
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {}
  return [
    ...when(dnsPolicy === 'None' && !dnsConfig, () =>
      required(at, 'must provide `dnsConfig` when `dnsPolicy` is None'),
    ),
    ...when(dnsPolicy === 'None' && dnsConfig && nameservers.length === 0, () =>
      required(`${at}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'),
    ),
    ...when(nameservers.length > MAX_NAMESERVERS, () =>
      invalidValue(
        `${at}.nameservers`,
        nameservers,
        `must not have more than ${MAX_NAMESERVERS} nameservers`,
      ),
    ),
    ...nameservers.flatMap((address, index) => ipFaults(`${at}.nameservers[${index}]`, address)),
    ...when(searches.length > MAX_SEARCHES, () =>
      invalidValue(`${at}.searches`, searches, `must not have more than ${MAX_SEARCHES} search paths`),
    ),
    ...searches.flatMap((search, index) =>
      // One dot alone is allowed, and one at the end.
      search === '.'
        ? []
        : invalidTexts(`${at}.searches[${index}]`, search.replace(/\.$/, ''), dnsSubdomainFaults),
    ),
    ...options.flatMap(({ name }, index) =>
      name ? [] : [required(`${at}.options[${index}]`, 'must not be empty')],
    ),
  ]
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

/** Faults of one toleration. */
export function validateToleration(toleration: Toleration, at: string): Faults {
  const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration
  return [
    ...optionalText(`${at}.key`, key, qualifiedNameFaults),
    ...when(key === '' && operator !== 'Exists', () =>
      invalidValue(
        `${at}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    ),
    ...when(tolerationSeconds !== undefined && effect !== 'NoExecute', () =>
      invalidValue(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"),
    ),
    ...when(operator === 'Exists' && value !== '', () =>
      invalidValue(`${at}.operator`, toleration, "value must be empty when `operator` is 'Exists'"),
    ),
    ...when(!['', 'Equal', 'Exists'].includes(operator), () =>
      notSupported(`${at}.operator`, operator, ['Equal', 'Exists']),
    ),
    ...(effect ? optionalChoice(`${at}.effect`, effect, EFFECTS) : []),
  ]
}

function validateHostAliases({ hostAliases = [] }: PodSpec, field: string): Faults {
  return hostAliases.flatMap(({ ip, hostnames = [] }, index) => [
    ...ipFaults(`${field}[${index}].ip`, ip ?? ''),
    ...hostnames.flatMap((name) => requiredText(`${field}[${index}].hostnames`, name, dnsSubdomainFaults)),
  ])
}

/** Faults of a change of status. */
export function validatePodStatus(pod: Pod, old: Pod): Faults {
  return immutable('status.qosClass', pod.status?.qosClass, old.status?.qosClass)
}
