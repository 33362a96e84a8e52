/** What the node agent knows of one container of one pod. Types and small readings. */

import type { Container } from '../api/generated/core-v1.ts'

export type ContainerPhase =
  | { readonly kind: 'waiting'; readonly reason: string; readonly message?: string | undefined }
  | { readonly kind: 'running'; readonly startedAtMs: number }
  | { readonly kind: 'terminated'; readonly end: Termination }

export interface Termination {
  readonly exitCode: number
  /** number of the signal that ended it */
  readonly signal?: number | undefined
  readonly reason: string
  readonly message?: string | undefined
  readonly startedAtMs: number
  readonly finishedAtMs: number
  readonly containerID: string
}

export interface ContainerState {
  readonly container: Container
  /** `stand-in`, `process` or `built-in`: the scheme of containerID */
  readonly runtime: string
  readonly phase: ContainerPhase
  readonly lastEnd: Termination | undefined
  readonly restartCount: number
  readonly containerID: string | undefined
  /** passed its startup probe, or has none */
  readonly started: boolean
  readonly ready: boolean
}
