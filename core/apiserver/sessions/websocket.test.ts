/** Streams over WebSocket as other clients than kubectl speak them, refusals, and what a stopping server does. */

import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { TestApiServer } from '../../../test/support/api-server.io.ts'
import { testApiServer } from '../../../test/support/api-server.io.ts'
import { localNodeAgent } from '../../../test/support/local-node-agent.io.ts'
import { PODS } from '../../api/scheme.ts'
import { httpClient } from '../../client/http.io.ts'

const SPEC = { nodeName: 'node-a', containers: [{ name: 'c', image: 'example.org/c' }] }
let echo: Server

beforeAll(async () => {
  echo = createServer((socket) => void socket.pipe(socket))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
})
afterAll(() => void echo.close())

async function started(): Promise<TestApiServer> {
  const nodeAgent = localNodeAgent({
    logLines: [],
    portOf: (port) => (port === 80 ? (echo.address() as AddressInfo).port : 1),
  })
  const api = await testApiServer({ nodeAgent })
  const context = { user: { name: 'test', groups: [] }, warn: () => undefined }
  await api.registry.create(PODS, 'default', { metadata: { name: 'web' }, spec: SPEC }, context)
  return api
}

/** A client that keeps what it got. */
function open(api: TestApiServer, part: string, protocols: string[]) {
  const { caCertificate: ca, clientCertificate: cert, clientKey: key } = api.config
  const url = `${api.config.server.replace('https', 'wss')}/api/v1/namespaces/default/pods/web/${part}`
  const socket = new WebSocket(url, protocols, { ca, cert, key })
  const messages: Buffer[] = []
  socket.on('message', (message: Buffer) => messages.push(message))
  const closed = new Promise<number | string>((resolve) => {
    socket.once('close', (code) => resolve(code))
    socket.once('unexpected-response', (_request, response) => resolve(`HTTP ${response.statusCode}`))
    socket.once('error', (error) => resolve(error.message))
  })
  const opened = new Promise<void>((resolve) => socket.once('open', () => resolve()))
  const text = (channel: number): string =>
    messages
      .filter((message) => message[0] === channel)
      .map((message) => message.subarray(1).toString())
      .join('')
  return { socket, messages, closed, opened, text }
}

describe('exec', () => {
  let api: TestApiServer
  beforeAll(async () => void (api = await started()))
  afterAll(async () => await api[Symbol.asyncDispose]())

  const command =
    'command=sh&command=-c&command=echo%20out;echo%20err%3E%262;exit%202&stdout=true&stderr=true'

  it('over v4 ends with a Status', async () => {
    const client = open(api, `exec?${command}`, ['v4.channel.k8s.io'])
    expect(await client.closed).toBe(1000)
    expect([client.text(1), client.text(2)]).toEqual(['out\n', 'err\n'])
    expect(JSON.parse(client.text(3))).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode' })
  })

  it('over base64 is text with a digit in front', async () => {
    const client = open(api, `exec?${command}`, ['base64.channel.k8s.io'])
    await client.closed
    const out = client.messages.map(String).filter((message) => message.startsWith('1'))
    expect(Buffer.from(out.join('').slice(1), 'base64').toString()).toBe('out\n')
  })

  it('over v5 takes the end of stdin from a CLOSE signal', async () => {
    const client = open(api, 'exec?command=cat&stdin=true&stdout=true', ['v5.channel.k8s.io'])
    await client.opened
    client.socket.send(Buffer.concat([Buffer.of(0), Buffer.from('hello')]))
    client.socket.send(Buffer.of(255, 0))
    expect(await client.closed).toBe(1000)
    expect(client.text(1)).toBe('hello')
    expect(JSON.parse(client.text(3))).toEqual({ metadata: {}, status: 'Success' })
  })

  it('is refused before the upgrade for what is wrong', async () => {
    expect(await open(api, `exec?${command}`, ['nope']).closed).toBe('HTTP 400')
    expect(await open(api, 'exec?stdout=true', ['v4.channel.k8s.io']).closed).toBe('HTTP 400')
    expect(await open(api, `exec?${command}&container=nope`, ['v4.channel.k8s.io']).closed).toBe('HTTP 400')
    expect(await open(api, 'status', ['v4.channel.k8s.io']).closed).toBe('HTTP 405')
  })
})

describe('port-forward over channels', () => {
  it('names the port on both channels, then passes bytes; a refused port says so', async () => {
    await using api = await started()
    const client = open(api, 'portforward?ports=80,81', ['v4.channel.k8s.io'])
    await expect.poll(() => client.messages.length).toBeGreaterThanOrEqual(5)
    const greeting = (channel: number) =>
      client.messages.find((message) => message[0] === channel)?.readUInt16LE(1)
    expect([0, 1, 2, 3].map(greeting)).toEqual([80, 80, 81, 81])
    expect(client.text(3).slice(2)).toMatch(/^error forwarding port 81 to pod web, uid .*ECONNREFUSED/)
    client.socket.send(Buffer.concat([Buffer.of(0), Buffer.from('ping')]))
    await expect.poll(() => client.text(0).slice(2)).toBe('ping')
    client.socket.close()
    await client.closed
  })
})

describe('a server that stops', () => {
  it('ends watches and sessions, and does not wait for them', async () => {
    const api = await started()
    using client = httpClient(api.config)
    const { resourceVersion } = await client.list(PODS)
    const watching = (async () => {
      const options = { resourceVersion, signal: new AbortController().signal }
      for await (const _event of client.watch(PODS, options)) throw new Error('nothing happens to pods here')
    })()
    const sleeping = open(api, 'exec?command=sleep&command=60&stdout=true', ['v5.channel.k8s.io'])
    const forwarding = open(api, 'portforward?ports=80', ['v4.channel.k8s.io'])
    await sleeping.opened
    await forwarding.opened
    const before = performance.now()
    await api[Symbol.asyncDispose]()
    expect(performance.now() - before).toBeLessThan(4_000)
    await Promise.all([watching, sleeping.closed, forwarding.closed])
    expect(api.log.entries.filter(({ level }) => level === 'error')).toEqual([])
  })
})
