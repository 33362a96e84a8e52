/**
 * The sub-commands of Kubernetes' test image agnhost that serve HTTP: netexec and serve-hostname, as far as their paths
 * matter to a network test (kubernetes/kubernetes test/images/agnhost/README.md). Pure.
 */

import type { ListenPort } from '../image-behaviour.ts'
import type { StandInContext } from '../stand-in.ts'
import type { ReceivedRequest } from './http-answer.ts'
import { whoAmI } from './http-answer.ts'

/** @returns what to send back; undefined for nothing */
export type AnswersDatagram = (
  message: string,
  from: { readonly address: string; readonly port: number },
) => string | undefined

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const numberFlag = (argv: readonly string[], name: string, fallback: number): number => {
  const at = argv.findIndex((argument) => argument === `--${name}` || argument.startsWith(`--${name}=`))
  const text = argv[at]?.split('=')[1] ?? argv[at + 1]
  return at < 0 || text === undefined ? fallback : Number(text)
}

/** netexec: 8080 and UDP 8081; serve-hostname: 9376; pause: none; otherwise what is declared. */
export function agnhostPorts(
  argv: readonly string[],
  declared: readonly ListenPort[],
): readonly ListenPort[] {
  const command = argv.find((argument) => !argument.startsWith('-') && !argument.includes('agnhost'))
  if (command === 'netexec') {
    const udp = numberFlag(argv, 'udp-port', 8081)
    const tcp: ListenPort = { protocol: 'TCP', port: numberFlag(argv, 'http-port', 8080) }
    return udp > 0 ? [tcp, { protocol: 'UDP', port: udp }] : [tcp]
  }
  if (command === 'serve-hostname') return [{ protocol: 'TCP', port: numberFlag(argv, 'port', 9376) }]
  return declared
}

export function agnhostAnswer(context: StandInContext): (request: ReceivedRequest) => Answer {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8' }
  const name = context.pod.metadata.name
  const isHostname = context.argv.includes('serve-hostname')
  return (request) => {
    const url = new URL(request.path, 'http://localhost')
    const text = (body: string, status = 200): Answer => ({ status, headers, body })
    if (isHostname) return text(name)
    switch (url.pathname) {
      case '/':
        return text(`NOW: ${context.clock.now()}\n`)
      case '/hostname':
      case '/hostName':
        return text(name)
      case '/clientip':
        return text(`${request.clientAddress}:${request.clientPort}`)
      case '/healthz':
      case '/readyz':
        return text('')
      case '/echo':
        return text(url.searchParams.get('msg') ?? '', Number(url.searchParams.get('code') ?? 200))
      default:
        return text(whoAmI(context, request), 404)
    }
  }
}

/** netexec over UDP: `hostname`, `echo TEXT` and `clientip`; what else comes in gets no answer. */
export function agnhostDatagram(context: StandInContext): AnswersDatagram {
  return (message, from) => {
    const [command = '', ...words] = message.trim().split(' ')
    switch (command.toLowerCase()) {
      case 'hostname':
        return context.pod.metadata.name
      case 'echo':
        return words.join(' ')
      case 'clientip':
        return `${from.address}:${from.port}`
      default:
        return undefined
    }
  }
}
