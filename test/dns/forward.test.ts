/** Names that are not the cluster's: asked upstream, on loopback. */

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { decodeMessage } from '../../dns/decode-message.ts'
import { encodeMessage } from '../../dns/encode-message.ts'
import { startForwarder } from '../../dns/forward.io.ts'
import type { Message } from '../../dns/message.ts'
import { CLASS_IN, NO_RECORDS, RCODE, TYPE } from '../../dns/message.ts'
import { parseName } from '../../dns/names.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import { addressOf, fakeUpstream, servedCluster, silentLog } from './served-cluster.io.ts'

const forwarderTo = (...ports: number[]) =>
  startForwarder({
    upstreams: ports.map((port) => ({ address: '127.0.0.1', family: 'IPv4', port })),
    clock: systemClock,
    log: silentLog,
  })

async function ask(port: number, text: string, type: number = TYPE.A): Promise<Message> {
  const socket = createSocket('udp4')
  try {
    const question = { name: parseName(text) ?? [], type, class: CLASS_IN }
    const query = {
      ...NO_RECORDS,
      id: 4711,
      isResponse: false,
      opcode: 0,
      isAuthoritative: false,
      isTruncated: false,
      recursionDesired: true,
      recursionAvailable: false,
      authenticData: false,
      checkingDisabled: false,
      rcode: 0,
      questions: [question],
    }
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(8_000) })
    socket.send(encodeMessage(query), port, '127.0.0.1')
    const [bytes] = (await answered) as [Buffer]
    return decodeMessage(bytes)
  } finally {
    socket.close()
  }
}

/** A port where nobody answers: bound, so that nobody else gets it. */
async function silentPort(): Promise<{ readonly port: number } & Disposable> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { port: socket.address().port, [Symbol.dispose]: () => socket.close() }
}

const addresses = ({ answers }: Message): string[] =>
  answers.flatMap(({ data }) => (data.kind === 'address' ? [data.address] : []))
const withoutProbes = (asked: readonly string[]): string[] =>
  asked.filter((one) => !one.endsWith(` ${TYPE.HINFO}`))

describe('forwarding', () => {
  it('passes on what the upstream says, once per question and TTL', async () => {
    await using upstream = await fakeUpstream(({ questions: [question] }) => ({
      answers: [addressOf(question?.name ?? [], '192.0.2.1', 120)],
    }))
    await using forward = forwarderTo(upstream.port)
    await using server = await servedCluster({ forward })
    const first = await ask(server.port, 'www.example.org')
    expect(first).toMatchObject({
      id: 4711,
      rcode: RCODE.NOERROR,
      recursionAvailable: true,
      isAuthoritative: false,
    })
    expect(first.answers[0]).toMatchObject({ ttl: 30, data: { address: '192.0.2.1' } })
    const second = await ask(server.port, 'WWW.example.org')
    expect(second).toMatchObject({ isAuthoritative: true, questions: [{ name: ['WWW', 'example', 'org'] }] })
    expect(addresses(second)).toEqual(['192.0.2.1'])
    expect(withoutProbes(upstream.asked)).toEqual(['udp www.example.org 1'])
  })

  it('passes on NXDOMAIN', async () => {
    await using upstream = await fakeUpstream(() => ({ rcode: RCODE.NXDOMAIN }))
    await using forward = forwarderTo(upstream.port)
    await using server = await servedCluster({ forward })
    expect(await ask(server.port, 'no.example.org')).toMatchObject({ rcode: RCODE.NXDOMAIN })
  })

  it('never asks others about the cluster', async () => {
    await using upstream = await fakeUpstream(() => ({}))
    await using forward = forwarderTo(upstream.port)
    await using server = await servedCluster({ forward })
    expect(await ask(server.port, 'no.shop.svc.cluster.local')).toMatchObject({ rcode: RCODE.NXDOMAIN })
    expect(withoutProbes(upstream.asked)).toEqual([])
  })

  it("asks for reverse names that are not the cluster's", async () => {
    await using upstream = await fakeUpstream(() => ({ rcode: RCODE.NXDOMAIN }))
    await using forward = forwarderTo(upstream.port)
    await using server = await servedCluster({ forward })
    await ask(server.port, '1.2.0.192.in-addr.arpa', TYPE.PTR)
    await ask(server.port, '7.0.96.10.in-addr.arpa', TYPE.PTR)
    expect(withoutProbes(upstream.asked)).toEqual([`udp 1.2.0.192.in-addr.arpa ${TYPE.PTR}`])
  })

  it('follows the alias of an ExternalName', async () => {
    await using upstream = await fakeUpstream(({ questions: [question] }) => ({
      answers: [addressOf(question?.name ?? [], '192.0.2.9')],
    }))
    await using forward = forwarderTo(upstream.port)
    await using server = await servedCluster({ forward })
    const reply = await ask(server.port, 'docs.shop.svc.cluster.local')
    expect(reply).toMatchObject({ isAuthoritative: true, recursionAvailable: false })
    expect(reply.answers.map(({ type }) => type)).toEqual([TYPE.CNAME, TYPE.A])
    expect(reply.answers[1]?.name).toEqual(['docs', 'example', 'org'])
  })

  it('fetches over TCP what was cut', async () => {
    await using upstream = await fakeUpstream(({ questions: [question] }, transport) =>
      transport === 'udp'
        ? { isTruncated: true }
        : { answers: [addressOf(question?.name ?? [], '192.0.2.3')] },
    )
    await using forward = forwarderTo(upstream.port)
    await using server = await servedCluster({ forward })
    expect(addresses(await ask(server.port, 'big.example.org'))).toEqual(['192.0.2.3'])
    expect(withoutProbes(upstream.asked)).toEqual(['udp big.example.org 1', 'tcp big.example.org 1'])
  })

  it('asks once what is asked at the same time', async () => {
    await using upstream = await fakeUpstream(({ questions: [question] }) => ({
      answers: [addressOf(question?.name ?? [], '192.0.2.1')],
    }))
    await using forward = forwarderTo(upstream.port)
    await using server = await servedCluster({ forward })
    const replies = await Promise.all(Array.from({ length: 20 }, () => ask(server.port, 'www.example.org')))
    expect(replies.every((reply) => addresses(reply).length === 1)).toBe(true)
    expect(withoutProbes(upstream.asked)).toHaveLength(1)
  })
})

describe('upstreams that fail', () => {
  it('is SERVFAIL at once when there is none', async () => {
    await using forward = forwarderTo()
    await using server = await servedCluster({ forward })
    expect(await ask(server.port, 'example.org')).toMatchObject({ rcode: RCODE.SERVFAIL })
  })

  it('goes on to the next when one refuses packets or says nothing', async () => {
    await using upstream = await fakeUpstream(({ questions: [question] }) => ({
      answers: [addressOf(question?.name ?? [], '192.0.2.1')],
    }))
    using silent = await silentPort()
    await using forward = forwarderTo(silent.port, upstream.port)
    await using server = await servedCluster({ forward })
    expect(addresses(await ask(server.port, 'www.example.org'))).toEqual(['192.0.2.1'])
  })

  it('does not believe a reply to another question, with another id, or of no form', async () => {
    await using upstream = await fakeUpstream((query) => ({
      id: query.id ^ 1,
      answers: [addressOf(['x'], '192.0.2.66')],
    }))
    await using honest = await fakeUpstream(({ questions: [question] }) => ({
      answers: [addressOf(question?.name ?? [], '192.0.2.1')],
    }))
    await using forward = forwarderTo(upstream.port, honest.port)
    await using server = await servedCluster({ forward })
    expect(addresses(await ask(server.port, 'www.example.org'))).toEqual(['192.0.2.1'])
  })

  it('stops asking a server that asks us', async () => {
    const forwardLate: { to?: ReturnType<typeof forwarderTo> } = {}
    await using server = await servedCluster({
      forward: {
        resolve: async (question, flags) => await forwardLate.to?.resolve(question, flags),
        recogniseProbe: (question) => forwardLate.to?.recogniseProbe(question) ?? false,
      },
    })
    await using forward = forwarderTo(server.port)
    forwardLate.to = forward
    await expect
      .poll(async () => (await ask(server.port, `${Math.random()}.example.org`)).rcode, { timeout: 5_000 })
      .toBe(RCODE.SERVFAIL)
    const began = performance.now()
    await ask(server.port, 'example.org')
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  it('ends what is under way when it is stopped', async () => {
    using silent = await silentPort()
    const forward = forwarderTo(silent.port)
    await using server = await servedCluster({ forward })
    const asking = ask(server.port, 'example.org')
    await forward[Symbol.asyncDispose]()
    expect(await asking).toMatchObject({ rcode: RCODE.SERVFAIL })
  })
})
