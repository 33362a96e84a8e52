/** A DNS server on loopback over a small cluster, with an upstream of the test's own: what the tests here ask. */

import type { Socket } from 'node:dgram'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Server } from 'node:net'
import { createServer } from 'node:net'
import { zoneConfig } from '../../dns/answer.ts'
import type { Forwarder } from '../../dns/handler.ts'
import { decodeMessage } from '../../dns/decode-message.ts'
import { encodeMessage } from '../../dns/encode-message.ts'
import type { Message, ResourceRecord } from '../../dns/message.ts'
import { responseTo } from '../../dns/query.ts'
import { recordTable } from '../../dns/records.ts'
import type { DnsServer } from '../../dns/server.io.ts'
import { serveDns } from '../../dns/server.io.ts'
import { frame, FrameReader } from '../../dns/tcp-frames.ts'
import { linuxSockets } from '../../host/linux/sockets.io.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import { systemRandom } from '../../host/linux/random.io.ts'
import type { Logger } from '../../host/host.ts'
import { endpointSlice, namespace, service } from '../support/builders.ts'

export const silentLog: Logger = { debug() {}, info() {}, warn() {}, error() {} }

const ready = { ready: true }
const MANY = Array.from({ length: 80 }, (_none, index) => `10.244.1.${index + 1}`)

const CLUSTER = {
  namespaces: [namespace('shop'), namespace('data'), namespace('kube-system')],
  services: [
    service('shop/web', { clusterIPs: ['10.96.0.7', '2001:db8::7'] }),
    service('shop/docs', { type: 'ExternalName', externalName: 'docs.example.org' }),
    service('shop/alias', { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' }),
    service('data/db', { clusterIPs: ['None'], ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] }),
    service('data/many', { clusterIPs: ['None'] }),
    service('kube-system/kube-dns', { clusterIPs: ['10.96.0.53'] }),
  ],
  slices: [
    endpointSlice('data/db', [], {
      ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
      endpoints: ['db-0', 'db-1'].map((hostname, index) => ({
        addresses: [`10.244.2.${index + 1}`],
        conditions: ready,
        hostname,
      })),
    }),
    endpointSlice('data/many', MANY),
    endpointSlice('kube-system/kube-dns', ['10.244.0.53']),
  ],
}

export async function servedCluster(
  options: { readonly forward?: Forwarder; readonly address?: string; readonly port?: number } = {},
): Promise<DnsServer> {
  const sockets = await linuxSockets({ inside: (_network, work) => work() }, undefined)
  return await serveDns({
    sockets,
    address: options.address ?? '127.0.0.1',
    port: options.port ?? 0,
    records: recordTable(CLUSTER, 1_700_000_000),
    config: zoneConfig(['cluster', 'local']),
    ownAddresses: ['10.244.0.53'],
    forward: options.forward,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  })
}

/** One that is free for UDP may be taken for TCP, if only by somebody's connection. */
const PORTS_TRIED = 20

export interface FakeUpstream extends AsyncDisposable {
  readonly port: number
  /** names asked for, in order: `udp docs.example.org 1` */
  readonly asked: readonly string[]
}

/** A name server on 127.0.0.1 that says what `answer` says; undefined: nothing. */
export async function fakeUpstream(
  answer: (query: Message, transport: 'udp' | 'tcp') => Partial<Message> | undefined,
): Promise<FakeUpstream> {
  const asked: string[] = []
  const reply = (bytes: Buffer, transport: 'udp' | 'tcp'): Buffer | undefined => {
    const query = decodeMessage(bytes)
    const [question] = query.questions
    asked.push(`${transport} ${question?.name.join('.')} ${question?.type}`)
    const said = answer(query, transport)
    return said && encodeMessage({ ...responseTo(query), recursionAvailable: true, ...said })
  }
  const tcp = createServer((socket) => {
    const frames = new FrameReader()
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      for (const bytes of frames.push(chunk)) {
        const said = reply(bytes, 'tcp')
        if (said) socket.write(frame(said))
      }
    })
  })
  const udp = await onOnePort(tcp)
  const { port } = udp.address()
  udp.on('message', (bytes, from) => {
    const said = reply(bytes, 'udp')
    if (said) udp.send(said, from.port, from.address)
  })
  return {
    port,
    asked,
    async [Symbol.asyncDispose]() {
      udp.close()
      await new Promise((done) => tcp.close(done))
    },
  }
}

/** Makes `tcp` listen on a port that is free for UDP, too. @returns the socket of that port */
async function onOnePort(tcp: Server): Promise<Socket> {
  for (let attempt = 1; ; attempt += 1) {
    const udp = createSocket('udp4').bind(0, '127.0.0.1')
    await once(udp, 'listening')
    tcp.listen(udp.address().port, '127.0.0.1')
    try {
      await once(tcp, 'listening')
      return udp
    } catch (error) {
      udp.close()
      if (attempt === PORTS_TRIED) throw error
    }
  }
}

export const addressOf = (name: readonly string[], address: string, ttl = 60): ResourceRecord => ({
  name,
  type: 1,
  class: 1,
  ttl,
  data: { kind: 'address', address },
})
