/**
 * The file that remembers what portolan left in the host's namespace, so that a start after a crash can remove it.
 *
 * A few lines of JSON, rewritten whole for each change: written beside, flushed, renamed. After a reboot of the
 * machine nothing of it can exist any more, so a file of an earlier boot counts as empty. Format, one object a line:
 *
 *   {"boot":"6d3f…"}
 *   {"kind":"link","name":"ptl-node"}
 */

import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HostError } from '../errors.ts'
import type { HostChange, Ledger } from '../host.ts'
import { ledgerEntries, ledgerText, withChange, withoutChange } from './ledger-text.ts'

/** @param file made with its folder when first needed, readable by its owner only */
export async function openLedger(file: string): Promise<Ledger> {
  const boot = await bootId()
  let entries = ledgerEntries(await textOf(file), boot)
  let written: Promise<void> = Promise.resolve()
  const change = (next: readonly HostChange[]): Promise<void> => {
    if (next === entries) return written
    entries = next
    // Writes follow one another; each writes all that is known by then. A failed one does not stop the next.
    written = written.then(
      () => write(file, ledgerText(entries, boot)),
      () => write(file, ledgerText(entries, boot)),
    )
    return written
  }
  return {
    record: (added) => change(withChange(entries, added)),
    forget: (removed) => change(withoutChange(entries, removed)),
    entries: () => entries,
  }
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return ''
    throw new HostError('IO', `cannot read ${file}`, { cause })
  }
}

async function write(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const beside = `${file}.new`
    await using handle = await open(beside, 'w', 0o600)
    await handle.writeFile(text)
    await handle.sync()
    await rename(beside, file)
    await using folder = await open(dirname(file), 'r')
    await folder.sync()
  } catch (cause) {
    throw new HostError('IO', `cannot write ${file}`, { cause })
  }
}
