/** The stand-ins by kind: what each listens on and answers. */

import type { StandInKind } from '../image-behaviour.ts'
import { standInPorts } from '../image-behaviour.ts'
import type { StandIn, StandInContext } from '../stand-in.ts'
import { agnhostAnswer, agnhostDatagram, agnhostPorts } from './agnhost.ts'
import { whoAmI } from './http-answer.ts'
import { servePorts } from './stand-in-server.io.ts'
import { serveRedis } from './redis.io.ts'

const NGINX_PAGE =
  '<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n<p>Played by a stand-in of portolan.</p>\n</body>\n</html>\n'

export function startStandIn(kind: StandInKind, context: StandInContext): Promise<StandIn> {
  const declared = standInPorts(context.container)
  const ports = (fallback: number) =>
    declared.length > 0 ? declared : [{ protocol: 'TCP', port: fallback } as const]
  switch (kind) {
    case 'general':
      return servePorts({
        context,
        ports: declared,
        answering: (request) => ({ status: 200, body: whoAmI(context, request) }),
      })
    case 'pause':
      return servePorts({ context, ports: [], answering: () => ({ status: 404, body: '' }) })
    case 'nginx':
      return servePorts({
        context,
        ports: ports(80),
        answering: () => ({
          status: 200,
          headers: { 'Content-Type': 'text/html', Server: 'nginx' },
          body: NGINX_PAGE,
        }),
      })
    case 'http-echo': {
      const text = flag(context.argv, 'text') ?? 'hello-world'
      const listen = Number(flag(context.argv, 'listen')?.split(':').at(-1) ?? 5678)
      const answering = () => ({ status: 200, headers: { 'Content-Type': 'text/plain' }, body: `${text}\n` })
      return servePorts({ context, ports: ports(listen), answering })
    }
    case 'redis':
      return serveRedis(context, ports(6379))
    case 'agnhost':
      return servePorts({
        context,
        ports: agnhostPorts(context.argv, declared),
        answering: agnhostAnswer(context),
        ...(context.argv.includes('netexec') ? { answersDatagram: agnhostDatagram(context) } : {}),
      })
  }
}

/** The value of `-name=value`, `--name=value` or `-name value`. */
export function flag(argv: readonly string[], name: string): string | undefined {
  for (const [index, argument] of argv.entries()) {
    const match = new RegExp(`^--?${name}(?:=(.*))?$`).exec(argument)
    if (match) return match[1] ?? argv[index + 1]
  }
  return undefined
}
