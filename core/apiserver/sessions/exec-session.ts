/**
 * One exec or attach session, whatever carries its streams: runs it on the node agent and hands back its last word.
 * No I/O of its own.
 */

import type { Pod } from '../../api/generated/core-v1.ts'
import type { ExecResult, NodeAgent, SessionStreams } from '../../api/node-agent.ts'
import { ApiError } from '../../api/api-error.ts'
import type { ExecOptions } from './session-options.ts'

export interface ExecSession {
  readonly kind: 'exec' | 'attach'
  readonly pod: Pod
  readonly options: ExecOptions
}

/** Never rejects for what the agent refuses: the connection is open already, so that goes into the last word. */
export async function runExec(
  agent: NodeAgent,
  { kind, pod, options }: ExecSession,
  streams: SessionStreams,
): Promise<ExecResult> {
  const { container, command, tty } = options
  try {
    return kind === 'exec'
      ? await agent.exec(pod, { container, command, tty }, streams)
      : await agent.attach(pod, { container, tty }, streams)
  } catch (error) {
    if (!(error instanceof ApiError) && streams.signal.aborted) throw error
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) }
  }
}
