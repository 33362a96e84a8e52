/**
 * From the bytes of a query to the bytes of its reply: the chain of the default Corefile (loadbalance, cache,
 * kubernetes, loop, forward). No I/O of its own: forwarding, time and draws are passed in.
 *
 * Answers about the cluster come back at once; a promise comes back only where another server must be asked.
 */

import type { Clock, Logger, Random } from '../host/host.ts'
import { answer } from './answer.ts'
import type { Answer, ZoneContext } from './answer.ts'
import { encodeMessage, MAX_MESSAGE_OCTETS } from './encode-message.ts'
import type { Message, Question, Sections } from './message.ts'
import { CLASS_IN, RCODE } from './message.ts'
import { nameText } from './names.ts'
import { readQuery, responseTo } from './query.ts'
import { shuffled } from './shuffle.ts'

export type Transport = 'udp' | 'tcp'

/** What resolves names that are not the cluster's. */
export interface Forwarder {
  /**
   * Asks for `question`; never rejects.
   *
   * @returns the reply, or undefined when no server answered, or `busy` when there are too many questions already
   */
  resolve(question: Question, flags: ForwardFlags): Promise<Message | undefined | 'busy'>
  /** Takes note when the question is the forwarder's own, come back through a server it asked. @returns whether it is */
  recogniseProbe(question: Question): boolean
}

export interface ForwardFlags {
  readonly recursionDesired: boolean
  readonly checkingDisabled: boolean
  readonly dnssecOk: boolean
}

export interface HandlerOptions {
  readonly context: () => ZoneContext
  /** absent: names of others are SERVFAIL */
  readonly forward?: Forwarder | undefined
  readonly random: Pick<Random, 'next'>
  readonly clock: Pick<Clock, 'monotonic'>
  readonly log: Logger
}

export type Reply = Buffer | undefined

export type Handler = (bytes: Buffer, transport: Transport) => Reply | Promise<Reply>

const UDP_DEFAULT_OCTETS = 512
/** what an IPv4 datagram can carry */
const UDP_MAX_OCTETS = 65_507

/** @returns a function that never throws, whatever the bytes; undefined means: say nothing */
export function dnsHandler(options: HandlerOptions): Handler {
  return (bytes, transport) => {
    const read = readQuery(bytes)
    if (read.kind === 'ignored') return undefined
    if (read.kind === 'rejected') return read.reply
    const { query, question } = read
    const limit = sizeLimit(query, transport)
    const failed = (err: unknown): Buffer => {
      options.log.error('cannot answer', { name: nameText(question.name), type: question.type, err })
      return encodeMessage({ ...responseTo(query), rcode: RCODE.SERVFAIL }, limit)
    }
    try {
      const reply = respond(query, question, options)
      if (!(reply instanceof Promise)) return encodeMessage(reply, limit)
      return reply.then((message) => encodeMessage(message, limit)).catch(failed)
    } catch (error) {
      return failed(error)
    }
  }
}

function sizeLimit({ edns }: Message, transport: Transport): number {
  if (transport === 'tcp') return MAX_MESSAGE_OCTETS
  return Math.min(UDP_MAX_OCTETS, Math.max(UDP_DEFAULT_OCTETS, edns?.udpSize ?? 0))
}

function respond(query: Message, question: Question, options: HandlerOptions): Message | Promise<Message> {
  if (question.class !== CLASS_IN) {
    return options.forward ? forwarded(query, question, options) : withRcode(query, RCODE.REFUSED)
  }
  const found = answer(question, options.context())
  switch (found.kind) {
    case 'answered':
      return { ...responseTo(query), ...inOrder(found, options), rcode: found.rcode, isAuthoritative: true }
    case 'refused':
      return withRcode(query, RCODE.REFUSED)
    case 'forward':
      return forwarded(query, question, options)
    case 'chase':
      return chased(query, found, options)
  }
}

const withRcode = (query: Message, rcode: number): Message => ({ ...responseTo(query), rcode })

const inOrder = (sections: Sections, { random }: HandlerOptions): Sections =>
  shuffled(sections, () => random.next())

/** An alias out of the cluster: the alias stands even when its target cannot be resolved. */
async function chased(
  query: Message,
  { aliases, target }: Extract<Answer, { kind: 'chase' }>,
  options: HandlerOptions,
): Promise<Message> {
  const question = { name: target, type: query.questions[0]?.type ?? 0, class: CLASS_IN }
  const got = await options.forward?.resolve(question, flagsOf(query))
  const found = got === 'busy' || got === undefined ? [] : got.answers
  const isTruncated = typeof got === 'object' && got.isTruncated
  const sections = inOrder({ answers: found, authority: [], additional: [] }, options)
  return {
    ...responseTo(query),
    isAuthoritative: true,
    isTruncated,
    answers: [...aliases, ...sections.answers],
  }
}

function forwarded(query: Message, question: Question, options: HandlerOptions): Message | Promise<Message> {
  const { forward } = options
  if (forward === undefined || forward.recogniseProbe(question)) return withRcode(query, RCODE.SERVFAIL)
  return forward.resolve(question, flagsOf(query)).then((got) => {
    if (got === undefined) return withRcode(query, RCODE.SERVFAIL)
    if (got === 'busy') return withRcode(query, RCODE.REFUSED)
    return passedOn(query, got, options)
  })
}

const flagsOf = ({ recursionDesired, checkingDisabled, edns }: Message): ForwardFlags => ({
  recursionDesired,
  checkingDisabled,
  dnssecOk: edns?.dnssecOk ?? false,
})

/** What another server said, as our reply: its sections, rcode and flags; question, id and EDNS are the client's. */
function passedOn(query: Message, got: Message, options: HandlerOptions): Message {
  const sections = got.rcode === RCODE.NOERROR ? inOrder(got, options) : got
  return {
    ...responseTo(query),
    answers: sections.answers,
    authority: sections.authority,
    additional: sections.additional,
    // Without EDNS there is no room for the upper bits.
    rcode: query.edns === undefined && got.rcode > 15 ? RCODE.SERVFAIL : got.rcode,
    isAuthoritative: got.isAuthoritative,
    isTruncated: got.isTruncated,
    recursionAvailable: got.recursionAvailable,
    authenticData: got.authenticData && (query.authenticData || query.edns?.dnssecOk === true),
  }
}
