/** A webhook of admission or conversion on a loopback port of its own: it remembers what it is asked, and answers as a test says. */

import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { issueCertificate, makeAuthority } from '../../core/apiserver/pki/certificates.io.ts'
import type { Loose } from '../apiserver/fixture.ts'

export interface Review {
  /** of the URL: tells webhooks apart that share the server */
  readonly path: string
  /** of the review */
  readonly apiVersion: string
  readonly request: Loose
}

export interface WebhookServer extends Disposable {
  readonly port: number
  /** what vouches for the server, as webhook configurations name it */
  readonly caBundle: string
  readonly asked: Review[]
  /** the response to a review; 'silence': none, ever; `code` and `body`: an answer that is none */
  answer: (request: Loose, path: string) => Loose
  /** forgets what it was asked, and allows everything */
  reset(): void
}

export async function webhookServer(): Promise<WebhookServer> {
  const nowMs = Date.now()
  const validity = { fromMs: nowMs - 60_000, untilMs: nowMs + 3_600_000 }
  const authority = await makeAuthority({ commonName: 'test', organizations: [] }, validity)
  const { certificate: cert, key } = await issueCertificate(authority, {
    subject: { commonName: 'hook', organizations: [] },
    usages: ['server'],
    names: ['localhost', 'hook.default.svc'],
    addresses: ['127.0.0.1'],
    validity,
  })
  const server = createServer({ cert, key }, (incoming, response) => void respond(incoming, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { kind, apiVersion, request } = (await json(incoming)) as Loose
    const path = new URL(incoming.url ?? '', 'https://x').pathname
    webhook.asked.push({ path, apiVersion, request })
    const body = webhook.answer(request, path)
    if (body === 'silence') return
    response.statusCode = body.code ?? 200
    if (body.body !== undefined) response.end(body.body)
    else response.end(JSON.stringify({ kind, apiVersion, response: { uid: request.uid, ...body } }))
  }

  const webhook: WebhookServer = {
    port: (server.address() as AddressInfo).port,
    caBundle: Buffer.from(authority.certificate).toString('base64'),
    asked: [],
    answer: () => ({ allowed: true }),
    reset() {
      webhook.asked.length = 0
      webhook.answer = () => ({ allowed: true })
    },
    [Symbol.dispose]: () => {
      server.close()
      server.closeAllConnections()
    },
  }
  return webhook
}

/** @returns an answer that changes the object by a JSON patch */
export const patching = (...operations: Loose[]): Loose => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
})
