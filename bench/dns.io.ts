/**
 * How many questions per second the DNS server answers on loopback, and what one costs without sockets. A bounded
 * number of questions, 60 % addresses, 20 % NODATA, 20 % NXDOMAIN, over a thousand Services; the client runs in this
 * very process, so the first figure is a lower bound. Run: node bench/dns.io.ts [COUNT]
 */

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { zoneConfig } from '../dns/answer.ts'
import { encodeMessage } from '../dns/encode-message.ts'
import { dnsHandler } from '../dns/handler.ts'
import { CLASS_IN, NO_RECORDS, TYPE } from '../dns/message.ts'
import { recordTable } from '../dns/records.ts'
import { serveDns } from '../dns/server.io.ts'
import type { Logger } from '../host/host.ts'
import { systemClock } from '../host/linux/clock.io.ts'
import { systemRandom } from '../host/linux/random.io.ts'
import { linuxSockets } from '../host/linux/sockets.io.ts'
import { namespace, service } from '../test/support/builders.ts'

const SERVICES = 1_000
const OUTSTANDING = 64
const count = Math.min(Number(process.argv[2] ?? 50_000), 1_000_000)
const log: Logger = { debug() {}, info() {}, warn() {}, error() {} }

const records = recordTable(
  {
    namespaces: [namespace('shop')],
    services: Array.from({ length: SERVICES }, (_none, index) =>
      service(`shop/web-${index}`, { clusterIPs: [`10.96.${index >> 8}.${index & 255}`] }),
    ),
    slices: [],
  },
  1,
)
const config = zoneConfig(['cluster', 'local'])

/** The mix of questions, in turn; `id` comes back in the reply. */
function query(id: number): Buffer {
  const kind = id % 5
  const name = kind === 4 ? `no-${id % SERVICES}` : `web-${id % SERVICES}`
  const type = kind === 3 ? TYPE.AAAA : TYPE.A
  return encodeMessage({
    ...NO_RECORDS,
    id: id & 0xffff,
    isResponse: false,
    opcode: 0,
    isAuthoritative: false,
    isTruncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    rcode: 0,
    questions: [{ name: [name, 'shop', 'svc', 'cluster', 'local'], type, class: CLASS_IN }],
  })
}

const queries = Array.from({ length: 10_000 }, (_none, id) => query(id))

function handlerOnly(): void {
  const handler = dnsHandler({
    context: () => ({ records, config, ownAddresses: [] }),
    random: systemRandom,
    clock: systemClock,
    log,
  })
  const began = performance.now()
  for (let done = 0; done < count; done += 1) {
    void handler(queries[done % queries.length] ?? Buffer.alloc(0), 'udp')
  }
  report('handler alone', performance.now() - began)
}

async function overLoopback(): Promise<void> {
  const sockets = await linuxSockets({ inside: (_network, work) => work() }, undefined)
  await using server = await serveDns({
    sockets,
    address: '127.0.0.1',
    port: 0,
    records,
    config,
    clock: systemClock,
    random: systemRandom,
    log,
  })
  const client = createSocket('udp4')
  client.connect(server.port, '127.0.0.1')
  await once(client, 'connect')
  const began = performance.now()
  let sent = 0
  const send = (): void => client.send(queries[sent++ % queries.length] ?? Buffer.alloc(0))
  const { promise, resolve } = Promise.withResolvers<void>()
  let answered = 0
  client.on('message', () => {
    answered += 1
    if (answered >= count) resolve()
    else if (sent < count) send()
  })
  while (sent < Math.min(OUTSTANDING, count)) send()
  const gaveUp = setTimeout(resolve, 60_000)
  await promise
  clearTimeout(gaveUp)
  report(`client and server, ${answered} answered`, performance.now() - began)
  client.close()
}

function report(what: string, ms: number): void {
  console.log(`${what}: ${((1000 * ms) / count).toFixed(1)} µs each, ${Math.round((1000 * count) / ms)}/s`)
}

handlerOnly()
handlerOnly()
await overLoopback()
