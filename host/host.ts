/**
 * The machine, behind one small port. Types only: ./linux makes the real one, ./fake one in memory.
 *
 * Each consumer asks for the slice it uses (`Pick<Host, 'run' | 'clock'>`). Failures are HostError (./errors.ts).
 * Where a `network` may be given, absent means the namespace portolan was started in.
 */

import type { Socket as UdpSocket } from 'node:dgram'
import type { Server, Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'

export interface Host {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly commands: Commands
  readonly namespaces: Namespaces
  readonly links: Links
  readonly sockets: Sockets
  readonly sandboxes: Sandboxes
  readonly ledger: Ledger
}

export interface Clock {
  /** milliseconds since 1970 */
  now(): number
  /** milliseconds from an arbitrary start; never steps back */
  monotonic(): number
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export interface Random {
  /** in [0, 1) */
  next(): number
  /** RFC 9562 version 4 */
  uuid(): string
}

export type LogFields = Readonly<Record<string, unknown>>

/** Key/value log. Fixed keys: service, endpoint, pod, container, dataplane, durationMs, err. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

export interface CommandOptions {
  readonly stdin?: string | undefined
  readonly network?: NetworkNamespace | undefined
  readonly signal?: AbortSignal | undefined
  /** default 30 000 */
  readonly timeoutMs?: number | undefined
}

export interface Commands {
  /**
   * Runs a program to its end; never through a shell. Resolves with what it printed when it exits 0, else rejects
   * with HostError carrying argv, exit status and stderr.
   */
  run(
    argv: readonly string[],
    options?: CommandOptions,
  ): Promise<{ readonly stdout: string; readonly stderr: string }>
}

/** A network namespace held open by descriptor; it has no name and is gone when the last holder closes it. */
export interface NetworkNamespace extends Disposable {
  /** inode number, as in `net:[4026531840]` */
  readonly id: string
  /** a path usable by `nsenter --net=` while it is held: `/proc/PID/fd/N` */
  readonly path: string
  readonly fd: number
}

export interface Namespaces {
  /** A fresh network namespace with `lo` up. Rejects (HostError, not permitted) without the privilege. */
  createNetwork(): Promise<NetworkNamespace>
}

/** One change to a namespace's network set-up, as data: printed as an `ip` command line, applied by netlink. */
export type LinkOperation =
  | {
      readonly kind: 'veth'
      readonly name: string
      readonly peer: { readonly name: string; readonly network?: NetworkNamespace | undefined }
    }
  | { readonly kind: 'up'; readonly link: string }
  | { readonly kind: 'delete-link'; readonly link: string }
  /** `address` in CIDR notation */
  | { readonly kind: 'address'; readonly link: string; readonly address: string }
  | { readonly kind: 'delete-address'; readonly link: string; readonly address: string }
  | {
      readonly kind: 'route' | 'delete-route'
      /** CIDR, or `default` */
      readonly to: string
      readonly link: string
      readonly via?: string | undefined
      /** preferred source address */
      readonly source?: string | undefined
      readonly scope?: 'link' | undefined
      /** `local`: an AnyIP route */
      readonly type?: 'local' | undefined
    }
  /** `net.ipv4.conf.eth0.forwarding` */
  | { readonly kind: 'sysctl'; readonly name: string; readonly value: string }

export interface LinkState {
  readonly name: string
  readonly index: number
  /** in CIDR notation, IPv4 only */
  readonly addresses: readonly string[]
}

export interface RouteState {
  /** CIDR, or `default` */
  readonly to: string
  readonly link: string
  readonly via?: string | undefined
  readonly source?: string | undefined
  readonly type: 'unicast' | 'local'
}

export interface Links {
  /** Makes the changes in order. Rejects with HostError at the first that fails; what already is so is no failure. */
  apply(operations: readonly LinkOperation[], network?: NetworkNamespace): Promise<void>
  list(network?: NetworkNamespace): Promise<readonly LinkState[]>
  /** IPv4 routes of the main table. */
  routes(network?: NetworkNamespace): Promise<readonly RouteState[]>
  /** What `/proc/sys` says of e.g. `net.ipv4.conf.eth0.forwarding`. */
  sysctl(name: string, network?: NetworkNamespace): Promise<string>
  /** The address that packets to the outside carry: source of the default route; undefined without one. */
  defaultSource(network?: NetworkNamespace): Promise<string | undefined>
}

export interface SocketAddress {
  readonly network?: NetworkNamespace | undefined
  /** '0.0.0.0' is every address of that namespace */
  readonly address: string
  /** 0: any free port */
  readonly port: number
}

/**
 * Sockets in any namespace. On a host where ports below 1024 are refused, a 127/8 address with such a port is
 * bound and dialled at port + 20000 instead, on both sides, so that components need not know.
 */
export interface Sockets {
  /** Starts `server` (net, http, https, tls) listening; resolves with the port really bound. HostError PORT_IN_USE, NOT_PRIVILEGED. */
  listen(server: Server, where: SocketAddress): Promise<number>
  /** A bound UDP socket. */
  bindUdp(where: SocketAddress): Promise<UdpSocket>
  /** Starts a TCP connection; wait for 'connect' or 'error' on what is returned. */
  connect(to: SocketAddress & { readonly localAddress?: string | undefined }): Socket
}

export interface TerminalSize {
  readonly width: number
  readonly height: number
}

export interface BindMount {
  readonly source: string
  readonly target: string
  readonly readOnly: boolean
}

export interface ProcessSpec {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd?: string | undefined
  /** seen by this process and its children only */
  readonly mounts?: readonly BindMount[] | undefined
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  /** give it a terminal of this size instead of pipes; stdout and stderr are then one */
  readonly terminal?: TerminalSize | undefined
  readonly stdin?: boolean | undefined
}

export type ExitStatus =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string; readonly number: number }

export interface RunningProcess {
  /** in the host's PID namespace */
  readonly pid: number
  readonly stdin: Writable | undefined
  readonly stdout: Readable
  /** undefined with a terminal */
  readonly stderr: Readable | undefined
  readonly exited: Promise<ExitStatus>
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT' | 'SIGHUP' | 'SIGQUIT' | 'SIGUSR1' | 'SIGUSR2'): void
  resize(size: TerminalSize): void
}

export interface SandboxOptions {
  /** absent: processes share the host's network (hostNetwork pods, the loopback network) */
  readonly network?: NetworkNamespace | undefined
  readonly hostname: string
  /**
   * true: own UTS, IPC, mount and PID namespaces. false (no privileges): processes are plain children; mounts
   * are refused.
   */
  readonly isolated: boolean
}

/** The namespaces a pod's processes share. Whatever runs in it dies with it, and with portolan. */
export interface Sandbox extends AsyncDisposable {
  readonly network: NetworkNamespace | undefined
  /** Rejects with HostError (`isNotFound` when the program does not exist). */
  spawn(spec: ProcessSpec): Promise<RunningProcess>
}

export interface Sandboxes {
  /** Cheap: namespaces other than the network are made when the first process starts. */
  create(options: SandboxOptions): Sandbox
}

/**
 * A trace left in the namespace portolan was started in (nothing else survives a crash). Recorded before it is
 * made, so that the next start can remove it.
 */
export type HostChange =
  | { readonly kind: 'link'; readonly name: string }
  | { readonly kind: 'address'; readonly link: string; readonly address: string }
  | {
      readonly kind: 'route'
      readonly to: string
      readonly link: string
      readonly type?: 'local' | undefined
    }
  | { readonly kind: 'sysctl'; readonly name: string; readonly before: string }
  /** mount over a file, as /etc/resolv.conf; undone only while the file begins with `firstLine` */
  | { readonly kind: 'mount'; readonly target: string; readonly firstLine: string }
  | { readonly kind: 'nft-table'; readonly family: string; readonly name: string }
  /** a rule of ours in a chain that is not; `rule` as iptables takes it after the chain's name */
  | {
      readonly kind: 'iptables-rule'
      readonly table: string
      readonly chain: string
      readonly rule: readonly string[]
    }
  /** kube-proxy's chains; `tablesBefore`: the `ip` tables that existed (`nat`, `filter`, `mangle`) */
  | { readonly kind: 'kube-proxy-chains'; readonly tablesBefore: readonly string[] }

export interface Ledger {
  /** Durable when it resolves. Recording the same change twice is one record (the first stays). */
  record(change: HostChange): Promise<void>
  /** The change was undone by its maker. */
  forget(change: HostChange): Promise<void>
  /** Everything not yet forgotten, oldest first. */
  entries(): readonly HostChange[]
}
