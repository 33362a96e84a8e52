/**
 * Asks a component that runs elsewhere on this host how it is: /healthz on its port, by HTTPS, whatever its
 * certificate. kubernetes/kubernetes pkg/registry/core/componentstatus/validator.go, pkg/probe/http/http.go.
 */

import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { connect as connectTls } from 'node:tls'
import { dialFault } from '../../api/go-text.ts'
import type { ComponentCheck, ComponentChecks, ComponentHealth } from './component-statuses.ts'
import type { Dial } from '../sessions/proxy.io.ts'

const ADDRESS = '127.0.0.1'
const TIMEOUT_MS = 20_000
const MAX_BODY_BYTES = 10 * 1024

/** The ports that the scheduler and the controller manager listen on unless they are told otherwise. */
const PORTS = { 'controller-manager': 10_257, scheduler: 10_259 } as const

/** @returns the checks of the components an API server finds beside it */
export function probedComponents(dial: Dial): ComponentChecks {
  return Object.fromEntries(Object.entries(PORTS).map(([name, port]) => [name, probeOf(dial, port)]))
}

function probeOf(dial: Dial, port: number): ComponentCheck {
  return async () => {
    const url = `https://${ADDRESS}:${port}/healthz`
    const timeout = AbortSignal.timeout(TIMEOUT_MS)
    const sent = httpsRequest({
      hostname: ADDRESS,
      port,
      path: '/healthz',
      headers: { 'user-agent': 'kube-probe/1.34', accept: '*/*', connection: 'close' },
      signal: timeout,
      createConnection: (): TLSSocket =>
        connectTls({ socket: dial({ address: ADDRESS, port }), host: ADDRESS, rejectUnauthorized: false }),
    })
    try {
      sent.end()
      const [answer] = (await once(sent, 'response')) as [IncomingMessage]
      return healthOf(answer.statusCode ?? 0, await beginning(answer))
    } catch (error) {
      return { status: 'False', message: `Get "${url}": ${failure(error, port, timeout.aborted)}` }
    } finally {
      sent.destroy()
    }
  }
}

function healthOf(code: number, body: string): ComponentHealth {
  if (code < 200 || code >= 400)
    return { status: 'False', message: `HTTP probe failed with statuscode: ${code}` }
  if (code < 300) return { status: 'True', message: body }
  return { status: 'Unknown', message: `Probe terminated redirects, Response body: ${body}` }
}

/** What is longer is cut, as it is nobody's error. */
async function beginning(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= MAX_BODY_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString('utf8')
}

/** As Go's HTTP client says it. */
function failure(error: unknown, port: number, isLate: boolean): string {
  if (isLate) return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
  const { code = '', message } = error as NodeJS.ErrnoException
  return dialFault(code, { address: ADDRESS, port }) ?? message
}
