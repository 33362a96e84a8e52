/**
 * Completes package-lock.json with the optional packages of other platforms. npm leaves out those that the registry at
 * hand does not serve, and then refuses its own lock file (`npm ci`: "Missing ... from lock file"). Run after `npm install`.
 *
 * What is added says for which system it is, so that npm skips it everywhere else; it is told from the package's name.
 */

import { readFileSync, writeFileSync } from 'node:fs'

interface LockedPackage {
  readonly version?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const PATH = 'package-lock.json'
const CPUS: Readonly<Record<string, string>> = {
  'arm-eabi': 'arm',
  arm: 'arm',
  arm64: 'arm64',
  x64: 'x64',
  ia32: 'ia32',
}
const SYSTEMS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'openharmony',
  'win32',
  'netbsd',
  'openbsd',
  'wasm32',
]

/** `@oxfmt/binding-linux-arm64-musl` is for linux, arm64, musl. */
function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } {
  const last = name.slice(name.lastIndexOf('/') + 1).replace(/^binding-/, '')
  const system = SYSTEMS.find((one) => last.startsWith(one)) ?? 'unknown'
  const rest = last.slice(system.length + 1)
  const [cpu = ''] = rest.split('-')
  const libc =
    rest.endsWith('musl') || rest.endsWith('musleabihf')
      ? { libc: ['musl'] }
      : rest.endsWith('gnu')
        ? { libc: ['glibc'] }
        : {}
  return { os: [system === 'wasm32' ? 'wasi' : system], cpu: [CPUS[cpu] ?? cpu], ...libc }
}

const lock = JSON.parse(readFileSync(PATH, 'utf8')) as { packages: Record<string, LockedPackage> }
const missing = Object.values(lock.packages)
  .flatMap(({ optionalDependencies = {} }) => Object.entries(optionalDependencies))
  .filter(([name]) => lock.packages[`node_modules/${name}`] === undefined)
for (const [name, version] of missing) {
  Object.assign(lock.packages, {
    [`node_modules/${name}`]: { version, ...platformOf(name), dev: true, optional: true },
  })
}
const sorted = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(PATH, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`)
console.log(`added ${missing.length} packages of other platforms`)
