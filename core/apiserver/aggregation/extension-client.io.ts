/**
 * Talks to extension API servers: reads a document as the aggregator itself, or passes a client's request on. Each
 * request goes to one of the Service's ready endpoints, over TLS with the front proxy's certificate.
 * kubernetes/kube-aggregator pkg/apiserver/handler_proxy.go.
 */

import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { connect as connectTls, rootCertificates } from 'node:tls'
import type { ServiceResolver } from '../admission/webhooks/call.io.ts'
import { trusting } from '../../net/trust.ts'
import { limitedBody } from '../limited-body.io.ts'
import type { KeyPair } from '../pki/credentials.ts'
import type { ApiRequest, User } from '../requests/request.ts'
import type { Dial, ProxyRequest } from '../sessions/proxy.io.ts'
import { proxyRequest, proxyUpgrade } from '../sessions/proxy.io.ts'
import type { ExtensionService } from './extension-service.ts'
import { hostnameOf } from './extension-service.ts'
import { identityHeaders } from './front-proxy.ts'

export interface ExtensionClientOptions {
  readonly dial: Dial
  readonly resolve: ServiceResolver
  /** of the front proxy */
  readonly credentials: KeyPair
}

const AGGREGATOR: User = { name: 'system:kube-aggregator', groups: ['system:masters'] }
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
const TIMEOUT_MS = 5000

export class ExtensionClient {
  readonly #options: ExtensionClientOptions

  constructor(options: ExtensionClientOptions) {
    this.#options = options
  }

  /** Rejects with ApiError when nothing is behind the Service, with Error when the answer is not 2xx or no JSON. */
  async read(service: ExtensionService, path: string): Promise<unknown> {
    const { dial, resolve } = this.#options
    const to = resolve(service)
    const sent = httpsRequest({
      hostname: hostnameOf(service),
      port: service.port,
      path,
      headers: { ...identityHeaders(AGGREGATOR), accept: 'application/json' } as Record<string, string>,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      createConnection: (): TLSSocket => connectTls({ ...this.#tls(service), socket: dial(to) }),
    })
    try {
      sent.end()
      const [answer] = (await once(sent, 'response')) as [IncomingMessage]
      return JSON.parse(await bodyOf(answer)) as unknown
    } finally {
      sent.destroy()
    }
  }

  /** Resolves when the answer has gone out. Rejects with ApiError ServiceUnavailable. */
  async forward(
    service: ExtensionService,
    request: ApiRequest,
    plain: { readonly incoming: IncomingMessage; readonly response: ServerResponse },
  ): Promise<void> {
    await proxyRequest(this.#options.dial, this.#proxied(service, request), plain)
  }

  /** As `forward`, for a request to speak another protocol. */
  async upgrade(
    service: ExtensionService,
    request: ApiRequest,
    upgrade: { readonly incoming: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
  ): Promise<void> {
    await proxyUpgrade(this.#options.dial, this.#proxied(service, request), upgrade)
  }

  #proxied(service: ExtensionService, { path, query, user, signal }: ApiRequest): ProxyRequest {
    const text = query.toString()
    return {
      target: { scheme: 'https', ...this.#options.resolve(service) },
      path: text === '' ? path : `${path}?${text}`,
      prefix: '',
      tls: this.#tls(service),
      headers: identityHeaders(user),
      signal,
    }
  }

  #tls(service: ExtensionService): ConnectionOptions {
    const { certificate, key } = this.#options.credentials
    return {
      servername: hostnameOf(service),
      ...trusting(service.caCertificate ?? rootCertificates),
      rejectUnauthorized: service.isVerified,
      cert: certificate,
      key,
    }
  }
}

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const code = answer.statusCode ?? 0
  if (code < 200 || code > 299) throw new Error(`bad status: ${code}`)
  return (await limitedBody(answer, MAX_DOCUMENT_BYTES)).toString('utf8')
}
