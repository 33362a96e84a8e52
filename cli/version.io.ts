/** This package's place and version, read from its package.json so that there is one place for it. */

import { readFileSync } from 'node:fs'

interface Package {
  /** the folder of package.json */
  readonly root: URL
  readonly version: string
}

/** Beside the sources the file is one level up; in dist/ two. */
const candidates = ['../package.json', '../../package.json']

function readPackage(): Package {
  for (const candidate of candidates) {
    try {
      const file = new URL(candidate, import.meta.url)
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as {
        name?: string
        version?: string
      }
      if (name === 'portolan' && version) return { root: new URL('./', file), version }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  throw new Error('package.json of portolan was not found beside its sources')
}

export const { root: PACKAGE_ROOT, version: VERSION }: Package = readPackage()
