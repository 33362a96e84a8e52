/**
 * Who plays a container: a process on this host, or a stand-in, and which. Pure.
 *
 * A container runs as a process when its annotation says so, or when its image is a known shell or tool image and it
 * names a command. Everything else is played: well-known images like the real ones as far as it matters, the rest by
 * the general stand-in.
 */

import type { Container, Pod } from '../api/generated/core-v1.ts'

export const STAND_IN_KINDS = ['general', 'pause', 'nginx', 'http-echo', 'redis', 'agnhost'] as const
export type StandInKind = (typeof STAND_IN_KINDS)[number]

export type Behaviour =
  | { readonly kind: 'process'; readonly argv: readonly string[] }
  | { readonly kind: 'stand-in'; readonly standIn: StandInKind }
  /** played by a part of portolan, such as CoreDNS */
  | { readonly kind: 'built-in'; readonly image: string }

/** `portolan.dev/runtime: process`, or `portolan.dev/runtime.CONTAINER: stand-in` */
export const RUNTIME_ANNOTATION = 'portolan.dev/runtime'

const TOOL_IMAGES = new Set([
  'busybox',
  'alpine',
  'debian',
  'ubuntu',
  'bash',
  'curl',
  'curlimages',
  'netshoot',
  'dnsutils',
  'jessie-dnsutils',
  'toolbox',
  'network-multitool',
])

const PLAYED: Readonly<Record<string, StandInKind>> = {
  pause: 'pause',
  nginx: 'nginx',
  httpd: 'nginx',
  'http-echo': 'http-echo',
  redis: 'redis',
  agnhost: 'agnhost',
}

/** The last part of an image's name, without tag and digest: `busybox` of `docker.io/library/busybox:1.38@sha256:...`. */
export function imageName(image: string): string {
  const withoutDigest = image.split('@')[0] ?? ''
  const last = withoutDigest.slice(withoutDigest.lastIndexOf('/') + 1)
  return last.split(':')[0] ?? ''
}

export function behaviourOf(pod: Pod, container: Container, builtIns: ReadonlySet<string>): Behaviour {
  const name = imageName(container.image ?? '')
  const argv = [...(container.command ?? []), ...(container.args ?? [])]
  const annotations = pod.metadata.annotations ?? {}
  const asked = annotations[`${RUNTIME_ANNOTATION}.${container.name}`] ?? annotations[RUNTIME_ANNOTATION]
  if (builtIns.has(name)) return { kind: 'built-in', image: name }
  const isTool = TOOL_IMAGES.has(name)
  if (asked !== 'stand-in' && argv.length > 0 && (asked === 'process' || isTool)) {
    // A tool image's entrypoint is the tool itself when only arguments are given.
    const program = container.command === undefined && name.startsWith('curl') ? ['curl'] : []
    return { kind: 'process', argv: [...program, ...argv] }
  }
  return { kind: 'stand-in', standIn: isTool ? 'pause' : (PLAYED[name] ?? 'general') }
}

export interface ListenPort {
  readonly protocol: 'TCP' | 'UDP'
  readonly port: number
}

/** What the general stand-in listens on: every declared port, and the ports its probes name. */
export function standInPorts(container: Container): readonly ListenPort[] {
  const declared = (container.ports ?? []).flatMap(
    ({ containerPort, protocol = 'TCP' }): readonly ListenPort[] =>
      protocol === 'TCP' || protocol === 'UDP' ? [{ protocol, port: containerPort }] : [],
  )
  const probes = [container.readinessProbe, container.livenessProbe, container.startupProbe]
  const probed = probes.flatMap((probe): readonly ListenPort[] => {
    const target = probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port
    const port = target === undefined ? undefined : portNumber(container, target)
    return port === undefined ? [] : [{ protocol: 'TCP', port }]
  })
  return [...new Map([...declared, ...probed].map((one) => [`${one.protocol} ${one.port}`, one])).values()]
}

/** A port given by number or by the name of a container port. */
export function portNumber(container: Container, port: number | string): number | undefined {
  if (typeof port === 'number') return port
  return (container.ports ?? []).find((one) => one.name === port)?.containerPort
}
