/**
 * The few C library calls Node does not offer, by foreign function interface; each throws HostError with the
 * errno's name. Everything else (open, close, read) goes through node:fs, which is synchronous on this thread too.
 *
 * koffi brings a prebuilt binary; where it cannot be loaded the machine is used without namespaces.
 */

import { getSystemErrorName } from 'node:util'
import koffi from 'koffi'
import { fromErrno, HostError } from '../errors.ts'

export const CLONE_FS = 0x00000200
export const CLONE_NEWNS = 0x00020000
export const CLONE_NEWUTS = 0x04000000
export const CLONE_NEWIPC = 0x08000000
export const CLONE_NEWPID = 0x20000000
export const CLONE_NEWNET = 0x40000000

export const MS_RDONLY = 1
export const MS_NOSUID = 2
export const MS_NODEV = 4
export const MS_NOEXEC = 8
export const MS_REMOUNT = 32
export const MS_BIND = 4096
export const MS_MOVE = 8192
export const MS_REC = 16384
export const MS_SLAVE = 1 << 19

const MNT_DETACH = 2

export const AF_INET = 2
export const AF_NETLINK = 16
export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOCK_RAW = 3
export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = 0o2000000

export interface MountCall {
  readonly source: string
  readonly target: string
  readonly type?: string
  readonly flags: number
  /** options of the file system, as `mode=755` */
  readonly options?: string
}

export interface SocketOption {
  readonly level: number
  readonly name: number
  readonly value: number
}

/** All act on the calling thread at once and throw HostError when refused. */
export interface Syscalls {
  setns(fd: number, type: number): void
  unshare(flags: number): void
  mount(call: MountCall): void
  /** Detaches what is mounted on `target`, even if in use. */
  unmount(target: string): void
  chroot(path: string): void
  sethostname(name: string): void
  /** @returns a descriptor, closed on exec */
  socket(family: number, type: number, protocol: number): number
  bind(fd: number, address: Buffer): void
  listen(fd: number, backlog: number): void
  setsockopt(fd: number, option: SocketOption): void
  send(fd: number, bytes: Buffer): void
  /** @returns how many bytes came; waits for a datagram unless the descriptor is non-blocking */
  recv(fd: number, into: Buffer): number
  ioctl(fd: number, request: number, argument: Buffer): void
}

/** @throws HostError UNSUPPORTED where the C library cannot be called */
export function loadSyscalls(): Syscalls {
  try {
    return bindLibrary(koffi.load(null))
  } catch (cause) {
    if (cause instanceof HostError) throw cause
    throw new HostError('UNSUPPORTED', 'cannot call the C library through koffi', { cause })
  }
}

function bindLibrary(library: ReturnType<typeof koffi.load>): Syscalls {
  const setns = library.func('int setns(int fd, int type)')
  const unshare = library.func('int unshare(int flags)')
  const mount = library.func(
    'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
  )
  const umount2 = library.func('int umount2(const char *target, int flags)')
  const chroot = library.func('int chroot(const char *path)')
  const sethostname = library.func('int sethostname(const char *name, size_t length)')
  const socket = library.func('int socket(int family, int type, int protocol)')
  const bind = library.func('int bind(int fd, void *address, unsigned int length)')
  const listen = library.func('int listen(int fd, int backlog)')
  const setsockopt = library.func(
    'int setsockopt(int fd, int level, int name, void *value, unsigned int size)',
  )
  const send = library.func('intptr_t send(int fd, void *bytes, size_t length, int flags)')
  const recv = library.func('intptr_t recv(int fd, void *bytes, size_t length, int flags)')
  const ioctl = library.func('int ioctl(int fd, unsigned long request, ...)')
  return {
    setns: (fd, type) => void checked(setns(fd, type), 'setns'),
    unshare: (flags) => void checked(unshare(flags), 'unshare'),
    mount: ({ source, target, type, flags, options }) =>
      void checked(
        mount(source, target, type ?? null, flags, options ?? null),
        `mount ${source} on ${target}`,
      ),
    unmount: (target) => void checked(umount2(target, MNT_DETACH), `umount ${target}`),
    chroot: (path) => void checked(chroot(path), `chroot ${path}`),
    sethostname: (name) => void checked(sethostname(name, Buffer.byteLength(name)), 'sethostname'),
    socket: (family, type, protocol) => checked(socket(family, type | SOCK_CLOEXEC, protocol), 'socket'),
    bind: (fd, address) => void checked(bind(fd, address, address.length), 'bind'),
    listen: (fd, backlog) => void checked(listen(fd, backlog), 'listen'),
    setsockopt: (fd, option) =>
      void checked(setsockopt(fd, option.level, option.name, int32(option.value), 4), 'setsockopt'),
    send: (fd, bytes) => void checked(send(fd, bytes, bytes.length, 0), 'send'),
    recv: (fd, into) => checked(recv(fd, into, into.length, 0), 'recv'),
    ioctl: (fd, request, argument) => void checked(ioctl(fd, request, 'void *', argument), 'ioctl'),
  }
}

function checked(result: unknown, what: string): number {
  const value = Number(result)
  if (value >= 0) return value
  throw fromErrno(getSystemErrorName(-koffi.errno()), what)
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}
