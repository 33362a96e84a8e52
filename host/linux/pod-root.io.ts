/**
 * The file system a pod's processes see: the host's, with a root of its own, so that mount points the host does not
 * have (`/data`, `/etc/app/conf.d`) can be made without leaving a directory behind on the host.
 *
 * A missing mount point deeper down is made by mirroring the nearest folder that exists: an empty one in memory over
 * it, with every entry of the original bound back into place. All functions act on the calling thread's mount
 * namespace, at once, and expect it to be a private one.
 */

import {
  chownSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import type { Dirent, Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import { isNotFound } from '../errors.ts'
import type { BindMount } from '../host.ts'
import { MS_BIND, MS_MOVE, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY } from './syscalls.io.ts'
import { MS_REC, MS_REMOUNT, MS_SLAVE } from './syscalls.io.ts'
import type { Syscalls } from './syscalls.io.ts'

/** Where a folder is kept while it is being mirrored: covered only as long as that takes. */
const STAGING = '/proc'
const O_PATH = 0o10000000

/**
 * Gives the mount namespace just made a root of its own and enters it.
 *
 * @param ownSysfs mount a fresh /sys, which shows the network devices of the current network namespace
 */
export function enterPodRoot(syscalls: Syscalls, ownSysfs: boolean): void {
  syscalls.mount({ source: 'none', target: '/', flags: MS_REC | MS_SLAVE })
  const entries = readdirSync('/', { withFileTypes: true }).filter(({ name }) => name !== 'sys')
  // The new root is put together on /sys, which every host has; the old /sys stays reachable by descriptor.
  const sys = openSync('/sys', O_PATH | constants.O_DIRECTORY)
  try {
    mountTmpfs(syscalls, '/sys', statSync('/'))
    bindEntries(syscalls, { entries, from: '/', to: '/sys' })
    mkdirSync('/sys/sys')
    if (ownSysfs) mountSysfs(syscalls, { target: '/sys/sys', old: `/proc/self/fd/${sys}` })
    else syscalls.mount({ source: `/proc/self/fd/${sys}`, target: '/sys/sys', flags: MS_BIND | MS_REC })
  } finally {
    closeSync(sys)
  }
  process.chdir('/sys')
  syscalls.mount({ source: '.', target: '/', flags: MS_MOVE })
  syscalls.chroot('.')
}

function mountSysfs(syscalls: Syscalls, { target, old }: { target: string; old: string }): void {
  syscalls.mount({
    source: 'sysfs',
    target,
    type: 'sysfs',
    flags: MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
  })
  if (exists(`${old}/fs/cgroup`) && exists(`${target}/fs/cgroup`)) {
    syscalls.mount({ source: `${old}/fs/cgroup`, target: `${target}/fs/cgroup`, flags: MS_BIND | MS_REC })
  }
}

/** Binds a file or folder into the pod's file system; the mount point is made when there is none. */
export function bindIntoPod(syscalls: Syscalls, { source, target, readOnly }: BindMount): void {
  ensureTarget(syscalls, target, statSync(source).isDirectory() ? 'folder' : 'file')
  syscalls.mount({ source, target, flags: MS_BIND | MS_REC })
  if (readOnly) syscalls.mount({ source: 'none', target, flags: MS_BIND | MS_REMOUNT | MS_RDONLY })
}

/** Makes `path` exist in the pod's file system without making it on the host's. */
export function ensureTarget(syscalls: Syscalls, path: string, kind: 'folder' | 'file'): void {
  if (exists(path)) return
  const parent = nearestFolder(dirname(path))
  if (parent !== '/') mirror(syscalls, parent, path)
  mkdirSync(kind === 'folder' ? path : dirname(path), { recursive: true, mode: 0o755 })
  if (kind === 'file') writeFileSync(path, '')
}

function nearestFolder(path: string): string {
  return exists(path) ? path : nearestFolder(dirname(path))
}

/** @param missing a path below `folder`; what stands in its way (a link that leads nowhere) is left out */
function mirror(syscalls: Syscalls, folder: string, missing: string): void {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(
    ({ name }) => exists(join(folder, name)) || !isUnder(join(folder, name), missing),
  )
  syscalls.mount({ source: folder, target: STAGING, flags: MS_BIND | MS_REC })
  try {
    mountTmpfs(syscalls, folder, statSync(STAGING))
    bindEntries(syscalls, { entries, from: STAGING, to: folder })
  } finally {
    syscalls.unmount(STAGING)
  }
}

const isUnder = (folder: string, path: string): boolean => path === folder || path.startsWith(`${folder}/`)

interface Binding {
  readonly entries: readonly Dirent[]
  readonly from: string
  readonly to: string
}

function bindEntries(syscalls: Syscalls, { entries, from, to }: Binding): void {
  for (const entry of entries) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    if (entry.isSymbolicLink()) {
      symlinkSync(readlinkSync(source), target)
      continue
    }
    if (entry.isDirectory()) mkdirSync(target)
    else writeFileSync(target, '')
    try {
      syscalls.mount({ source, target, flags: MS_BIND | MS_REC })
    } catch (error) {
      if (!isNotFound(error)) throw error // gone since the folder was read
    }
  }
}

/** A folder in memory over `target`, with the mode and owner of `like`. */
function mountTmpfs(syscalls: Syscalls, target: string, like: Stats): void {
  const options = `mode=${(like.mode & 0o7777).toString(8)}`
  syscalls.mount({ source: 'portolan', target, type: 'tmpfs', flags: MS_NOSUID | MS_NODEV, options })
  try {
    chownSync(target, like.uid, like.gid)
  } catch {
    // An owner that has no number in this user namespace: it stays ours.
  }
}

/** Follows links; a link that leads nowhere does not exist. */
const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined
