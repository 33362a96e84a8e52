/** What clients may do to the server's sockets, and what they may not. */

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeMessage } from '../../dns/decode-message.ts'
import type { DnsServer } from '../../dns/server.io.ts'
import { frame, FrameReader } from '../../dns/tcp-frames.ts'
import { servedCluster } from './served-cluster.io.ts'

const QUERY = Buffer.from(
  '1234010000010000000000000377656204736866700373766307636c7573746572056c6f63616c0000010001',
  'hex',
)
const withId = (id: number): Buffer => {
  const query = Buffer.from(QUERY)
  query.writeUInt16BE(id, 0)
  return query
}

let server: DnsServer
beforeAll(async () => {
  server = await servedCluster()
})
afterAll(() => server[Symbol.asyncDispose]())

async function connected(): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** The ids of the replies, until the server closes or `count` have come. */
async function idsFrom(socket: Socket, count: number): Promise<number[]> {
  const frames = new FrameReader()
  const ids: number[] = []
  for await (const chunk of socket) {
    ids.push(...frames.push(chunk as Buffer).map((bytes) => decodeMessage(bytes).id))
    if (ids.length >= count) break
  }
  return ids
}

describe('TCP', () => {
  it('answers what is sent in one piece, and octet by octet', async () => {
    const all = Buffer.concat(Array.from({ length: 300 }, (_none, id) => frame(withId(id))))
    const socket = await connected()
    socket.write(all)
    expect(await idsFrom(socket, 300)).toEqual(Array.from({ length: 300 }, (_none, id) => id))
    const slow = await connected()
    slow.setNoDelay(true)
    for (const octet of frame(withId(7))) slow.write(Buffer.of(octet))
    expect(await idsFrom(slow, 1)).toEqual([7])
  })

  it('answers what a client asked before it closed its side', async () => {
    const socket = await connected()
    socket.end(Buffer.concat([frame(withId(1)), frame(withId(2))]))
    expect(await idsFrom(socket, 9)).toEqual([1, 2])
  })

  it('goes on after a malformed message, and after one that gets no reply', async () => {
    const socket = await connected()
    const response = withId(2)
    response.writeUInt16BE(0x8100, 2)
    socket.write(Buffer.concat([frame(Buffer.alloc(3)), frame(response), frame(withId(3))]))
    expect(await idsFrom(socket, 1)).toEqual([3])
  })

  it('closes at a message of no length', async () => {
    const socket = await connected()
    socket.write(Buffer.concat([frame(withId(1)), Buffer.alloc(2), frame(withId(2))]))
    expect(await idsFrom(socket, 9)).toEqual([1])
  })
})

describe('UDP', () => {
  it('survives any datagram', async () => {
    const socket = createSocket('udp4')
    try {
      for (const bytes of [Buffer.alloc(0), Buffer.alloc(11), Buffer.alloc(2000, 0xff), Buffer.alloc(2000)]) {
        socket.send(bytes, server.port, '127.0.0.1')
      }
      const answered = new Promise<number>((resolve) => {
        socket.on('message', (bytes) => {
          const { id, questions } = decodeMessage(bytes)
          if (questions.length > 0) resolve(id)
        })
      })
      socket.send(withId(42), server.port, '127.0.0.1')
      expect(await answered).toBe(42)
    } finally {
      socket.close()
    }
  })
})

it('closes its connections with itself', async () => {
  const other = await servedCluster()
  const socket = connect(other.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  const closed = once(socket, 'close')
  await other[Symbol.asyncDispose]()
  await closed
  // Both sockets are free again.
  await using again = await servedCluster({ port: other.port })
  expect(again.port).toBe(other.port)
})
