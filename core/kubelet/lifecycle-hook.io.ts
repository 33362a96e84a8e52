/**
 * Runs a container's postStart or preStop hook (kubernetes/kubernetes pkg/kubelet/lifecycle/handlers.go). A hook of a
 * container that is played runs no commands: its programs are in an image that is not here.
 */

import type { Clock } from '../../host/host.ts'
import type { Container } from '../api/generated/core-v1.ts'
import type { ProbeTarget } from './prober.io.ts'
import { probeOnce } from './prober.io.ts'

export type LifecycleHandler = NonNullable<NonNullable<Container['lifecycle']>['preStop']>

export interface HookContext {
  readonly target: ProbeTarget
  readonly clock: Clock
  readonly isPlayed: boolean
  /** at most this long; then the hook has failed */
  readonly timeoutMs: number
  /** ends the hook early, as failed */
  readonly stop: AbortSignal
}

/** @returns what went wrong; undefined when the hook did its work */
export async function runHook(handler: LifecycleHandler, context: HookContext): Promise<string | undefined> {
  const { isPlayed, timeoutMs, target, stop } = context
  if (handler.exec && isPlayed) return undefined
  if (handler.sleep) return await slept(handler.sleep.seconds * 1000, context)
  const { exec, httpGet, tcpSocket } = handler
  const timeoutSeconds = Math.max(1, Math.ceil(timeoutMs / 1000))
  const result = await probeOnce({ exec, httpGet, tcpSocket, timeoutSeconds }, target, stop)
  return result.ok ? undefined : result.message
}

async function slept(ms: number, { clock, timeoutMs, stop }: HookContext): Promise<string | undefined> {
  try {
    await clock.sleep(Math.min(ms, timeoutMs), stop)
    return ms > timeoutMs ? 'container terminated before sleep hook finished' : undefined
  } catch {
    return 'interrupted'
  }
}
