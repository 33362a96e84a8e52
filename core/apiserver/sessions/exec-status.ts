/**
 * The last word of an exec or attach session: what goes out on the error channel. Pure.
 * kubernetes/kubernetes pkg/kubelet (cri/streaming/remotecommand: v1WriteStatusFunc, v4WriteStatusFunc).
 */

import type { ExecResult } from '../../api/node-agent.ts'

/** Protocols from v4 on get a Status as JSON, older ones plain text and, on success, nothing. */
export function execStatusText(result: ExecResult, isStructured: boolean): string {
  if (!isStructured) return result.kind === 'exited' && result.exitCode === 0 ? '' : message(result)
  if (result.kind === 'exited' && result.exitCode === 0) {
    return JSON.stringify({ metadata: {}, status: 'Success' })
  }
  if (result.kind === 'exited') {
    return JSON.stringify({
      metadata: {},
      status: 'Failure',
      message: message(result),
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: String(result.exitCode) }] },
    })
  }
  return JSON.stringify({
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${message(result)}`,
    reason: 'InternalError',
    details: { causes: [{ message: message(result) }] },
    code: 500,
  })
}

function message(result: ExecResult): string {
  return result.kind === 'exited'
    ? `command terminated with non-zero exit code: exit status ${result.exitCode}`
    : `error executing command in container: ${result.message}`
}

/** @returns a resize message's size; undefined when it is none. `{"Width":80,"Height":24}` */
export function terminalSize(bytes: Uint8Array): { width: number; height: number } | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as { Width?: unknown; Height?: unknown }
    const { Width: width, Height: height } = value
    return typeof width === 'number' && typeof height === 'number' ? { width, height } : undefined
  } catch {
    return undefined
  }
}
