/** Compiled code is kept beside the packages it is made of, and with it the next start takes little more than half the time. */

import { statSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { PACKAGE_ROOT } from './version.io.ts'

export const COMPILE_CACHE = fileURLToPath(new URL('node_modules/.cache/portolan/', PACKAGE_ROOT))

/**
 * For modules that are loaded from now on. Only the owner of the packages keeps anything there: what root left behind,
 * npm could not take away again. Where the directory cannot be written, nothing is kept and nothing lost.
 */
export function keepCompiledCode(): void {
  if (statSync(PACKAGE_ROOT).uid === process.getuid?.()) enableCompileCache(COMPILE_CACHE)
}
