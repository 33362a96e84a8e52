/** What stand-ins answer on their sockets. */

import { createSocket } from 'node:dgram'
import { request } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Container } from '../../core/api/generated/core-v1.ts'
import { probeOnce } from '../../core/kubelet/prober.io.ts'
import type { StandInKind } from '../../core/kubelet/image-behaviour.ts'
import { startStandIn } from '../../core/kubelet/stand-ins/stand-ins.io.ts'
import { memoryLog } from '../../host/fake/fake-host.ts'
import type { Host } from '../../host/host.ts'
import { linuxHost } from '../../host/linux/linux-host.io.ts'
import { pod } from '../support/builders.ts'

let folder: string
let host: Host

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portolan-stand-ins-'))
  host = await linuxHost({ ledgerFile: join(folder, 'ledger'), log: memoryLog() })
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

let made = 0
/** An address of 127/8 for each stand-in: fixed ports, no collisions. */
function ownAddress(): string {
  made += 1
  return `127.150.${process.pid % 250}.${made}`
}

interface Played extends AsyncDisposable {
  readonly ip: string
  readonly printed: readonly string[]
}

async function play(
  kind: StandInKind,
  container: Partial<Container>,
  argv: readonly string[] = [],
): Promise<Played> {
  const ip = ownAddress()
  const printed: string[] = []
  const sandbox = host.sandboxes.create({ hostname: 'web-1', isolated: false })
  const standIn = await startStandIn(kind, {
    pod: pod('ns1/web-1'),
    container: { name: 'c', image: 'example.org/app', ...container },
    podIP: ip,
    network: undefined,
    nodeName: 'node-a',
    env: {},
    argv,
    sockets: host.sockets,
    sandbox,
    clock: host.clock,
    random: host.random,
    print: (line) => printed.push(line),
  })
  return {
    ip,
    printed,
    async [Symbol.asyncDispose]() {
      await standIn[Symbol.asyncDispose]()
      await sandbox[Symbol.asyncDispose]()
      expect(await standIn.exited).toEqual({ kind: 'exited', code: 0 })
    },
  }
}

const port = (containerPort: number, protocol = 'TCP') => ({ ports: [{ containerPort, protocol }] })

function http(
  ip: string,
  number: number,
  path = '/',
  options: { readonly method?: string; readonly body?: string } = {},
): Promise<{
  readonly status: number | undefined
  readonly type: string | undefined
  readonly body: string
}> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: ip, port: number, path, method: options.method ?? 'GET' }, (response) => {
      const { statusCode: status, headers } = response
      text(response).then((body) => resolve({ status, type: headers['content-type'], body }), reject)
    })
    sent.on('error', reject)
    sent.end(options.body)
  })
}

/** Sends bytes, ends, and reads to the end. */
async function raw(ip: string, number: number, bytes: string): Promise<string> {
  const socket = connect({ host: ip, port: number, allowHalfOpen: true })
  socket.end(bytes)
  return await text(socket)
}

test('any image answers HTTP with who it is and what it received', async () => {
  await using played = await play('general', port(8080))
  const answer = await http(played.ip, 8080, '/a?b=c', { method: 'POST', body: 'x'.repeat(100_000) })
  expect(answer).toMatchObject({ status: 200, type: 'application/json' })
  expect(JSON.parse(answer.body)).toMatchObject({
    pod: 'web-1',
    namespace: 'ns1',
    node: 'node-a',
    container: 'c',
    image: 'example.org/app',
    podIP: played.ip,
    port: 8080,
    method: 'POST',
    path: '/a?b=c',
    clientAddress: '127.0.0.1',
  })
  expect((await http(played.ip, 8080, '/', { method: 'HEAD' })).body).toBe('')
  expect(played.printed).toEqual([
    '127.0.0.1 "POST /a?b=c" 200 port=8080 agent="-"',
    '127.0.0.1 "HEAD /" 200 port=8080 agent="-"',
  ])
})

test.each(['hello\r\n', 'HELLO', 'GET', '\x16\x03\x01', 'GETTING /somewhere else', ''])(
  'what is no HTTP is echoed: %j',
  async (bytes) => {
    await using played = await play('general', port(9000))
    expect(await raw(played.ip, 9000, bytes)).toBe(bytes)
  },
)

test('HTTP/2 with prior knowledge is answered, and gRPC calls are', async () => {
  await using played = await play('general', port(8080))
  const session = connectHttp2(`http://${played.ip}:8080`)
  try {
    const plain = session.request({ ':path': '/two' })
    expect(JSON.parse(await text(plain))).toMatchObject({ path: '/two', pod: 'web-1' })
    const call = session.request({
      ':method': 'POST',
      ':path': '/shop.Cart/Get',
      'content-type': 'application/grpc',
    })
    const status = new Promise((resolve) =>
      call.on('trailers', (trailers) => resolve(trailers['grpc-status'])),
    )
    call.end()
    call.resume()
    expect(await status).toBe('12')
  } finally {
    session.destroy()
  }
})

test('probes of every kind pass on one port', async () => {
  await using played = await play('general', port(8080))
  const target = {
    sockets: host.sockets,
    nodeNetwork: undefined,
    podIP: played.ip,
    container: { name: 'c', ...port(8080) },
    exec: () => Promise.reject(new Error('not here')),
  }
  const never = new AbortController().signal
  for (const probe of [
    { httpGet: { path: '/healthz', port: 8080 } },
    { tcpSocket: { port: 8080 } },
    { grpc: { port: 8080 } },
    { grpc: { port: 8080, service: 'readiness' } },
  ]) {
    expect(await probeOnce(probe, target, never)).toEqual({ ok: true })
  }
  expect(played.printed).toEqual([])
  const refused = `${played.ip}:81`
  expect(await probeOnce({ httpGet: { path: '/', port: 81 } }, target, never)).toEqual({
    ok: false,
    message: expect.stringContaining(`Get "http://${refused}/": `),
  })
  expect(await probeOnce({ tcpSocket: { port: 81 } }, target, never)).toMatchObject({ ok: false })
  expect(await probeOnce({ grpc: { port: 81 } }, target, never)).toMatchObject({ ok: false })
  expect(await probeOnce({ httpGet: { port: 'unknown' } }, target, never)).toEqual({
    ok: false,
    message: "couldn't find port: unknown",
  })
})

async function datagram(ip: string, number: number, message: string): Promise<string> {
  const socket = createSocket('udp4')
  try {
    const answer = new Promise<string>((resolve) => {
      socket.once('message', (received) => resolve(String(received)))
    })
    socket.send(message, number, ip)
    return await answer
  } finally {
    socket.close()
  }
}

test('UDP is echoed', async () => {
  await using played = await play('general', port(5353, 'UDP'))
  expect(await datagram(played.ip, 5353, 'ping')).toBe('ping')
})

test('agnhost netexec understands its datagrams', async () => {
  await using played = await play('agnhost', {}, ['netexec', '--udp-port=8082'])
  expect(await datagram(played.ip, 8082, 'hostname')).toBe('web-1')
  expect(await datagram(played.ip, 8082, 'echo two words')).toBe('two words')
  expect(await datagram(played.ip, 8082, 'clientip')).toMatch(/^127\.0\.0\.1:[1-9]\d*$/)
})

test('nginx welcomes, on port 80 if it declares none', async () => {
  await using played = await play('nginx', port(8080))
  expect(await http(played.ip, 8080)).toMatchObject({
    status: 200,
    type: 'text/html',
    body: expect.stringContaining('<title>Welcome to nginx!</title>'),
  })
})

test.each([
  [['-text=hi there', '-listen=:8081'], 8081, 'hi there\n'],
  [['-listen', ':8082', '--text', 'two words'], 8082, 'two words\n'],
  [[], 5678, 'hello-world\n'],
])('http-echo %j', async (argv, number, body) => {
  await using played = await play('http-echo', {}, argv)
  expect(await http(played.ip, number)).toMatchObject({ status: 200, body })
})

test('redis answers PING, inline and as an array, piecewise too', async () => {
  await using played = await play('redis', port(6379))
  expect(await raw(played.ip, 6379, 'PING\r\n')).toBe('+PONG\r\n')
  expect(await raw(played.ip, 6379, '*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n*1\r\n$4\r\nPING\r\n')).toBe(
    '$2\r\nhi\r\n+PONG\r\n',
  )
  expect(await raw(played.ip, 6379, 'SET a b\r\n')).toMatch(/^-ERR .*SET/)
})

test.each([
  [['netexec', '--http-port=8083'], 8083],
  [['netexec', '--http-port', '8084'], 8084],
  [['/agnhost', 'netexec'], 8080],
])('agnhost %j', async (argv, number) => {
  await using played = await play('agnhost', {}, argv)
  expect(await http(played.ip, number, '/hostname')).toMatchObject({ status: 200, body: 'web-1' })
  expect(await http(played.ip, number, '/echo?msg=hi&code=418')).toMatchObject({ status: 418, body: 'hi' })
  expect((await http(played.ip, number, '/clientip')).body).toMatch(/^127\.0\.0\.1:[1-9]\d*$/)
})

test('agnhost serve-hostname', async () => {
  await using played = await play('agnhost', {}, ['serve-hostname', '--port=9377'])
  expect((await http(played.ip, 9377)).body).toBe('web-1')
})
