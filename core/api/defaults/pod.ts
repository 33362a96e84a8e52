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
import { defaultVolume } from './volume.ts'

export function defaultPod(pod: Pod): Pod {
  const spec = defaultPodSpec(pod.spec ?? {})
  return {
    ...pod,
    spec: { ...spec, enableServiceLinks: spec.enableServiceLinks ?? true },
    status: {
      ...pod.status,
      phase: pod.status?.phase ?? 'Pending',
      qosClass: pod.status?.qosClass ?? qosClass(spec),
    },
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
  return gates.length > 0 ? { ...graceful, status: { ...pod.status, conditions: [gated(pod)] } } : graceful
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
  return { ...template, spec: defaultPodSpec(template?.spec ?? {}) }
}

function defaultPodSpec(given: Partial<PodSpec>): PodSpec {
  const containersOf = (list: readonly Container[]): Container[] =>
    list.map((container) => defaultContainer(container, given.hostNetwork ?? false))
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

/** Guaranteed: every container has cpu and memory limits equal to its requests; BestEffort: nobody asks for any. */
export function qosClass(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])]
  const pairs = containers.flatMap(({ resources }) =>
    COMPUTE.map((name) => {
      const limit = resources?.limits?.[name]
      return { request: resources?.requests?.[name] ?? limit, limit }
    }),
  )
  if (pairs.every(({ request }) => request === undefined)) return 'BestEffort'
  const isGuaranteed = pairs.every(({ request, limit }) => limit !== undefined && request === limit)
  return isGuaranteed ? 'Guaranteed' : 'Burstable'
}
