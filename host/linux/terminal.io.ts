/** Pseudo-terminals: the end a process gets, and the end portolan reads, writes and resizes. */

import { closeSync, constants, openSync } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import { ReadStream } from 'node:tty'
import type { TerminalSize } from '../host.ts'
import type { Syscalls } from './syscalls.io.ts'

const TIOCSPTLCK = 0x40045431
const TIOCGPTN = 0x80045430
const TIOCSWINSZ = 0x5414

export interface Terminal {
  /** for the process's stdin, stdout and stderr; close it after the spawn */
  readonly processFd: number
  /** Takes over portolan's end. */
  open(): TerminalStreams
  resize(size: TerminalSize): void
  /** Gives up a terminal that was never opened. */
  abandon(): void
}

export interface TerminalStreams {
  /** ends when the last process has closed the terminal */
  readonly output: Readable
  readonly input: Writable
}

export function openTerminal(syscalls: Syscalls, size: TerminalSize): Terminal {
  const flags = constants.O_RDWR | constants.O_NOCTTY
  const ownFd = openSync('/dev/ptmx', flags)
  syscalls.ioctl(ownFd, TIOCSPTLCK, Buffer.alloc(4))
  const number = Buffer.alloc(4)
  syscalls.ioctl(ownFd, TIOCGPTN, number)
  const resize = ({ width, height }: TerminalSize): void => {
    const window = Buffer.alloc(8)
    window.writeUInt16LE(height, 0)
    window.writeUInt16LE(width, 2)
    syscalls.ioctl(ownFd, TIOCSWINSZ, window)
  }
  resize(size)
  const processFd = openSync(`/dev/pts/${number.readUInt32LE(0)}`, flags)
  let own: ReadStream | undefined
  return {
    processFd,
    open: () => {
      own = new ReadStream(ownFd)
      return terminalStreams(own)
    },
    resize: (next) => {
      // From destroy() on the descriptor is closed, or already another file's; 'close' comes later.
      if (!own?.destroyed) resize(next)
    },
    abandon: () => {
      closeSync(processFd)
      closeSync(ownFd)
    },
  }
}

/** The kernel reports the end of a terminal as EIO: for the reader that is its end. */
function terminalStreams(own: ReadStream): TerminalStreams {
  const output = new Readable({ read: () => void own.resume() })
  own.on('data', (chunk: Buffer) => {
    if (!output.push(chunk)) own.pause()
  })
  const end = (): void => {
    own.destroy()
    if (!output.readableEnded) output.push(null)
  }
  own.on('error', end)
  own.once('end', end)
  const input = new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      if (own.destroyed) callback()
      else own.write(chunk, () => callback())
    },
  })
  return { output, input }
}
