/**
 * Passes a request on to a backend and its answer back, upgrades included: pods/proxy, services/proxy, extension API
 * servers. kubernetes/apimachinery pkg/util/proxy/{transport,upgradeaware}.go. Differs: links inside HTML pages are
 * left as they are.
 */

import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import { connect as connectTls } from 'node:tls'
import { ApiError } from '../../api/api-error.ts'
import { isIdentityHeader } from '../aggregation/front-proxy.ts'
import type { ProxyTarget } from './proxy-target.ts'
import { proxiedLocation } from './proxy-target.ts'

/** Starts a TCP connection to an address of the cluster; 'connect' or 'error' follows on what is returned. */
export type Dial = (to: { readonly address: string; readonly port: number }) => Duplex

export interface ProxyRequest {
  readonly target: ProxyTarget
  /** path and query at the backend */
  readonly path: string
  /** what stands before the backend's path in our own URLs */
  readonly prefix: string
  /** how an https backend is checked; absent: not at all */
  readonly tls?: ConnectionOptions | undefined
  /** said to the backend beside what the client said */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined
  readonly signal: AbortSignal
}

const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]
/** What proves who the client is stays here. */
const isSecret = (name: string): boolean =>
  name === 'authorization' || name.startsWith('impersonate-') || isIdentityHeader(name)

/** Resolves when the answer has gone out. Rejects with ApiError ServiceUnavailable when the backend cannot be had. */
export async function proxyRequest(
  dial: Dial,
  proxied: ProxyRequest,
  { incoming, response }: { readonly incoming: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  const outgoing = backendRequest(dial, proxied, incoming, withoutHopByHop(incoming))
  const sending = pipeline(incoming, outgoing)
  // A backend may answer before it has read everything, and close; its answer counts.
  sending.catch(() => undefined)
  const [answer] = (await once(outgoing, 'response', { signal: proxied.signal }).catch((error: unknown) => {
    throw unreachable(error)
  })) as [IncomingMessage]
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined && !HOP_BY_HOP.includes(name)) response.setHeader(name, value)
  }
  const { location } = answer.headers
  if (location !== undefined) response.setHeader('location', proxiedLocation(location, places(proxied)))
  response.writeHead(answer.statusCode ?? 502)
  await pipeline(answer, response)
}

const places = ({ prefix, target }: ProxyRequest) => ({ prefix, backend: hostOf(target) })

const hostOf = ({ address, port }: ProxyTarget): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

function unreachable(error: unknown): ApiError {
  const detail = error instanceof Error ? error.message : String(error)
  return new ApiError('ServiceUnavailable', `error trying to reach service: ${detail}`, { cause: error })
}

function backendRequest(
  dial: Dial,
  { target, path, signal, tls, headers: own }: ProxyRequest,
  incoming: IncomingMessage,
  headers: OutgoingHttpHeaders,
): ClientRequest {
  const outgoing = httpRequest({
    // No agent, so that every request has its own connection: a pool does not know about namespaces.
    createConnection: () => connectionTo(dial, target, tls),
    method: incoming.method,
    path,
    headers: {
      ...headers,
      host: hostOf(target),
      'x-forwarded-for': incoming.socket.remoteAddress ?? '',
      'x-forwarded-host': incoming.headers.host ?? '',
      'x-forwarded-proto': 'https',
      'x-forwarded-uri': incoming.url ?? '',
      ...(own as OutgoingHttpHeaders | undefined),
    },
    signal,
  })
  // Who waits for the answer hears of a failure; after the answer, its reader does.
  outgoing.on('error', () => undefined)
  return outgoing
}

/** @param tls absent: pods have certificates nobody here can check, as upstream's proxy transport has it */
function connectionTo(
  dial: Dial,
  target: ProxyTarget,
  tls: ConnectionOptions = { rejectUnauthorized: false },
): Duplex {
  const socket = dial(target)
  return target.scheme === 'https' ? connectTls({ ...tls, socket }) : socket
}

function withoutHopByHop(incoming: IncomingMessage): OutgoingHttpHeaders {
  const kept = Object.entries(incoming.headers).filter(
    ([name]) => !HOP_BY_HOP.includes(name) && !isSecret(name) && name !== 'expect',
  )
  return Object.fromEntries(kept)
}

/** Passes an upgrade (WebSocket) through: after the backend's 101, bytes both ways until one side ends. */
export async function proxyUpgrade(
  dial: Dial,
  proxied: ProxyRequest,
  {
    incoming,
    socket,
    head,
  }: { readonly incoming: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
): Promise<void> {
  const headers = {
    ...withoutHopByHop(incoming),
    connection: incoming.headers.connection,
    upgrade: incoming.headers.upgrade,
  }
  const outgoing = backendRequest(dial, proxied, incoming, headers)
  outgoing.end()
  const upgraded = await backendUpgrade(outgoing, proxied.signal)
  socket.write(headText(upgraded.answer))
  if (upgraded.head.length > 0) socket.write(upgraded.head)
  if (head.length > 0) upgraded.socket.write(head)
  // Those of TLS, HTTP and the pipeline are more than ten, and go with the socket.
  for (const each of [socket, upgraded.socket]) each.setMaxListeners(MAX_LISTENERS)
  // Either side may break off: that ends the session, it is no failure of ours.
  await pipeline(socket, upgraded.socket, socket).catch(() => undefined)
}

const MAX_LISTENERS = 30

interface Upgraded {
  readonly answer: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

async function backendUpgrade(outgoing: ClientRequest, signal: AbortSignal): Promise<Upgraded> {
  const settled = new AbortController()
  const options = { signal: AbortSignal.any([signal, settled.signal]) }
  const upgrade = once(outgoing, 'upgrade', options) as Promise<[IncomingMessage, Duplex, Buffer]>
  const refusal = once(outgoing, 'response', options) as Promise<[IncomingMessage]>
  try {
    const [answer, socket, head] = await Promise.race([upgrade, refusal.then(([refused]) => refuse(refused))])
    // The pipelines see to failures while they last; one may come after them.
    socket.on('error', () => undefined)
    return { answer, socket, head }
  } catch (error) {
    outgoing.destroy()
    throw error instanceof ApiError ? error : unreachable(error)
  } finally {
    settled.abort()
    upgrade.catch(() => undefined)
    refusal.catch(() => undefined)
  }
}

function refuse(answer: IncomingMessage): never {
  throw new ApiError('ServiceUnavailable', `the backend answered an upgrade with ${answer.statusCode}`)
}

function headText(answer: IncomingMessage): string {
  const lines = answer.rawHeaders.flatMap((name, index, all) =>
    index % 2 === 0 ? [`${name}: ${all[index + 1] ?? ''}`] : [],
  )
  return [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`, ...lines, '', ''].join('\r\n')
}
