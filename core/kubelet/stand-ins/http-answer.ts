/** What the stand-ins say over HTTP: who they are and what they received, as JSON. Pure. */

import type { StandInContext } from '../stand-in.ts'

export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly clientAddress: string
  readonly clientPort: number
  readonly port: number
}

/** The document of the general stand-in, one line. */
export function whoAmI(context: StandInContext, request: ReceivedRequest): string {
  const { pod, container, podIP, nodeName } = context
  const document = {
    pod: pod.metadata.name,
    namespace: pod.metadata.namespace,
    node: nodeName,
    container: container.name,
    image: container.image,
    podIP,
    port: request.port,
    method: request.method,
    path: request.path,
    clientAddress: request.clientAddress,
    headers: request.headers,
  }
  return `${JSON.stringify(document)}\n`
}

/** A log line of one request, in the common log format's order. */
export function requestLine(request: ReceivedRequest, status: number): string {
  const agent = request.headers['user-agent'] ?? '-'
  return `${request.clientAddress} "${request.method} ${request.path}" ${status} port=${request.port} agent=${JSON.stringify(agent)}`
}
