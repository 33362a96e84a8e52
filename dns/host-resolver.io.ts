/**
 * Makes the host's own programs resolve the cluster's names, and undoes it.
 *
 * With systemd-resolved: split DNS on a link of portolan's, gone with the link. Otherwise a generated file is bind
 * mounted over /etc/resolv.conf: no byte of the host's file is touched, and the ledger's record lets the next start
 * unmount it after a crash. Where neither can be had, the outcome says why; that is no error.
 */

import { access, chmod, mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HostError } from '../host/errors.ts'
import type { Commands, HostChange, Ledger, Logger } from '../host/host.ts'
import { planHostResolver, resolvedCommands, revertCommands } from './host-resolver-plan.ts'
import type { HostResolverPlan } from './host-resolver-plan.ts'
import { formerNameservers, hostResolvConf, isOurs, MARK, parseResolvConf } from './resolv-conf.ts'

export interface HostResolverOptions {
  readonly commands: Commands
  readonly ledger: Ledger
  readonly log: Logger
  /** where our server is asked from the host: a loopback address of its own is best */
  readonly nameserver: { readonly address: string; readonly port: number }
  readonly clusterDomain: string
  /** domains to try after a short name, besides the host's own */
  readonly search?: readonly string[] | undefined
  /** a link of portolan's own, for systemd-resolved */
  readonly link?: string | undefined
  /** the cluster's address ranges, for reverse names; in CIDR notation */
  readonly ranges?: readonly string[] | undefined
  /** where to write the file that is mounted */
  readonly file: string
}

/** Disposing it leaves the host as it was. */
export interface HostResolver extends AsyncDisposable {
  readonly method: HostResolverPlan['method']
  /** with `none`: one clause that says why */
  readonly reason: string
}

const RESOLV_CONF = '/etc/resolv.conf'
const RESOLVED_STUBS: ReadonlySet<string> = new Set(['127.0.0.53', '127.0.0.54'])
/** the servers behind systemd-resolved's stub */
const RESOLVED_UPSTREAMS = '/run/systemd/resolve/resolv.conf'
const RESOLVED_STUB_FILE = '/run/systemd/resolve/stub-resolv.conf'

/** The servers the host asks without us: to be read before the host is changed, and to forward to. */
export async function hostNameservers(): Promise<readonly string[]> {
  const nameservers = formerNameservers((await textOf(RESOLV_CONF)) ?? '')
  if (!nameservers.some((address) => RESOLVED_STUBS.has(address))) return nameservers
  // The stub would do, but may ask us again; what it asks is better.
  const behind = await textOf(RESOLVED_UPSTREAMS)
  return behind === undefined ? nameservers : parseResolvConf(behind).nameservers
}

export async function hostResolver(options: HostResolverOptions): Promise<HostResolver> {
  const plan = planHostResolver({
    hasResolved: await usesResolved(),
    link: options.link,
    resolvConf: await realpath(RESOLV_CONF).catch(() => undefined),
    nameserver: options.nameserver,
  })
  try {
    switch (plan.method) {
      case 'none':
        return nothingDone(plan.reason)
      case 'systemd-resolved':
        return await throughResolved(plan.link, options)
      case 'bind-mount':
        return await throughMount(plan.target, options)
    }
  } catch (error) {
    if (!(error instanceof HostError)) throw error
    options.log.debug('host resolver left alone', { err: error })
    return nothingDone(error.message)
  }
}

const nothingDone = (reason: string): HostResolver => ({
  method: 'none',
  reason,
  [Symbol.asyncDispose]: () => Promise.resolve(),
})

/** Running, and either libc's stub server or nss-resolve is in use. */
async function usesResolved(): Promise<boolean> {
  if (!(await exists(RESOLVED_STUB_FILE))) return false
  const nameservers = parseResolvConf((await textOf(RESOLV_CONF)) ?? '').nameservers
  if (nameservers.some((address) => RESOLVED_STUBS.has(address))) return true
  return /^hosts:.*\bresolve\b/m.test((await textOf('/etc/nsswitch.conf')) ?? '')
}

async function throughResolved(link: string, options: HostResolverOptions): Promise<HostResolver> {
  const { commands, nameserver, clusterDomain, ranges = [] } = options
  const runAll = async (all: readonly (readonly string[])[]): Promise<void> => {
    for (const argv of all) await commands.run(argv)
  }
  try {
    await runAll(resolvedCommands({ link, nameserver, clusterDomain, ranges }))
  } catch (error) {
    await runAll(revertCommands(link)).catch((err: unknown) =>
      options.log.warn('cannot undo what systemd-resolved was told', { link, err }),
    )
    throw error
  }
  return {
    method: 'systemd-resolved',
    reason: '',
    // The link may be gone already, and the settings with it.
    [Symbol.asyncDispose]: () =>
      runAll(revertCommands(link)).catch((err: unknown) =>
        options.log.debug('nothing to revert in systemd-resolved', { link, err }),
      ),
  }
}

async function throughMount(target: string, options: HostResolverOptions): Promise<HostResolver> {
  const { commands, ledger, file } = options
  const change = { kind: 'mount', target, firstLine: MARK } as const
  await unmountPredecessor(change, options)
  const text = (await textOf(target)) ?? ''
  const former = { ...parseResolvConf(text), nameservers: formerNameservers(text) }
  const { address } = options.nameserver
  await write(file, hostResolvConf(former, { address, search: options.search ?? [] }))
  await ledger.record(change)
  try {
    await commands.run(['mount', '--bind', file, target])
  } catch (error) {
    await ledger.forget(change)
    throw error
  }
  return {
    method: 'bind-mount',
    reason: '',
    async [Symbol.asyncDispose]() {
      // Lazy: a program may be reading the file at this moment.
      await commands.run(['umount', '--lazy', target])
      await ledger.forget(change)
    },
  }
}

/** What a portolan that died has mounted and nobody has undone yet. */
async function unmountPredecessor(
  change: Extract<HostChange, { kind: 'mount' }>,
  { commands, ledger }: HostResolverOptions,
): Promise<void> {
  const isRecorded = ledger
    .entries()
    .some((entry) => entry.kind === 'mount' && entry.target === change.target)
  if (!isRecorded || !isOurs((await textOf(change.target)) ?? '')) return
  await commands.run(['umount', '--lazy', change.target])
  await ledger.forget(change)
}

/** @returns undefined when there is no such file */
async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (isMissing(cause)) return undefined
    throw new HostError('IO', `cannot read ${file}`, { cause })
  }
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  )
}

async function write(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
    // Every user's programs read it through the mount, whatever our umask is.
    await chmod(file, 0o644)
  } catch (cause) {
    throw new HostError('IO', `cannot write ${file}`, { cause })
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'
