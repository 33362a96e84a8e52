/**
 * A container played by portolan itself instead of run from its image. Types only.
 *
 * A stand-in is made of sockets in the pod's namespace, served by this process: no process of its own, ready as
 * soon as it listens. Which image gets which is decided in ./image-behaviour.ts; cli/ adds the built-in ones
 * that core may not know (CoreDNS is portolan's own dns/).
 */

import type { Clock, NetworkNamespace, Random, Sandbox, Sockets } from '../../host/host.ts'
import type { Container, Pod } from '../api/generated/core-v1.ts'
import type { ExitStatus } from '../../host/host.ts'

export interface StandInContext {
  readonly pod: Pod
  readonly container: Container
  readonly podIP: string
  /** where to listen; absent: the host's own namespace */
  readonly network: NetworkNamespace | undefined
  readonly nodeName: string
  /** the container's environment, command and args, expanded */
  readonly env: Readonly<Record<string, string>>
  readonly argv: readonly string[]
  readonly sockets: Sockets
  readonly sandbox: Sandbox
  readonly clock: Clock
  readonly random: Random
  /** a line for `kubectl logs` */
  readonly print: (line: string) => void
}

/** A stand-in at play. Disposing it closes its sockets. */
export interface StandIn extends AsyncDisposable {
  /** resolves when the played program ends by itself (most never do) */
  readonly exited: Promise<ExitStatus>
}

/** Resolves once everything listens; rejects with HostError when it cannot (the container then fails to start). */
export type StandInFactory = (context: StandInContext) => Promise<StandIn>

/** Images by the last part of their name without tag or digest: `coredns`. */
export type BuiltInImages = ReadonlyMap<string, StandInFactory>
