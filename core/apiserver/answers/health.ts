/**
 * /healthz, /livez and /readyz: what is asked, and the text of what was found.
 * kubernetes/apiserver pkg/server/healthz/healthz.go.
 */

import type { Clock } from '../../../host/host.ts'

/** Resolves when all is well, rejects when not. */
export type HealthCheck = () => Promise<void>

/** By name, in the order they are shown. `ping` is always there. */
export type HealthChecks = Readonly<Record<string, HealthCheck>>

export const HEALTH_ENDPOINTS = ['healthz', 'livez', 'readyz'] as const
export type HealthEndpoint = (typeof HEALTH_ENDPOINTS)[number]

export interface HealthReport {
  readonly code: 200 | 500
  readonly body: string
}

export interface HealthQuery {
  readonly verbose: boolean
  readonly exclude: readonly string[]
  /** of `/readyz/NAME`: that check alone */
  readonly only?: string | undefined
}

/** kube-apiserver's --etcd-healthcheck-timeout and --etcd-readycheck-timeout */
const STORE_TIMEOUT_MS = 2000

/** What is done once at the start, each making some of the objects that a cluster is born with. */
export const START_HOOKS = [
  'start-system-namespaces-controller',
  'start-cluster-authentication-info-controller',
  'rbac/bootstrap-roles',
  'scheduling/bootstrap-system-priority-classes',
  'priority-and-fairness-config-producer',
  'bootstrap-controller',
] as const
export type StartHook = (typeof START_HOOKS)[number]

export interface Checked {
  /** asks the store for what is newest; absent where the process itself has all there is */
  readonly sync: HealthCheck | undefined
  readonly isDone: (hook: StartHook) => boolean
  readonly clock: Pick<Clock, 'sleep'>
}

/** The checks of one endpoint. */
export function healthChecks(endpoint: HealthEndpoint, { sync, isDone, clock }: Checked): HealthChecks {
  const hooks: HealthChecks = Object.fromEntries(
    START_HOOKS.map((hook) => [`poststarthook/${hook}`, () => told(isDone(hook))]),
  )
  if (sync === undefined) return hooks
  const etcd: HealthCheck = () => inTime(sync, STORE_TIMEOUT_MS, { clock, late: 'no answer in time' })
  return endpoint === 'readyz' ? { etcd, 'etcd-readiness': etcd, ...hooks } : { etcd, ...hooks }
}

const told = (isFine: boolean): Promise<void> =>
  isFine ? Promise.resolve() : Promise.reject(new Error('not finished'))

/** Rejects with what `work` rejects with, or with Error once it takes too long; the signal aborts when it is over. */
export async function inTime(
  work: (signal: AbortSignal) => Promise<void>,
  timeoutMs: number,
  { clock, late: said }: { readonly clock: Pick<Clock, 'sleep'>; readonly late: string },
): Promise<void> {
  const done = new AbortController()
  const late = clock.sleep(timeoutMs, done.signal).then(() => {
    throw new Error(said)
  })
  // Once the work is done nobody waits for it any more.
  late.catch(() => undefined)
  try {
    await Promise.race([work(done.signal), late])
  } finally {
    done.abort()
  }
}

/** @returns undefined when `only` names no check */
export async function healthReport(
  endpoint: HealthEndpoint,
  checks: HealthChecks,
  query: HealthQuery,
): Promise<HealthReport | undefined> {
  const all: [string, HealthCheck][] = [['ping', () => Promise.resolve()], ...Object.entries(checks)]
  const chosen = query.only === undefined ? all : all.filter(([name]) => name === query.only)
  if (chosen.length === 0) return undefined
  const results = await Promise.all(
    chosen.map(async ([name, check]) => {
      const isExcluded = query.exclude.includes(name)
      return { name, isExcluded, isFine: isExcluded || (await succeeds(check)) }
    }),
  )
  const isFine = results.every((result) => result.isFine)
  if (query.only !== undefined) {
    return isFine
      ? { code: 200, body: 'ok' }
      : { code: 500, body: 'internal server error: reason withheld\n' }
  }
  if (isFine && !query.verbose) return { code: 200, body: 'ok' }
  const lines = results.map(({ name, isExcluded, isFine: fine }) => {
    if (isExcluded) return `[+]${name} excluded: ok`
    return fine ? `[+]${name} ok` : `[-]${name} failed: reason withheld`
  })
  const summary = isFine ? `${endpoint} check passed` : `${endpoint} check failed`
  const unknown = query.exclude.filter((name) => !all.some(([known]) => known === name))
  const warning =
    unknown.length === 0
      ? []
      : [
          `warn: some health checks cannot be excluded: no matches for ${unknown.map((name) => JSON.stringify(name)).join(',')}`,
        ]
  return { code: isFine ? 200 : 500, body: [...lines, ...warning, summary, ''].join('\n') }
}

/** Why a check fails is for the operator, who reads it in the log; this is told to whoever asks. */
const succeeds = (check: HealthCheck): Promise<boolean> =>
  check().then(
    () => true,
    () => false,
  )
