/**
 * What the API server asks of the agent on a pod's node: logs, exec, attach, port-forward. Types only; the API
 * server calls it, core/kubelet implements it, cli/ joins them.
 */

import type { Pod } from './generated/core-v1.ts'

export interface LogOptions {
  readonly container: string
  readonly follow?: boolean | undefined
  readonly previous?: boolean | undefined
  readonly timestamps?: boolean | undefined
  readonly tailLines?: number | undefined
  readonly limitBytes?: number | undefined
  readonly sinceSeconds?: number | undefined
  /** RFC 3339 */
  readonly sinceTime?: string | undefined
}

export interface TerminalSize {
  readonly width: number
  readonly height: number
}

/** The client's ends of a session's streams; `undefined` where the client did not ask for the stream. */
export interface SessionStreams {
  readonly stdin?: AsyncIterable<Uint8Array> | undefined
  readonly stdout?: ((chunk: Uint8Array) => Promise<void>) | undefined
  readonly stderr?: ((chunk: Uint8Array) => Promise<void>) | undefined
  readonly resize?: AsyncIterable<TerminalSize> | undefined
  /** aborted when the client went away */
  readonly signal: AbortSignal
}

export interface ExecRequest {
  readonly container: string
  readonly command: readonly string[]
  readonly tty: boolean
}

export type ExecResult =
  | { readonly kind: 'exited'; readonly exitCode: number }
  /** could not be started: what the runtime said */
  | { readonly kind: 'failed'; readonly message: string }

/** A two-way byte stream to a port of the pod. */
export interface PodConnection {
  readonly incoming: AsyncIterable<Uint8Array>
  write(chunk: Uint8Array): Promise<void>
  /** half-close */
  end(): void
  destroy(): void
}

/** A request to the agent's own HTTP server, as nodes/proxy passes it on. */
export interface AgentRequest {
  readonly method: string
  /** begins with a slash, without the query */
  readonly path: string
  readonly query: URLSearchParams
}

export interface AgentAnswer {
  readonly code: number
  readonly contentType: string
  readonly body: string
}

export interface NodeAgent {
  /** Rejects with ApiError BadRequest, worded as upstream, when there is no such log. */
  logs(pod: Pod, options: LogOptions, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  exec(pod: Pod, request: ExecRequest, streams: SessionStreams): Promise<ExecResult>
  attach(pod: Pod, request: Omit<ExecRequest, 'command'>, streams: SessionStreams): Promise<ExecResult>
  /** Dials 127.0.0.1:port inside the pod. Rejects with what the connection attempt said. */
  dial(pod: Pod, port: number): Promise<PodConnection>
  /** What the agent on that node says of itself. Rejects with ApiError when there is no agent. */
  http(nodeName: string, request: AgentRequest): Promise<AgentAnswer>
}
