/**
 * Sends reviews to webhooks over HTTPS: by URL, or to a Service through its endpoints, as services/proxy does.
 * kubernetes/apiserver pkg/util/webhook. No redirects, a limit on the answer's size, one connection a call.
 */

import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { connect as connectTls, rootCertificates } from 'node:tls'
import type { WebhookClientConfig } from '../../../api/generated/admissionregistration-v1.ts'
import { limitedBody } from '../../limited-body.io.ts'
import type { Dial } from '../../sessions/proxy.io.ts'
import type { WebhookCaller } from './webhooks.ts'

const MAX_ANSWER_BYTES = 3 * 1024 * 1024
const DEFAULT_PORT = 443

/** Where a Service's traffic goes. @throws Error when nothing is behind it */
export type ServiceResolver = (service: {
  readonly namespace: string
  readonly name: string
  readonly port: number
}) => { readonly address: string; readonly port: number }

export function webhookCaller({
  dial,
  resolve,
}: {
  readonly dial: Dial
  readonly resolve: ServiceResolver
}): WebhookCaller {
  return async ({ clientConfig, body, timeoutMs }) => {
    const { hostname, port, path, to } = targetOf(clientConfig, resolve)
    const ca = clientConfig.caBundle
      ? Buffer.from(clientConfig.caBundle, 'base64').toString('utf8')
      : [...rootCertificates]
    // Addresses are not named in the handshake; the certificate must be of them all the same.
    const identity = isIP(hostname) === 0 ? { servername: hostname } : { host: hostname }
    const timeout = AbortSignal.timeout(timeoutMs)
    const sent = httpsRequest({
      hostname,
      port,
      path: `${path}${path.includes('?') ? '&' : '?'}timeout=${timeoutMs / 1000}s`,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      signal: timeout,
      createConnection: (): TLSSocket => connectTls({ socket: dial(to), ...identity, ca }),
    })
    try {
      sent.end(JSON.stringify(body))
      const [answer] = (await once(sent, 'response')) as [IncomingMessage]
      return await answerOf(answer)
    } catch (error) {
      if (timeout.aborted)
        throw new Error(`Post "https://${hostname}:${port}${path}": context deadline exceeded`, {
          cause: error,
        })
      const why = error instanceof Error ? error.message : String(error)
      throw new Error(`Post "https://${hostname}:${port}${path}": ${why}`, { cause: error })
    } finally {
      sent.destroy()
    }
  }
}

interface Target {
  readonly hostname: string
  readonly port: number
  readonly path: string
  readonly to: { readonly address: string; readonly port: number }
}

function targetOf({ url, service }: WebhookClientConfig, resolve: ServiceResolver): Target {
  if (service !== undefined) {
    const { namespace, name, path = '/', port = DEFAULT_PORT } = service
    return { hostname: `${name}.${namespace}.svc`, port, path, to: resolve({ namespace, name, port }) }
  }
  const { hostname, port, pathname, search } = new URL(url ?? '')
  const number = port === '' ? DEFAULT_PORT : Number(port)
  const host = hostname.replace(/^\[|\]$/g, '')
  return { hostname: host, port: number, path: pathname + search, to: { address: host, port: number } }
}

async function answerOf(answer: IncomingMessage): Promise<unknown> {
  const code = answer.statusCode ?? 0
  const text = (await limitedBody(answer, MAX_ANSWER_BYTES)).toString('utf8')
  if (code < 200 || code > 299) throw new Error(text.trim().slice(0, 200) || `the server answered ${code}`)
  return JSON.parse(text) as unknown
}
