/** This package's version, read from its package.json so that there is one place for it. */

import { readFileSync } from 'node:fs'

/** Beside the sources the file is one level up; in dist/ two. */
const candidates = ['../package.json', '../../package.json']

function readVersion(): string {
  for (const candidate of candidates) {
    try {
      const value = JSON.parse(readFileSync(new URL(candidate, import.meta.url), 'utf8')) as {
        name?: string
        version?: string
      }
      if (value.name === 'portolan' && value.version) return value.version
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  throw new Error('package.json of portolan was not found beside its sources')
}

export const VERSION: string = readVersion()
