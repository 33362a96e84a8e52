/**
 * What probe results mean: thresholds and effects, apart from making the probes (kubernetes/kubernetes
 * pkg/kubelet/prober/worker.go). Pure: (state, result) -> state.
 */

import type { Probe } from '../api/generated/core-v1.ts'

export const PROBE_KINDS = ['startup', 'readiness', 'liveness'] as const
export type ProbeKind = (typeof PROBE_KINDS)[number]

export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly message: string }

export interface ProbeState {
  /** the result in effect */
  readonly effective: boolean | undefined
  /** equal results in a row, and which */
  readonly run: { readonly ok: boolean; readonly length: number } | undefined
}

/** Readiness begins as failed, liveness as passed, startup undecided. */
export function initialProbeState(kind: ProbeKind): ProbeState {
  const effective = { startup: undefined, readiness: false, liveness: true }[kind]
  return { effective, run: undefined }
}

/** A result takes effect after successThreshold or failureThreshold equal ones in a row. */
export function afterResult(state: ProbeState, ok: boolean, probe: Probe): ProbeState {
  const length = state.run?.ok === ok ? state.run.length + 1 : 1
  const threshold = (ok ? probe.successThreshold : probe.failureThreshold) ?? (ok ? 1 : 3)
  return { effective: length >= threshold ? ok : state.effective, run: { ok, length } }
}

/** Upstream's texts of events: `Readiness probe failed: ...` */
export function probeEventMessage(kind: ProbeKind, message: string): string {
  return `${{ startup: 'Startup', readiness: 'Readiness', liveness: 'Liveness' }[kind]} probe failed: ${message}`
}
