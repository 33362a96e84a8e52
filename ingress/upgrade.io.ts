/** WebSocket upgrades (RFC 6455): the backend's answer decides; after 101 the two connections are one byte tunnel. */

import type { IncomingMessage } from 'node:http'
import { request } from 'node:http'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream'
import type { BackendAddress } from './backend.ts'
import { responseFields } from './forward-headers.ts'
import type { UpstreamOptions } from './proxy.io.ts'

export interface UpgradeRequest {
  readonly upstream: UpstreamOptions
  readonly incoming: IncomingMessage
  readonly client: Duplex
  /** bytes the client sent behind its request */
  readonly head: Buffer
  readonly target: string
  readonly fields: readonly string[]
  readonly endpoint: BackendAddress
}

/** @returns whether the request asks for an upgrade that is forwarded: to websocket, and nothing else */
export function isForwardedUpgrade(incoming: IncomingMessage): boolean {
  return incoming.method === 'GET' && incoming.headers.upgrade?.toLowerCase() === 'websocket'
}

export function forwardUpgrade(upgrade: UpgradeRequest, failed: (reason: string) => void): void {
  const { upstream, endpoint, incoming, client } = upgrade
  const outbound = request({
    createConnection: () =>
      upstream.sockets.connect({ network: upstream.network, address: endpoint.address, port: endpoint.port }),
    method: 'GET',
    path: upgrade.target,
    headers: [...upgrade.fields, 'Connection', 'Upgrade', 'Upgrade', incoming.headers.upgrade ?? 'websocket'],
    setHost: false,
  })
  client.once('close', () => outbound.destroy())
  outbound.once('error', (error) => failed(error.message))
  outbound.once('upgrade', (response, backend, backendHead) => {
    client.write(
      statusAndFields(response, [
        'Connection',
        'Upgrade',
        'Upgrade',
        response.headers.upgrade ?? 'websocket',
      ]),
    )
    client.write(backendHead)
    backend.write(upgrade.head)
    // Either end going away ends both; there is nobody left to tell.
    pipeline(client, backend, client, () => undefined)
  })
  outbound.once('response', (response) => {
    client.write(statusAndFields(response, ['Connection', 'close']))
    pipeline(response, client, () => undefined)
  })
  outbound.end()
}

function statusAndFields(response: IncomingMessage, extra: readonly string[]): string {
  const fields = [...responseFields(response.rawHeaders), ...extra]
  const lines = fields.flatMap((value, index) => (index % 2 === 1 ? [`${fields[index - 1]}: ${value}`] : []))
  return `HTTP/1.1 ${response.statusCode} ${response.statusMessage}\r\n${lines.join('\r\n')}\r\n\r\n`
}
