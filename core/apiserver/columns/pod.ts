/**
 * What `kubectl get pods` shows: above all the STATUS word, which sums up phase, containers and deletion. Pure.
 * kubernetes/kubernetes pkg/printers/internalversion/printers.go, printPod.
 */

import type { Container, ContainerState, ContainerStatus, Pod } from '../../api/generated/core-v1.ts'
import { humanDuration } from '../../api/human-duration.ts'
import { parseTimestamp } from '../../api/timestamp.ts'
import type { Printer } from './column.ts'
import { AGE, NAME, column, wide } from './column.ts'

interface Summary {
  readonly ready: number
  readonly total: number
  readonly status: string
  readonly restarts: number
  readonly lastRestartMs: number
}

/** @returns the cells READY, STATUS and RESTARTS are made of */
export function podSummary(pod: Pod): Summary {
  const sidecars = (pod.spec.initContainers ?? []).filter(isRestartable)
  // A bookmark is shown as a pod, too: one without any containers.
  const containers: Pod['spec']['containers'] | null = pod.spec.containers
  const total = (containers ?? []).length + sidecars.length
  const init = initSummary(pod, new Set(sidecars.map(({ name }) => name)))
  const isInitialized = hasCondition(pod, 'Initialized')
  const main =
    init.reason === undefined || isInitialized ? mainSummary(pod, init.reason ?? phaseReason(pod)) : undefined
  const counted = main === undefined ? init.all : sum(init.sidecars, main.counted)
  return {
    ready: init.ready + (main?.ready ?? 0),
    total,
    status: deletionStatus(pod) ?? main?.reason ?? init.reason ?? phaseReason(pod),
    restarts: counted.restarts,
    lastRestartMs: counted.lastRestartMs,
  }
}

const isRestartable = (container: Container): boolean => container.restartPolicy === 'Always'

const hasCondition = (pod: Pod, type: string): boolean =>
  (pod.status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True')

function phaseReason(pod: Pod): string {
  const gated = (pod.status?.conditions ?? []).some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  )
  return gated ? 'SchedulingGated' : pod.status?.reason || pod.status?.phase || ''
}

function deletionStatus(pod: Pod): string | undefined {
  if (pod.metadata.deletionTimestamp === undefined) return undefined
  if (pod.status?.reason === 'NodeLost') return 'Unknown'
  return ['Succeeded', 'Failed'].includes(pod.status?.phase ?? '') ? undefined : 'Terminating'
}

interface Restarts {
  readonly restarts: number
  readonly lastRestartMs: number
}

const NO_RESTARTS: Restarts = { restarts: 0, lastRestartMs: 0 }

const sum = (a: Restarts, b: Restarts): Restarts => ({
  restarts: a.restarts + b.restarts,
  lastRestartMs: Math.max(a.lastRestartMs, b.lastRestartMs),
})

function restartsOf(statuses: readonly ContainerStatus[]): Restarts {
  return statuses
    .map((status) => ({
      restarts: status.restartCount,
      lastRestartMs: parseTimestamp(status.lastState?.terminated?.finishedAt) ?? 0,
    }))
    .reduce(sum, NO_RESTARTS)
}

/** `reason` is set while an init container still holds the pod up. */
function initSummary(
  pod: Pod,
  sidecarNames: ReadonlySet<string>,
): { ready: number; reason: string | undefined; all: Restarts; sidecars: Restarts } {
  const statuses = pod.status?.initContainerStatuses ?? []
  const isSidecar = (status: ContainerStatus): boolean => sidecarNames.has(status.name)
  const isPast = (status: ContainerStatus): boolean =>
    status.state?.terminated?.exitCode === 0 || (isSidecar(status) && status.started === true)
  const holding = statuses.findIndex((status) => !isPast(status))
  const seen = holding < 0 ? statuses : statuses.slice(0, holding + 1)
  const holder = statuses[holding]
  const started = (holding < 0 ? statuses : statuses.slice(0, holding)).filter(
    (status) => isSidecar(status) && status.started === true,
  )
  return {
    ready: started.filter((status) => status.ready).length,
    reason: holder && initReason(holder.state, `${holding}/${pod.spec.initContainers?.length ?? 0}`),
    all: restartsOf(seen),
    sidecars: restartsOf(seen.filter(isSidecar)),
  }
}

function initReason(state: ContainerState | undefined, progress: string): string {
  if (state?.terminated) return `Init:${terminatedReason(state.terminated)}`
  const waiting = state?.waiting?.reason ?? ''
  return waiting !== '' && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${progress}`
}

function terminatedReason(terminated: NonNullable<ContainerState['terminated']>): string {
  if (terminated.reason) return terminated.reason
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`
}

/** The last word is the first container's: upstream goes from last to first and lets each overwrite. */
function mainSummary(pod: Pod, before: string): { ready: number; reason: string; counted: Restarts } {
  const statuses = pod.status?.containerStatuses ?? []
  const reasons = statuses.map(({ state }) => {
    if (state?.waiting?.reason) return state.waiting.reason
    return state?.terminated ? terminatedReason(state.terminated) : undefined
  })
  const running = statuses.filter(
    (status, index) => reasons[index] === undefined && status.ready && status.state?.running !== undefined,
  )
  const reason = reasons.find((each) => each !== undefined) ?? before
  const completedBesideRunning = hasCondition(pod, 'Ready') ? 'Running' : 'NotReady'
  return {
    ready: running.length,
    reason: reason === 'Completed' && running.length > 0 ? completedBesideRunning : reason,
    counted: restartsOf(statuses),
  }
}

function restartsText({ restarts, lastRestartMs }: Summary, nowMs: number): string {
  if (restarts === 0 || lastRestartMs === 0) return String(restarts)
  return `${restarts} (${humanDuration(nowMs - lastRestartMs)} ago)`
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  const met = gates.filter(({ conditionType }) => hasCondition(pod, conditionType)).length
  return `${met}/${gates.length}`
}

const podIP = (pod: Pod): string => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || '<none>'

export const POD_PRINTER: Printer<Pod> = {
  columns: [
    NAME,
    column('Ready', 'The aggregate readiness state of this pod for accepting traffic.', (pod) => {
      const { ready, total } = podSummary(pod)
      return `${ready}/${total}`
    }),
    column('Status', 'The aggregate status of the containers in this pod.', (pod) => podSummary(pod).status),
    column('Restarts', 'How often containers were restarted, and when last.', (pod, nowMs) =>
      restartsText(podSummary(pod), nowMs),
    ),
    AGE,
    wide('IP', 'Address of the pod.', podIP),
    wide('Node', 'Node the pod is bound to.', (pod) => pod.spec.nodeName || '<none>'),
    wide('Nominated Node', 'Node the pod may be bound to after preemption.', (pod) => {
      return pod.status?.nominatedNodeName || '<none>'
    }),
    wide('Readiness Gates', 'Conditions beyond the containers that the pod waits for.', readinessGates),
  ],
  conditions: ({ status }) => {
    if (status?.phase === 'Succeeded') return [completed('Succeeded', 'The pod has completed successfully.')]
    return status?.phase === 'Failed' ? [completed('Failed', 'The pod failed.')] : []
  },
}

const completed = (reason: string, message: string) =>
  ({ type: 'Completed', status: 'True', reason, message }) as const
