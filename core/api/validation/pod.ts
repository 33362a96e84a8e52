/**
 * Pods and pod templates (kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidatePodSpec). Pure; runs
 * on the defaulted object, faults in upstream's order.
 */

import type { Pod, PodSpec, PodTemplateSpec, Toleration } from '../generated/core-v1.ts'
import { validateAffinity, validateSpread } from './affinity.ts'
import { imageSpace, validateContainers } from './container.ts'
import type { Faults } from './faults.ts'
import {
  choice,
  duplicate,
  forbiddenField,
  invalidTexts,
  invalidValue,
  notSupported,
  optionalChoice,
  optionalText,
  repeated,
  required,
  when,
} from './faults.ts'
import { ipFaults } from './ip-faults.ts'
import { validateLabels } from './label-selector.ts'
import { validateAnnotations } from './metadata.ts'
import {
  dnsLabelFaults,
  dnsSubdomainFaults,
  labelValueFaults,
  qualifiedNameFaults,
  searchFaults,
} from './names.ts'
import { validatePodSecurityContext } from './security-context.ts'
import { validatePodAnnotations } from './pod-annotations.ts'
import { validateSystem } from './pod-os.ts'
import { validatePodClaims } from './pod-claims.ts'
import { validatePodResources, validateRequirements } from './resource-requirements.ts'
import { judgeVolumes } from './volume.ts'

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const INT32_MAX = 2 ** 31 - 1

/** Faults of a new pod, metadata aside. */
export function validatePod({ metadata, spec }: Pod): Faults {
  return [
    ...validatePodAnnotations(metadata.annotations, spec, 'metadata.annotations'),
    ...validatePodSpec(spec, 'spec', metadata),
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
export function validateImageSpaces(spec: PodSpec, field: string): Faults {
  return (['containers', 'initContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).flatMap(({ image = '' }, index) =>
      when(image !== image.trim(), () => imageSpace(`${field}.${list}[${index}]`, image)),
    ),
  )
}

/** Faults of the template of a Deployment, ReplicaSet and the like. */
export function validatePodTemplate(template: PodTemplateSpec, field: string): Faults {
  const spec = template.spec ?? { containers: [] }
  return [
    ...validateLabels(template.metadata?.labels, `${field}.labels`),
    ...validateAnnotations(template.metadata?.annotations, `${field}.annotations`),
    ...validatePodAnnotations(template.metadata?.annotations, spec, `${field}.annotations`),
    ...validatePodSpec(spec, `${field}.spec`),
    ...when((spec.ephemeralContainers ?? []).length > 0, () =>
      forbiddenField(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'),
    ),
  ]
}

/** Faults of what pods and templates have in common. @param metadata of a pod; a template's pods have none yet */
export function validatePodSpec(spec: PodSpec, field: string, metadata?: Pod['metadata']): Faults {
  const deadline = spec.activeDeadlineSeconds
  const volumes = judgeVolumes(spec.volumes ?? [], `${field}.volumes`, metadata?.name)
  return [
    ...volumes.faults,
    ...validatePodClaims(spec.resourceClaims ?? [], `${field}.resourceClaims`, metadata?.annotations),
    ...validateContainers(spec, field, volumes.usable),
    ...validatePodResources(spec, `${field}.resources`),
    ...validateHostPorts(spec, field),
    ...choice(`${field}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES),
    ...choice(`${field}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES),
    ...validateLabels(spec.nodeSelector, `${field}.nodeSelector`),
    ...validatePodSecurityContext(spec, `${field}.securityContext`),
    ...validateDnsConfig(spec, `${field}.dnsConfig`),
    ...validateReadinessGates(spec, `${field}.readinessGates`),
    ...validateSchedulingGates(spec, `${field}.schedulingGates`),
    ...validateSpread(spec.topologySpreadConstraints ?? [], `${field}.topologySpreadConstraints`),
    ...(spec.affinity ? validateAffinity(spec.affinity, `${field}.affinity`) : []),
    ...validateHostUsers(spec, field),
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
    ...(spec.runtimeClassName === undefined
      ? []
      : invalidTexts(`${field}.runtimeClassName`, spec.runtimeClassName, dnsSubdomainFaults)),
    // As limits of a container, and told so.
    ...(spec.overhead ? validateRequirements({ limits: spec.overhead }, `${field}.overhead`, {}) : []),
    ...validateSystem(spec, field),
  ]
}

function validateReadinessGates({ readinessGates = [] }: PodSpec, field: string): Faults {
  return readinessGates.flatMap(({ conditionType }, index) =>
    invalidTexts(`${field}[${index}].conditionType`, conditionType, qualifiedNameFaults),
  )
}

function validateSchedulingGates({ schedulingGates = [] }: PodSpec, field: string): Faults {
  const again = new Set(repeated(schedulingGates, ({ name }) => name))
  return schedulingGates.flatMap(({ name }, index) => [
    ...invalidTexts(`${field}[${index}]`, name, qualifiedNameFaults),
    ...when(again.has(index), () => duplicate(`${field}[${index}]`, name)),
  ])
}

/** Who has users of its own shares no other namespace with its node. The capitals are upstream's. */
function validateHostUsers(spec: PodSpec, field: string): Faults {
  if (spec.hostUsers !== false) return []
  const shared = { hostNetwork: spec.hostNetwork, HostPID: spec.hostPID, HostIPC: spec.hostIPC }
  return Object.entries(shared).flatMap(([name, isShared]) =>
    when(isShared, () => forbiddenField(`${field}.${name}`, 'when `hostUsers` is false')),
  )
}

/** On the host's network a port cannot be another one on the host. */
function validateHostPorts(spec: PodSpec, field: string): Faults {
  if (!spec.hostNetwork) return []
  return (spec.containers ?? []).flatMap(({ ports = [] }, place) =>
    ports.flatMap(({ hostPort, containerPort }, index) =>
      // A template may leave it open.
      when(hostPort !== containerPort && (hostPort !== undefined || field === 'spec'), () =>
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
      search === '.' ? [] : invalidTexts(`${at}.searches[${index}]`, search.replace(/\.$/, ''), searchFaults),
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
    ...when(operator !== 'Exists' && labelValueFaults(value).length > 0, () =>
      invalidValue(`${at}.operator`, value, labelValueFaults(value).join(';')),
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
    ...hostnames.flatMap((name, place) =>
      invalidTexts(`${field}[${index}].hostnames[${place}]`, name, dnsSubdomainFaults),
    ),
  ])
}
