/**
 * What a pod's status says, from what the node agent knows (kubernetes/kubernetes pkg/kubelet/kubelet_pods.go,
 * pkg/kubelet/status/generate.go). Pure.
 */

import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../api/generated/core-v1.ts'
import { qosClass } from '../api/defaults/pod.ts'
import { timestamp } from '../api/timestamp.ts'
import type { ContainerState, Termination } from './container-state.ts'
import type { Allocation, PendingResize } from './resize.ts'
import { PENDING } from './resize.ts'

export interface PodObservation {
  readonly podIP: string | undefined
  readonly hostIP: string
  readonly startedAtMs: number
  readonly init: readonly ContainerState[]
  readonly containers: readonly ContainerState[]
  readonly ephemeral: readonly ContainerState[]
  /** what containers have been given, where that is known not to be what they ask for */
  readonly allocation?: Allocation
  readonly pendingResize?: PendingResize | undefined
}

export function podStatus(pod: Pod, seen: PodObservation, nowMs: number): PodStatus {
  const phase = podPhase(pod, seen)
  const { podIP, hostIP } = seen
  const status = (state: ContainerState): ContainerStatus => ({
    ...containerStatus(state),
    ...givenResources(state, pod, seen.allocation),
  })
  return {
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: conditions(pod, seen, phase, nowMs),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(podIP === undefined ? {} : { podIP, podIPs: [{ ip: podIP }] }),
    startTime: timestamp(seen.startedAtMs),
    ...(seen.init.length > 0 ? { initContainerStatuses: seen.init.map(status) } : {}),
    containerStatuses: seen.containers.map(status),
    ...ephemeralStatuses(pod, seen.ephemeral),
    qosClass: pod.status?.qosClass ?? qosClass(pod.spec),
  }
}

const hasEnded = (state: ContainerState): boolean => state.phase.kind === 'terminated'
const exitCode = (state: ContainerState): number =>
  state.phase.kind === 'terminated' ? state.phase.end.exitCode : -1

export function podPhase(
  pod: Pod,
  { init, containers }: Pick<PodObservation, 'init' | 'containers'>,
): string {
  const policy = pod.spec.restartPolicy ?? 'Always'
  const initFailed = init.some((state) => !isSidecar(state) && hasEnded(state) && exitCode(state) !== 0)
  if (policy === 'Never' && initFailed) return 'Failed'
  if (!containers.some(hasBegun)) return 'Pending'
  if (policy === 'Always' || !containers.every(hasEnded)) return 'Running'
  if (containers.every((state) => exitCode(state) === 0)) return 'Succeeded'
  return policy === 'Never' ? 'Failed' : 'Running'
}

const isSidecar = (state: ContainerState): boolean => state.container.restartPolicy === 'Always'

const hasBegun = (state: ContainerState): boolean =>
  state.phase.kind !== 'waiting' || state.restartCount > 0 || state.lastEnd !== undefined

const isDone = (state: ContainerState): boolean =>
  isSidecar(state) ? state.started : hasEnded(state) && exitCode(state) === 0

type Wanted = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>

function conditions(pod: Pod, seen: PodObservation, phase: string, nowMs: number): readonly PodCondition[] {
  const before = pod.status?.conditions ?? []
  const ready = containersReady([...seen.init.filter(isSidecar), ...seen.containers], phase)
  const wanted: readonly Wanted[] = [
    { type: 'PodReadyToStartContainers', status: seen.podIP === undefined ? 'False' : 'True' },
    initialized(seen, phase),
    { ...withGates(ready, pod), type: 'Ready' },
    { ...ready, type: 'ContainersReady' },
  ]
  const ours = wanted.map((one): PodCondition => {
    const old = before.find((condition) => condition.type === one.type)
    const lastTransitionTime = old?.status === one.status ? old.lastTransitionTime : timestamp(nowMs)
    return { ...one, lastTransitionTime }
  })
  const others = before.filter(
    ({ type }) => type !== PENDING && !wanted.some((condition) => condition.type === type),
  )
  return [...ours, ...others, ...pendingResize(pod, seen, nowMs)]
}

/** It is there only while the pod does not have what it asks for. */
function pendingResize(
  pod: Pod,
  { pendingResize: pending }: PodObservation,
  nowMs: number,
): readonly PodCondition[] {
  if (pending === undefined) return []
  const old = pod.status?.conditions?.find(({ type }) => type === PENDING)
  const { generation } = pod.metadata
  return [
    {
      type: PENDING,
      status: 'True',
      ...pending,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      lastTransitionTime: old?.lastTransitionTime ?? timestamp(nowMs),
    },
  ]
}

const listed = (states: readonly ContainerState[]): string =>
  `[${states.map((state) => state.container.name).join(' ')}]`

/** Once a container has begun, the pod stays initialised, whatever becomes of its sidecars. */
function initialized({ init, containers }: PodObservation, phase: string): Wanted {
  if (phase === 'Succeeded') return { type: 'Initialized', status: 'True', reason: 'PodCompleted' }
  const unfinished = init.filter((state) => !isDone(state))
  if (unfinished.length === 0 || containers.some(hasBegun)) return { type: 'Initialized', status: 'True' }
  const message = `containers with incomplete status: ${listed(unfinished)}`
  return { type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized', message }
}

function containersReady(containers: readonly ContainerState[], phase: string): Omit<Wanted, 'type'> {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  const unready = containers.filter((state) => !state.ready)
  if (unready.length === 0) return { status: 'True' }
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: ${listed(unready)}`,
  }
}

/** Ready also takes the conditions the pod names as its readiness gates. */
function withGates(ready: Omit<Wanted, 'type'>, pod: Pod): Omit<Wanted, 'type'> {
  if (ready.status === 'False') return ready
  const problems = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = pod.status?.conditions?.find(({ type }) => type === conditionType)
    if (found === undefined)
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`]
    return found.status === 'True'
      ? []
      : [`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`]
  })
  if (problems.length === 0) return ready
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: problems.join(', ') }
}

function containerStatus(state: ContainerState): ContainerStatus {
  const { container, containerID } = state
  return {
    name: container.name,
    state: shownPhase(state),
    lastState: state.lastEnd ? { terminated: shownEnd(state.lastEnd) } : {},
    ready: state.ready,
    restartCount: state.restartCount,
    image: container.image ?? '',
    imageID: '',
    ...(containerID ? { containerID } : {}),
    started: state.started && state.phase.kind === 'running',
  }
}

/** What a container has. That a node says it at all is how the API server knows that its pods can be resized. */
function givenResources(
  { container }: ContainerState,
  { spec }: Pod,
  allocation: Allocation | undefined,
): Pick<ContainerStatus, 'resources' | 'allocatedResources'> {
  const wanted = [...(spec.initContainers ?? []), ...spec.containers].find(
    ({ name }) => name === container.name,
  )
  const resources = allocation?.get(container.name) ?? wanted?.resources ?? {}
  const { requests = {} } = resources
  return { resources, ...(Object.keys(requests).length > 0 ? { allocatedResources: requests } : {}) }
}

/** Such containers are never ready. Those of an earlier node agent went with it. */
function ephemeralStatuses(
  { spec, status }: Pod,
  states: readonly ContainerState[],
): Pick<PodStatus, 'ephemeralContainerStatuses'> {
  const ephemeralContainerStatuses = (spec.ephemeralContainers ?? []).flatMap(({ name }) => {
    const state = states.find(({ container }) => container.name === name)
    if (state === undefined)
      return (status?.ephemeralContainerStatuses ?? []).filter((one) => one.name === name).map(lost)
    const { started: _, ...shown } = containerStatus(state)
    return [{ ...shown, ready: false }]
  })
  return ephemeralContainerStatuses.length > 0 ? { ephemeralContainerStatuses } : {}
}

const LOST_EXIT_CODE = 137

function lost(status: ContainerStatus): ContainerStatus {
  if (status.state?.terminated) return status
  const message = 'The container could not be located when the pod was terminated'
  const terminated = { exitCode: LOST_EXIT_CODE, reason: 'ContainerStatusUnknown', message }
  return { ...status, state: { terminated } }
}

function shownPhase({ phase }: ContainerState): ContainerStatus['state'] {
  switch (phase.kind) {
    case 'waiting':
      return { waiting: { reason: phase.reason, ...(phase.message ? { message: phase.message } : {}) } }
    case 'running':
      return { running: { startedAt: timestamp(phase.startedAtMs) } }
    case 'terminated':
      return { terminated: shownEnd(phase.end) }
  }
}

function shownEnd(end: Termination): NonNullable<NonNullable<ContainerStatus['state']>['terminated']> {
  return {
    exitCode: end.exitCode,
    ...(end.signal ? { signal: end.signal } : {}),
    reason: end.reason,
    ...(end.message ? { message: end.message } : {}),
    startedAt: timestamp(end.startedAtMs),
    finishedAt: timestamp(end.finishedAtMs),
    containerID: end.containerID,
  }
}
