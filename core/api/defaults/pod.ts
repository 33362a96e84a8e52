/**
 * Defaults of pods and pod templates (kubernetes/kubernetes pkg/apis/core/v1/defaults.go). Pure and idempotent.
 * What admission adds (service account, its token's volume, tolerations, priority) is not here.
 */

import type {
  Container,
  EphemeralContainer,
  Pod,
  PodCondition,
  PodSpec,
  PodTemplateSpec,
} from '../generated/core-v1.ts'
import { defaultContainer } from './container.ts'
import { defaultPodRequirements } from './pod-resources.ts'
import { milliOf } from '../quantity.ts'
import { defaultVolume } from './volume.ts'

export function defaultPod(pod: Pod): Pod {
  const given = pod.spec ?? {}
  const spec = defaultPodRequirements(defaultPodSpec(given, given.hostNetwork ?? false))
  return {
    ...pod,
    spec: { ...spec, enableServiceLinks: spec.enableServiceLinks ?? true },
  }
}

const NO_GRACE_SECONDS = 1

/**
 * What the server makes of a new pod before it is admitted (pkg/registry/core/pod/strategy.go): a grace period cannot
 * be negative, and one with gates says why it is not scheduled.
 */
export function prepareNewPod(pod: Pod): Pod {
  const { terminationGracePeriodSeconds: seconds = 0, schedulingGates: gates = [] } = pod.spec ?? {}
  const graceful =
    seconds < 0 ? { ...pod, spec: { ...pod.spec, terminationGracePeriodSeconds: NO_GRACE_SECONDS } } : pod
  const conditions = gates.length > 0 ? { conditions: [gated(pod)] } : {}
  return { ...graceful, status: { ...pod.status, ...conditions, phase: 'Pending' } }
}

/** @param pod new: it has no conditions yet, and its time of creation is now */
const gated = ({ metadata }: Pod): PodCondition => ({
  type: 'PodScheduled',
  status: 'False',
  lastTransitionTime: metadata.creationTimestamp,
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
})

/** A template has no status, and no enableServiceLinks of its own. */
export function defaultPodTemplate(template: PodTemplateSpec | undefined): PodTemplateSpec {
  return { ...template, spec: defaultPodSpec(template?.spec ?? {}, false) }
}

/** @param fillsHostPorts templates leave them open */
function defaultPodSpec(given: Partial<PodSpec>, fillsHostPorts: boolean): PodSpec {
  const containersOf = (list: readonly Container[]): Container[] =>
    list.map((container) => defaultContainer(container, fillsHostPorts))
  const serviceAccountName = given.serviceAccountName ?? given.serviceAccount
  return {
    ...given,
    ...(given.volumes ? { volumes: given.volumes.map(defaultVolume) } : {}),
    ...(given.initContainers
      ? { initContainers: containersOf(given.initContainers.map(withoutOtherPolicy)) }
      : {}),
    containers: containersOf(given.containers ?? []),
    ...(given.ephemeralContainers
      ? { ephemeralContainers: given.ephemeralContainers.map(defaultEphemeral) }
      : {}),
    restartPolicy: given.restartPolicy ?? 'Always',
    terminationGracePeriodSeconds: given.terminationGracePeriodSeconds ?? 30,
    dnsPolicy: given.dnsPolicy ?? 'ClusterFirst',
    schedulerName: given.schedulerName ?? 'default-scheduler',
    securityContext: given.securityContext ?? {},
    // The old name of the field says the same.
    ...(serviceAccountName ? { serviceAccountName, serviceAccount: serviceAccountName } : {}),
  }
}

/** They run once: what is to become of them later is dropped (pkg/api/pod, dropDisabledFields). */
function defaultEphemeral(given: EphemeralContainer): EphemeralContainer {
  const { restartPolicy: _policy, restartPolicyRules: _rules, ...container } = given
  return { ...container, ...defaultContainer(container, false), image: container.image }
}

/** Of an init container's own policies one is known: other values are as none. */
function withoutOtherPolicy(container: Container): Container {
  const { restartPolicy, ...rest } = container
  return restartPolicy === undefined || restartPolicy === 'Always' ? container : rest
}

const COMPUTE = ['cpu', 'memory'] as const

/**
 * Guaranteed: every container has limits of cpu and memory, and together they request as much; BestEffort: nobody asks
 * for any. An amount of nothing is none (pkg/apis/core/helper/qos ComputePodQOS).
 */
export function qosClass(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const all = spec.resources
    ? [spec.resources]
    : [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ resources = {} }) => resources)
  // Whose limits are all that is said requests as much.
  const requests = all.map((each) => computeAmounts({ ...each.limits, ...each.requests }))
  const limits = all.map((each) => computeAmounts(each.limits))
  const total = (amounts: readonly ComputeAmounts[], name: (typeof COMPUTE)[number]): bigint =>
    amounts.reduce((sum, each) => sum + each[name], 0n)
  if (COMPUTE.every((name) => total(requests, name) + total(limits, name) === 0n)) return 'BestEffort'
  const isLimited = limits.every(({ cpu, memory }) => cpu > 0n && memory > 0n)
  const isEqual = COMPUTE.every((name) => total(requests, name) === total(limits, name))
  return isLimited && isEqual ? 'Guaranteed' : 'Burstable'
}

/** A new pod is of the class that it has with all its limits, those of the namespace too. */
export const withQosClass = (pod: Pod): Pod => ({
  ...pod,
  status: { ...pod.status, qosClass: qosClass(pod.spec) },
})

type ComputeAmounts = Readonly<Record<(typeof COMPUTE)[number], bigint>>

function computeAmounts(amounts: Readonly<Record<string, string>> = {}): ComputeAmounts {
  const positive = (text: string | undefined): bigint => {
    const milli = milliOf(text)
    return milli > 0n ? milli : 0n
  }
  return { cpu: positive(amounts['cpu']), memory: positive(amounts['memory']) }
}
