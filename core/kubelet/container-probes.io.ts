/**
 * The probes of one container, each on its own clock, and what is in effect because of them (kubernetes/kubernetes
 * pkg/kubelet/prober/worker.go). Liveness and readiness wait for startup; the first attempt is made at once.
 */

import type { Clock } from '../../host/host.ts'
import type { Container } from '../api/generated/core-v1.ts'
import type { ProbeKind, ProbeState } from './probe.ts'
import { afterResult, initialProbeState, PROBE_KINDS } from './probe.ts'
import type { ProbeTarget } from './prober.io.ts'
import { probeOnce } from './prober.io.ts'

export interface ContainerProbesOptions {
  readonly container: Container
  readonly clock: Clock
  readonly target: ProbeTarget
  /** false: what is played needs no time to warm up */
  readonly honorsDelays: boolean
  /** a result took effect */
  readonly changed: () => void
  /** one attempt failed, whether or not that has an effect yet */
  readonly unhealthy: (kind: ProbeKind, message: string) => void
  /** startup or liveness: the container is to be killed; seconds of grace if the probe has its own */
  readonly failed: (kind: ProbeKind, graceSeconds: number | undefined) => void
}

export class ContainerProbes {
  readonly #options: ContainerProbesOptions
  #states: ReadonlyMap<ProbeKind, ProbeState> = initialStates()

  constructor(options: ContainerProbesOptions) {
    this.#options = options
  }

  /** Passed its startup probe since it last started, or has none. */
  get started(): boolean {
    return this.#options.container.startupProbe === undefined || this.#isEffective('startup')
  }

  get ready(): boolean {
    return this.#options.container.readinessProbe === undefined || this.#isEffective('readiness')
  }

  /** Begins anew with a container just started. */
  reset(): void {
    this.#states = initialStates()
  }

  /** Probes until the signal aborts or a probe has decided that the container must go. */
  async run(startedAtMs: number, signal: AbortSignal): Promise<void> {
    await this.#repeat('startup', startedAtMs, signal)
    if (!this.started) return
    await Promise.all([
      this.#repeat('readiness', startedAtMs, signal),
      this.#repeat('liveness', startedAtMs, signal),
    ])
  }

  async #repeat(kind: ProbeKind, startedAtMs: number, signal: AbortSignal): Promise<void> {
    const { container, clock, target, honorsDelays } = this.#options
    const probe = container[`${kind}Probe`]
    if (probe === undefined) return
    // Stopping ends the wait.
    const sleep = (ms: number): Promise<void> => clock.sleep(ms, signal).catch(() => undefined)
    const delayMs = honorsDelays ? (probe.initialDelaySeconds ?? 0) * 1000 : 0
    await sleep(Math.max(0, startedAtMs + delayMs - clock.now()))
    while (!signal.aborted) {
      const result = await probeOnce(probe, target, signal)
      if (signal.aborted) return
      if (!result.ok) this.#options.unhealthy(kind, result.message)
      const before = this.#states.get(kind) ?? initialProbeState(kind)
      const after = afterResult(before, result.ok, probe)
      this.#states = new Map([...this.#states, [kind, after]])
      if (after.effective !== before.effective) this.#options.changed()
      if (kind !== 'readiness' && after.effective === false)
        return this.#options.failed(kind, probe.terminationGracePeriodSeconds)
      if (kind === 'startup' && after.effective) return
      await sleep((probe.periodSeconds ?? 10) * 1000)
    }
  }

  #isEffective(kind: ProbeKind): boolean {
    return this.#states.get(kind)?.effective === true
  }
}

const initialStates = (): ReadonlyMap<ProbeKind, ProbeState> =>
  new Map(PROBE_KINDS.map((kind) => [kind, initialProbeState(kind)]))
