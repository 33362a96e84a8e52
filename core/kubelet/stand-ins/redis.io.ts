/**
 * A redis that keeps nothing: enough of RESP for probes and connection tests. PING is answered, INFO and ECHO too,
 * other commands get an error that says who is speaking.
 */

import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import type { ListenPort } from '../image-behaviour.ts'
import type { StandIn, StandInContext } from '../stand-in.ts'

const MAX_LINE_BYTES = 64 * 1024

export async function serveRedis(context: StandInContext, ports: readonly ListenPort[]): Promise<StandIn> {
  const open = new Set<Socket>()
  const servers = ports
    .filter(({ protocol }) => protocol === 'TCP')
    .map(({ port }) => ({ port, server: createServer((socket) => serve(socket, open)) }))
  const address = context.network === undefined ? context.podIP : '0.0.0.0'
  for (const { port, server } of servers)
    await context.sockets.listen(server, { network: context.network, address, port })
  const { promise: exited, resolve } = Promise.withResolvers<{ kind: 'exited'; code: number }>()
  return {
    exited,
    async [Symbol.asyncDispose]() {
      const closed = servers.map(({ server }) => new Promise<void>((done) => server.close(() => done())))
      for (const socket of open) socket.destroy()
      await Promise.all(closed)
      resolve({ kind: 'exited', code: 0 })
    },
  }
}

function serve(socket: Socket, open: Set<Socket>): void {
  open.add(socket)
  socket.once('close', () => open.delete(socket))
  socket.on('error', () => socket.destroy())
  let pending = ''
  socket.on('data', (chunk: Buffer) => {
    pending += chunk.toString('latin1')
    if (pending.length > MAX_LINE_BYTES) return void socket.destroy()
    for (let parsed = nextCommand(pending); parsed !== undefined; parsed = nextCommand(pending)) {
      pending = pending.slice(parsed.length)
      socket.write(reply(parsed.words), 'latin1')
    }
  })
}

/** An inline command (`PING\r\n`) or an array of bulk strings (`*1\r\n$4\r\nPING\r\n`). */
function nextCommand(
  text: string,
): { readonly words: readonly string[]; readonly length: number } | undefined {
  const line = text.indexOf('\r\n')
  if (line < 0) return undefined
  if (!text.startsWith('*')) return { words: text.slice(0, line).split(' '), length: line + 2 }
  const count = Number(text.slice(1, line))
  const words: string[] = []
  let at = line + 2
  for (let index = 0; index < count; index += 1) {
    const end = text.indexOf('\r\n', at)
    if (end < 0) return undefined
    const length = Number(text.slice(at + 1, end))
    if (text.length < end + 2 + length + 2) return undefined
    words.push(text.slice(end + 2, end + 2 + length))
    at = end + 2 + length + 2
  }
  return { words, length: at }
}

function reply(words: readonly string[]): string {
  const [command = '', argument] = words
  switch (command.toUpperCase()) {
    case 'PING':
      return argument === undefined ? '+PONG\r\n' : bulk(argument)
    case 'ECHO':
      return bulk(argument ?? '')
    case 'INFO':
      return bulk('# Server\r\nredis_version:7.0.0\r\nredis_mode:standalone\r\nplayed_by:portolan\r\n')
    default:
      return `-ERR played by a stand-in of portolan: ${command.replace(/[^A-Za-z]/g, '')} does nothing\r\n`
  }
}

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`
