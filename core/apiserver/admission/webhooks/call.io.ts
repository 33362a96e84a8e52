/**
 * Sends reviews to webhooks over HTTPS: by URL, or to a Service through its endpoints, as services/proxy does.
 * kubernetes/apiserver pkg/util/webhook. No redirects, a limit on the answer's size, one connection a call.
 */

import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { posix } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { connect as connectTls, rootCertificates } from 'node:tls'
import { isApiError } from '../../../api/api-error.ts'
import type { WebhookClientConfig } from '../../../api/generated/admissionregistration-v1.ts'
import { trusting } from '../../../net/trust.ts'
import { limitedBody } from '../../limited-body.io.ts'
import type { Dial } from '../../sessions/proxy.io.ts'
import type { RestAnswer } from './rest-answer.ts'
import { connectionFault, documentOf } from './rest-answer.ts'
import type { WebhookCaller } from './webhooks.ts'

const MAX_ANSWER_BYTES = 16 * 1024 * 1024
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
    const target = targetOf(clientConfig)
    const { hostname, path } = target
    const query = `${path.includes('?') ? '&' : '?'}timeout=${timeoutMs / 1000}s`
    const said = `Post "${target.origin}${path}${query}"`
    const to = resolved(target, resolve, said)
    const ca = clientConfig.caBundle?.trim()
      ? Buffer.from(clientConfig.caBundle, 'base64').toString('utf8')
      : [...rootCertificates]
    // Addresses are not named in the handshake; the certificate must be of them all the same.
    const identity = isIP(hostname) === 0 ? { servername: hostname } : { host: hostname }
    const timeout = AbortSignal.timeout(timeoutMs)
    const sent = httpsRequest({
      hostname,
      port: target.port,
      path: `${path}${query}`,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, */*',
        'user-agent': 'kube-apiserver-admission',
      },
      signal: timeout,
      createConnection: (): TLSSocket => connectTls({ socket: dial(to), ...identity, ...trusting(ca) }),
    })
    try {
      return documentOf(await answered(sent, JSON.stringify(body)))
    } catch (error) {
      if (timeout.aborted) throw new Error(`${said}: context deadline exceeded`, { cause: error })
      if (!(error instanceof Unanswered)) throw error
      throw new Error(`${said}: ${connectionFault(error.cause, to)}`, { cause: error.cause })
    } finally {
      sent.destroy()
    }
  }
}

/** There was no whole answer; `cause` says why. */
class Unanswered extends Error {}

async function answered(sent: ClientRequest, body: string): Promise<RestAnswer> {
  try {
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    const { statusCode: code = 0, headers } = answer
    const contentType = headers['content-type'] ?? ''
    return { code, contentType, body: await limitedBody(answer, MAX_ANSWER_BYTES) }
  } catch (cause) {
    throw new Unanswered('no answer', { cause })
  }
}

/** Where a Service leads. @throws Error in the words of upstream's resolver */
function resolved(
  { hostname, port, service }: Target,
  resolve: ServiceResolver,
  said: string,
): { readonly address: string; readonly port: number } {
  if (service === undefined) return { address: hostname, port }
  try {
    return resolve({ ...service, port })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const why = isApiError(error, 'NotFound')
      ? `service ${JSON.stringify(service.name)} not found`
      : message.replace(/^no service port "(\d+)" found/, 'no service port $1 found')
    throw new Error(`${said}: ${why}`, { cause: error })
  }
}

interface Target {
  /** as messages show it: a port that was not given is not there */
  readonly origin: string
  readonly hostname: string
  readonly port: number
  readonly path: string
  readonly service?: { readonly namespace: string; readonly name: string }
}

function targetOf({ url, service }: WebhookClientConfig): Target {
  if (service !== undefined) {
    const { namespace, name, path = '/', port = DEFAULT_PORT } = service
    const hostname = `${name}.${namespace}.svc`
    const origin = `https://${hostname}:${port}`
    return { origin, hostname, port, path: cleaned(path), service: { namespace, name } }
  }
  const { origin, hostname, port, pathname, search } = new URL(url ?? '')
  const number = port === '' ? DEFAULT_PORT : Number(port)
  const host = hostname.replace(/^\[|\]$/g, '')
  return { origin, hostname: host, port: number, path: cleaned(pathname) + search }
}

/** As kubernetes/client-go rest.Request joins paths: no empty segments, and no slash at the end. */
const cleaned = (path: string): string => posix.join('/', path).replace(/(?!^)\/$/, '')
