/** Probes and life-cycle hooks of containers (kubernetes/kubernetes pkg/apis/core/validation/validation.go). Pure. */

import type {
  ExecAction,
  GRPCAction,
  HTTPGetAction,
  Lifecycle,
  Probe,
  SleepAction,
  TCPSocketAction,
} from '../generated/core-v1.ts'
import type { Faults } from './faults.ts'
import {
  choice,
  forbiddenField,
  invalidTexts,
  invalidValue,
  nonNegative,
  portFaults,
  portOrNameFaults,
  required,
  requiredText,
  when,
} from './faults.ts'
import { headerNameFaults } from './names.ts'

export const PROBE_KINDS = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const
export type ProbeKind = (typeof PROBE_KINDS)[number]

/** Faults of a probe; liveness and startup must succeed once, readiness ends nothing. */
export function validateProbe(probe: Probe, at: string, kind: ProbeKind): Faults {
  const grace = probe.terminationGracePeriodSeconds
  return [
    ...validateHandler(probe, at),
    ...nonNegative(`${at}.initialDelaySeconds`, probe.initialDelaySeconds),
    ...nonNegative(`${at}.timeoutSeconds`, probe.timeoutSeconds),
    ...nonNegative(`${at}.periodSeconds`, probe.periodSeconds),
    ...nonNegative(`${at}.successThreshold`, probe.successThreshold),
    ...nonNegative(`${at}.failureThreshold`, probe.failureThreshold),
    ...when(grace !== undefined && grace <= 0, () =>
      invalidValue(`${at}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'),
    ),
    ...when(kind !== 'readinessProbe' && probe.successThreshold !== 1, () =>
      invalidValue(`${at}.successThreshold`, probe.successThreshold ?? 0, 'must be 1'),
    ),
    ...when(kind === 'readinessProbe' && grace !== undefined, () =>
      invalidValue(`${at}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes'),
    ),
  ]
}

interface Handlers {
  readonly exec?: ExecAction | undefined
  readonly httpGet?: HTTPGetAction | undefined
  readonly tcpSocket?: TCPSocketAction | undefined
  readonly grpc?: GRPCAction | undefined
  readonly sleep?: SleepAction | undefined
}

/** Exactly one way to act; upstream looks into the first only. */
function validateHandler(handlers: Handlers, at: string, graceSeconds?: number): Faults {
  const names = (['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const).filter((name) => handlers[name])
  const [first, ...others] = names
  if (first === undefined) return [required(at, 'must specify a handler type')]
  return [
    ...validateAction({ [first]: handlers[first] }, `${at}.${first}`, graceSeconds),
    ...others.map((name) => forbiddenField(`${at}.${name}`, 'may not specify more than 1 handler type')),
  ]
}

function validateAction(only: Handlers, at: string, graceSeconds: number | undefined): Faults {
  const { exec, httpGet, tcpSocket, grpc, sleep } = only
  if (exec) return when((exec.command ?? []).length === 0, () => required(`${at}.command`))
  if (httpGet) return validateHttpGet(httpGet, at)
  if (tcpSocket) return portOrNameFaults(`${at}.port`, tcpSocket.port)
  if (grpc) return portFaults(`${at}.port`, grpc.port)
  const limit = graceSeconds
  if (!sleep || limit === undefined || (sleep.seconds >= 0 && sleep.seconds <= limit)) return []
  const detail = `must be non-negative and less than terminationGracePeriodSeconds (${limit})`
  return [invalidValue(at, sleep.seconds, detail)]
}

function validateHttpGet({ path, port, scheme, httpHeaders = [] }: HTTPGetAction, at: string): Faults {
  return [
    ...requiredText(`${at}.path`, path),
    ...portOrNameFaults(`${at}.port`, port),
    ...choice(`${at}.scheme`, scheme, ['HTTP', 'HTTPS']),
    ...httpHeaders.flatMap(({ name }) => invalidTexts(`${at}.httpHeaders`, name, headerNameFaults)),
  ]
}

/** Faults of postStart and preStop. */
export function validateLifecycle(
  lifecycle: Lifecycle,
  at: string,
  graceSeconds: number | undefined,
): Faults {
  return (['postStart', 'preStop'] as const).flatMap((name) => {
    const hook = lifecycle[name]
    return hook ? validateHandler(hook, `${at}.${name}`, graceSeconds) : []
  })
}
