/** The user-space proxy over real sockets on loopback addresses. */

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { systemClock } from '../../host/linux/clock.io.ts'
import type { Logger } from '../../host/host.ts'
import { HostError } from '../../host/errors.ts'
import { openNamespaceSwitch } from '../../host/linux/network-namespace.io.ts'
import { linuxSockets } from '../../host/linux/sockets.io.ts'
import type { ConnectionGate } from './listeners.io.ts'
import { Listeners } from './listeners.io.ts'
import type { UserspaceListener } from './program.ts'

const sockets = await linuxSockets(await openNamespaceSwitch(undefined), undefined)

interface Warned {
  readonly message: string
  readonly fields: object | undefined
}

function proxy(gate: ConnectionGate = () => true, preservesSource = false) {
  const warned: Warned[] = []
  const log: Logger = {
    debug() {},
    info() {},
    error() {},
    warn: (message, fields) => void warned.push({ message, fields }),
  }
  const options = { sockets, clock: systemClock, log, network: undefined, gate, preservesSource }
  return { listeners: new Listeners(options), warned }
}

async function server(address: string, serve: (socket: Socket) => void) {
  const made = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined)
    serve(socket)
  })
  const port = await sockets.listen(made, { address, port: 0 })
  return { ip: address, port, [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() }
}

/** A port that is free on `address`, for TCP and most likely for UDP. */
async function freePort(address: string): Promise<number> {
  await using taken = await server(address, () => undefined)
  return taken.port
}

async function listener(more: Partial<UserspaceListener> = {}): Promise<UserspaceListener> {
  const address = more.address ?? '127.77.0.10'
  return {
    protocol: 'TCP',
    address,
    port: await freePort(address),
    service: 'ns/web:http',
    endpoints: [],
    affinitySeconds: 0,
    ...more,
  }
}

const dial = ({ address, port }: UserspaceListener, localAddress?: string): Socket =>
  connect({ host: address, port, allowHalfOpen: true, ...(localAddress ? { localAddress } : {}) })

const ask = (to: UserspaceListener, localAddress?: string): Promise<string> =>
  text(dial(to, localAddress)).catch((error: NodeJS.ErrnoException) => error.code ?? '')

it('goes round the endpoints, and follows when they change', async () => {
  await using a = await server('127.77.0.2', (socket) => socket.end('a'))
  await using b = await server('127.77.0.3', (socket) => socket.end('b'))
  const { listeners } = proxy()
  await using _open = listeners
  const web = await listener({ endpoints: [a, b] })
  await listeners.apply({ listeners: [web] })
  expect([await ask(web), await ask(web), await ask(web)]).toEqual(['a', 'b', 'a'])
  await listeners.apply({ listeners: [{ ...web, endpoints: [b] }] })
  expect([await ask(web), await ask(web)]).toEqual(['b', 'b'])
  await listeners.apply({ listeners: [] })
  expect(await ask(web)).toBe('ECONNREFUSED')
})

it('passes on the end of what is sent, and still carries the answer', async () => {
  await using late = await server('127.77.0.2', (socket) => {
    let received = 0
    socket.on('data', (data: Buffer) => (received += data.length))
    socket.on('end', () => socket.end(`${received} bytes`))
  })
  const { listeners } = proxy()
  await using _open = listeners
  const web = await listener({ endpoints: [late] })
  await listeners.apply({ listeners: [web] })
  const socket = dial(web)
  socket.end('x'.repeat(3_000_000))
  expect(await text(socket)).toBe('3000000 bytes')
})

it('keeps only so much of an answer that nobody reads', async () => {
  let taken = 0
  const chunk = Buffer.alloc(1 << 20)
  await using fast = await server('127.77.0.2', (socket) => {
    const pump = (): void => {
      while (taken < 200 && socket.write(chunk, () => (taken += 1))) continue
    }
    socket.on('drain', pump)
    pump()
  })
  const { listeners } = proxy()
  await using _open = listeners
  const web = await listener({ endpoints: [fast] })
  await listeners.apply({ listeners: [web] })
  const socket = dial(web)
  await once(socket, 'connect')
  // Until nothing moves any more: what was taken then sits in the kernel's buffers.
  let seen = -1
  while (seen !== taken || taken === 0) {
    seen = taken
    await systemClock.sleep(200)
  }
  expect(taken).toBeLessThan(60)
  socket.destroy()
})

it.each<[string, boolean, ConnectionGate]>([
  ['without endpoints', false, () => true],
  ['that the gate refuses', true, () => false],
])('resets a client %s', async (_name, hasEndpoints, gate) => {
  await using a = await server('127.77.0.2', (socket) => socket.end('a'))
  const { listeners } = proxy(gate)
  await using _open = listeners
  const web = await listener({ endpoints: hasEndpoints ? [a] : [] })
  await listeners.apply({ listeners: [web] })
  expect(await ask(web)).toBe('ECONNRESET')
})

it('refuses clients outside the source ranges, and sends those inside the cluster elsewhere', async () => {
  await using near = await server('127.77.0.2', (socket) => socket.end('near'))
  await using far = await server('127.77.0.3', (socket) => socket.end('far'))
  const { listeners } = proxy()
  await using _open = listeners
  const web = await listener({
    endpoints: [far],
    allowedSources: ['127.78.0.0/16'],
    inside: { sources: ['127.78.1.0/24'], endpoints: [near] },
  })
  await listeners.apply({ listeners: [web] })
  expect([await ask(web, '127.78.1.1'), await ask(web, '127.78.2.1')]).toEqual(['near', 'far'])
  expect(await ask(web, '127.79.0.1')).toBe('ECONNRESET')
})

it('tells the gate who asks for what, and the endpoint who asks', async () => {
  const asked: unknown[] = []
  await using a = await server('127.77.0.2', (socket) => socket.end(socket.remoteAddress ?? ''))
  const gate: ConnectionGate = (...about) => asked.push(about) > 0
  const { listeners } = proxy(gate, true)
  await using _open = listeners
  const endpoint = { ip: a.ip, port: a.port }
  const web = await listener({ endpoints: [endpoint] })
  await listeners.apply({ listeners: [web] })
  expect(await ask(web, '127.77.0.9')).toBe('127.77.0.9')
  expect(asked).toEqual([['127.77.0.9', endpoint, 'TCP']])
})

it('warns once of a port that is taken, serves the others, and takes it when it is free', async () => {
  await using a = await server('127.77.0.2', (socket) => socket.end('a'))
  const { listeners, warned } = proxy()
  await using _open = listeners
  const notOurs: UserspaceListener = { ...(await listener({ endpoints: [a] })), address: '192.0.2.1' }
  const web = await listener({ endpoints: [a] })
  const other = await listener({ endpoints: [a], address: '127.77.0.11' })
  {
    await using _holder = await holding(web)
    await listeners.apply({ listeners: [notOurs, web, other] })
    await listeners.apply({ listeners: [notOurs, web, other] })
    expect(warned).toHaveLength(2)
    expect(await ask(other)).toBe('a')
  }
  await listeners.apply({ listeners: [web, other] })
  expect(await ask(web)).toBe('a')
})

async function holding({ address, port }: UserspaceListener): Promise<AsyncDisposable> {
  const holder = createServer()
  await sockets.listen(holder, { address, port })
  await expect(sockets.listen(createServer(), { address, port })).rejects.toBeInstanceOf(HostError)
  return holder
}

it('keeps a UDP client with its endpoint until that is gone', async () => {
  const echoes = await Promise.all(
    ['127.77.0.2', '127.77.0.3'].map(async (ip) => {
      const socket = await sockets.bindUdp({ address: ip, port: 0 })
      socket.on('message', (_message, from) =>
        socket.send(`${ip} to ${from.address}`, from.port, from.address),
      )
      return { socket, ip, port: socket.address().port }
    }),
  )
  const endpoints = echoes.map(({ ip, port }) => ({ ip, port }))
  const { listeners } = proxy(() => true, true)
  await using _open = listeners
  const dns = await listener({ protocol: 'UDP', endpoints })
  await listeners.apply({ listeners: [dns] })
  const client = createSocket('udp4')
  client.bind(0, '127.77.0.9')
  const answer = async (): Promise<string> => {
    client.send('?', dns.port, dns.address)
    const [message] = (await once(client, 'message', { signal: AbortSignal.timeout(5_000) })) as [Buffer]
    return message.toString()
  }
  const first = '127.77.0.2 to 127.77.0.9'
  expect([await answer(), await answer()]).toEqual([first, first])
  await listeners.apply({ listeners: [{ ...dns, endpoints: endpoints.slice(1) }] })
  expect(await answer()).toBe('127.77.0.3 to 127.77.0.9')
  client.close()
  for (const { socket } of echoes) socket.close()
})
