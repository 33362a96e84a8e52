/** Slices of a machine in memory, for tests of what uses them. Pure. */

import { HostError } from '../errors.ts'
import type {
  CommandOptions,
  Commands,
  Host,
  HostChange,
  Ledger,
  LogFields,
  Logger,
  Random,
} from '../host.ts'
import { FakeClock } from './fake-clock.ts'
import { fakeLinks } from './fake-links.ts'
import type { FakeLinks } from './fake-links.ts'

export interface RanCommand {
  readonly argv: readonly string[]
  readonly stdin: string | undefined
  /** id of the network namespace */
  readonly network: string | undefined
}

/** @returns what the program prints; undefined: there is no such program. May throw what the program's failure is */
export type CommandAnswer = (
  argv: readonly string[],
  options: CommandOptions,
) => string | { readonly stdout: string; readonly stderr: string } | undefined

export interface RecordedCommands extends Commands {
  /** all that ran, oldest first */
  readonly ran: readonly RanCommand[]
}

/** @param answer default: every program succeeds and prints nothing */
export function recordedCommands(answer: CommandAnswer = () => ''): RecordedCommands {
  const ran: RanCommand[] = []
  return {
    ran,
    run: (argv, options = {}) =>
      Promise.try(() => {
        options.signal?.throwIfAborted()
        ran.push({ argv, stdin: options.stdin, network: options.network?.id })
        const printed = answer(argv, options)
        if (printed === undefined) {
          throw new HostError('COMMAND_NOT_FOUND', `${argv[0]}: no such program`, { argv, errno: 'ENOENT' })
        }
        return typeof printed === 'string' ? { stdout: printed, stderr: '' } : printed
      }),
  }
}

/** A program's failure, as Commands.run rejects with it. */
export function commandFailure(argv: readonly string[], exitCode: number, stderr: string): HostError {
  const message = `${argv.join(' ')}: ${stderr.trim()} (exit status ${exitCode})`
  return new HostError('COMMAND_FAILED', message, { argv, exitCode, stderr })
}

/** A ledger that forgets with the test. It compares whole changes, unlike the real one. */
export function memoryLedger(initial: readonly HostChange[] = []): Ledger {
  let entries = initial
  const same =
    (change: HostChange) =>
    (entry: HostChange): boolean =>
      JSON.stringify(entry) === JSON.stringify(change)
  return {
    record: (change) => {
      if (!entries.some(same(change))) entries = [...entries, change]
      return Promise.resolve()
    },
    forget: (change) => {
      entries = entries.filter((entry) => !same(change)(entry))
      return Promise.resolve()
    },
    entries: () => entries,
  }
}

export interface LogEntry {
  readonly level: keyof Logger
  readonly message: string
  readonly fields: LogFields | undefined
}

export interface MemoryLog extends Logger {
  readonly entries: readonly LogEntry[]
}

export function memoryLog(): MemoryLog {
  const entries: LogEntry[] = []
  const writes =
    (level: keyof Logger) =>
    (message: string, fields?: LogFields): void =>
      void entries.push({ level, message, fields })
  return {
    entries,
    debug: writes('debug'),
    info: writes('info'),
    warn: writes('warn'),
    error: writes('error'),
  }
}

/** The same numbers for the same seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join('')
  const variant = (): string => '89ab'.charAt(Math.floor(next() * 4))
  return { next, uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${variant()}${hex(3)}-${hex(12)}` }
}

export interface FakeHost extends Host {
  readonly clock: FakeClock
  readonly log: MemoryLog
  readonly commands: RecordedCommands
  readonly links: FakeLinks
}

/** A machine in memory without sockets and processes: those slices refuse, unless a test brings its own. */
export function fakeHost(own: Partial<FakeHost> = {}): FakeHost {
  const links = fakeLinks()
  const refused = (what: string): never => {
    throw new HostError('UNSUPPORTED', `the machine in memory has no ${what}`)
  }
  return {
    clock: new FakeClock(),
    random: seededRandom(1),
    log: memoryLog(),
    commands: recordedCommands(),
    links,
    namespaces: links,
    ledger: memoryLedger(),
    sockets: {
      listen: () => Promise.try(() => refused('sockets')),
      bindUdp: () => Promise.try(() => refused('sockets')),
      connect: () => refused('sockets'),
    },
    sandboxes: { create: () => refused('processes') },
    ...own,
  }
}
