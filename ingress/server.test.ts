/** The listeners on loopback with real backends: routing, headers, TLS by SNI, upgrades, failures, refused bytes. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, Server } from 'node:http'
import { createServer, request } from 'node:http'
import { request as tlsRequest } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openNamespaceSwitch } from '../host/linux/network-namespace.io.ts'
import { linuxSockets } from '../host/linux/sockets.io.ts'
import { systemRandom } from '../host/linux/random.io.ts'
import { endpointSlice, ingress, secret, service } from '../test/support/builders.ts'
import type { RouteTable } from './route-table.ts'
import { routeTable } from './route-table.ts'
import type { IngressServers } from './server.io.ts'
import { ingressServers } from './server.io.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

function selfSigned(name: string): { cert: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-cert-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  execFileSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  )
  const pair = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  rmSync(folder, { recursive: true })
  return pair
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

let echo: Server
let dying: Server
let closedPort: number
let servers: IngressServers
let table: RouteTable

beforeAll(async () => {
  echo = await listening(
    createServer((incoming, outgoing) => {
      void text(incoming).then((body) => {
        outgoing.setHeader('Set-Cookie', ['a=1', 'b=2'])
        outgoing.setHeader('Connection', 'X-Secret')
        outgoing.setHeader('X-Secret', 'hop')
        outgoing.end(JSON.stringify({ url: incoming.url, headers: incoming.headers, body }))
      })
    }).on('upgrade', (_incoming, socket: Socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      socket.on('data', (chunk) => socket.write(`echo ${chunk.toString()}`))
    }),
  )
  dying = await listening(
    createServer((_incoming, outgoing) => {
      outgoing.writeHead(200, { 'Content-Length': '1000' })
      outgoing.write('half')
      setImmediate(() => outgoing.destroy())
    }),
  )
  const gone = await listening(createServer())
  closedPort = portOf(gone)
  await new Promise((resolve) => gone.close(resolve))

  const slice = (name: string, ports: readonly number[]) =>
    ports.map((port, index) => {
      const one = endpointSlice(`shop/${name}`, ['127.0.0.1'], {
        ports: [{ name: 'http', port, protocol: 'TCP' }],
      })
      return { ...one, metadata: { ...one.metadata, name: `${name}-${index}` } }
    })
  const to = (path: string, name: string) => ({
    path,
    pathType: 'Prefix',
    backend: { service: { name, port: { number: 80 } } },
  })
  const pair = selfSigned('shop.example.org')
  table = routeTable({
    ingresses: [
      ingress('shop/web', {
        tls: [
          { hosts: ['shop.example.org'], secretName: 'tls' },
          { hosts: ['other.example.org'], secretName: 'tls' },
        ],
        rules: [
          {
            host: 'shop.example.org',
            http: {
              paths: [
                to('/', 'echo'),
                to('/dying', 'dying'),
                to('/half-gone', 'half-gone'),
                to('/gone', 'gone'),
              ],
            },
          },
        ],
      }),
    ],
    classes: [],
    services: ['echo', 'dying', 'half-gone', 'gone'].map((name) => service(`shop/${name}`)),
    slices: [
      ...slice('echo', [portOf(echo)]),
      ...slice('dying', [portOf(dying)]),
      ...slice('half-gone', [closedPort, portOf(echo)]),
      ...slice('gone', [closedPort]),
    ],
    secrets: [secret('shop/tls', { 'tls.crt': pair.cert, 'tls.key': pair.key })],
  })
  servers = ingressServers({
    sockets: await linuxSockets(await openNamespaceSwitch(undefined), undefined),
    network: undefined,
    table: () => table,
    defaultCertificate: selfSigned('default.example.org'),
    random: systemRandom,
    log: quiet,
  })
  await Promise.all([listening(servers.http), listening(servers.https)])
})

afterAll(async () => {
  await servers[Symbol.asyncDispose]()
  echo.closeAllConnections()
  dying.closeAllConnections()
  echo.close()
  dying.close()
})

interface Answer {
  readonly status: number
  readonly response: IncomingMessage
  readonly body: string
}

function get(
  path: string,
  options: { headers?: Record<string, string>; method?: string; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      port: portOf(servers.http),
      host: '127.0.0.1',
      path,
      method: options.method ?? 'GET',
      headers: { host: 'shop.example.org', ...options.headers },
    })
    outgoing.once('error', reject)
    outgoing.once('response', (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, response, body }), reject)
    })
    outgoing.end(options.body)
  })
}

it('forwards a request and tells the backend who asked', async () => {
  const { status, body, response } = await get('/a?b=c', {
    method: 'POST',
    body: 'hello',
    headers: { 'x-forwarded-for': '203.0.113.9', x_real_ip: 'spoof', connection: 'x-drop', 'x-drop': 'me' },
  })
  const seen = JSON.parse(body) as { url: string; headers: Record<string, string>; body: string }
  expect(status).toBe(200)
  expect(seen).toMatchObject({ url: '/a?b=c', body: 'hello' })
  expect(seen.headers).toMatchObject({
    host: 'shop.example.org',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'shop.example.org',
    'x-forwarded-port': String(portOf(servers.http)),
    'x-real-ip': '127.0.0.1',
  })
  expect(seen.headers).not.toHaveProperty('x-drop')
  expect(seen.headers).not.toHaveProperty('x_real_ip')
  expect(response.headers['set-cookie']).toEqual(['a=1', 'b=2'])
  expect(response.headers).not.toHaveProperty('x-secret')
  expect(response.headers.server).toBe('portolan')
})

it.each([
  ['an unknown host', '/', { host: 'unknown.example.org' }, 404, 'default backend - 404'],
  ['a backend that refuses', '/gone', {}, 502, 'ECONNREFUSED'],
])('answers for %s', async (_name, path, headers, status, message) => {
  const answer = await get(path, { headers })
  expect(answer.status).toBe(status)
  expect(answer.body).toContain(message)
})

it('goes to the next endpoint when one refuses, whatever the draw', async () => {
  for (let round = 0; round < 12; round += 1) expect((await get('/half-gone')).status).toBe(200)
})

it('cuts the client off when the backend breaks off', async () => {
  await expect(get('/dying')).rejects.toThrow(/aborted|ECONNRESET|terminated/)
})

it.each([
  ['shop.example.org', 'shop.example.org'],
  ['other.example.org', 'default.example.org'],
  ['unknown.example.org', 'default.example.org'],
])('serves for SNI %s the certificate of %s', async (servername, subject) => {
  const [peer, status] = await new Promise<[PeerCertificate, number]>((resolve, reject) => {
    const outgoing = tlsRequest({
      port: portOf(servers.https),
      host: '127.0.0.1',
      servername,
      rejectUnauthorized: false,
      headers: { host: 'shop.example.org' },
      agent: false,
    })
    outgoing.once('error', reject)
    outgoing.once('response', (response) => {
      const certificate = (response.socket as TLSSocket).getPeerCertificate()
      response.resume()
      resolve([certificate, response.statusCode ?? 0])
    })
    outgoing.end()
  })
  expect(peer.subject.CN).toBe(subject)
  expect(status).toBe(200)
  expect(table.certificates.warnings.join()).toContain('other.example.org')
})

/** Sends bytes and collects what comes until `until` is seen or the peer closes. */
function exchange(bytes: string, until: RegExp = /$^/, then?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = ''
    let more = then
    const socket = connect(portOf(servers.http), '127.0.0.1', () =>
      socket.write(Buffer.from(bytes, 'latin1')),
    )
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no more after ${JSON.stringify(seen)}`)))
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1')
      if (!until.test(seen)) return
      if (more === undefined) return void socket.destroy()
      socket.write(more)
      more = undefined
      until = /echo/
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(seen))
  })
}

it('tunnels a websocket upgrade', async () => {
  const head =
    'GET /ws HTTP/1.1\r\nHost: shop.example.org\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  const seen = await exchange(head, /101 Switching[\s\S]*\r\n\r\n/, 'ping')
  expect(seen).toContain('echo ping')
})

const H = 'Host: shop.example.org\r\n'
it.each([
  [
    'CL and TE',
    `POST / HTTP/1.1\r\n${H}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['gzip, chunked', `POST / HTTP/1.1\r\n${H}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501],
  ['TE in HTTP/1.0', `POST / HTTP/1.0\r\n${H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  ['two Hosts', `GET / HTTP/1.1\r\n${H}Host: b.example\r\n\r\n`, 400],
  ['a Host that is none', 'GET / HTTP/1.1\r\nHost: a.example/x?@b\r\n\r\n', 400],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['a fragment', `GET /a#b HTTP/1.1\r\n${H}\r\n`, 400],
  ['climbing above the root', `GET /../x HTTP/1.1\r\n${H}\r\n`, 400],
  ['HTTP/2.0 on a 1.x head', `GET / HTTP/2.0\r\n${H}\r\n`, 505],
  ['TRACE', `TRACE / HTTP/1.1\r\n${H}\r\n`, 405],
  ['a bare LF', `GET / HTTP/1.1\r\n${H}X-A: 1\nX-B: 2\r\n\r\n`, 400],
  ['a space before the colon', `GET / HTTP/1.1\r\n${H}Content-Length : 5\r\n\r\n`, 400],
  ['garbage', '\x16\x03\x01\x00\xff\r\n\r\n', 400],
  ['an upgrade to h2c', `GET / HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`, 400],
])('refuses %s', async (_name, bytes, status) => {
  expect(await exchange(bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
})
