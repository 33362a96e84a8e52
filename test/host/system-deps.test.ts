/** scripts/system-deps, with an apt-get and an id of the test's own: nothing is installed. */

import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, it } from 'vitest'

const SCRIPT = resolve(import.meta.dirname, '../../scripts/system-deps')
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

const RUNTIME = ['ip', 'iptables-restore', 'nft', 'conntrack', 'setpriv', 'nsenter', 'wget']
const TESTS = ['kubectl', 'curl', 'dig', 'pgrep', 'openssl', 'python3', 'etcd']

interface Machine {
  readonly installed: readonly string[]
  readonly uid?: number
  /** body of the apt-get script; absent: there is none */
  readonly apt?: string
}

interface Outcome {
  readonly code: number
  readonly printed: string
  /** what apt-get was asked for, one call a line */
  readonly asked: string
}

function run(machine: Machine, ...args: readonly string[]): Promise<Outcome> {
  const bin = mkdtempSync(join(tmpdir(), 'portolan-deps-'))
  folders.push(bin)
  const program = (name: string, body: string): void =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  for (const name of machine.installed) program(name, '')
  program('id', `echo ${machine.uid ?? 0}`)
  if (machine.apt !== undefined) program('apt-get', `echo "$*" >>'${bin}/asked'; ${machine.apt}`)
  for (const tool of ['mktemp', 'rm', 'tail']) symlinkSync(`/usr/bin/${tool}`, join(bin, tool))
  return new Promise((done) => {
    execFile('/bin/sh', [SCRIPT, ...args], { env: { PATH: bin } }, (error, stdout, stderr) => {
      const asked = join(bin, 'asked')
      const code = typeof error?.code === 'number' ? error.code : 0
      done({ code, printed: stdout + stderr, asked: existsSync(asked) ? readFileSync(asked, 'utf8') : '' })
    })
  })
}

it('does and says nothing when everything is there', async () => {
  const everything = [...RUNTIME, ...TESTS]
  expect(await run({ installed: everything, apt: '' })).toEqual({ code: 0, printed: '', asked: '' })
  expect(await run({ installed: everything, apt: '' }, '--test')).toEqual({ code: 0, printed: '', asked: '' })
})

it('installs only what is missing, and never replaces a kubectl', async () => {
  const { code, asked } = await run({ installed: [...RUNTIME, 'kubectl'], apt: '' }, '--test')
  expect(code).toBe(0)
  expect(asked).toBe(
    'install --yes --quiet --no-install-recommends curl dnsutils procps openssl python3 etcd-server\n',
  )
})

it('fetches the package lists only when installing fails without', async () => {
  const apt = `[ "$1" = update ] && : >"$0.updated"; [ -e "$0.updated" ]`
  const { code, asked } = await run({ installed: [...RUNTIME, 'kubectl', 'curl', 'dig'], apt }, '--test')
  expect(code).toBe(0)
  expect(asked.split('\n').map((line) => line.split(' ')[0])).toEqual(['install', 'update', 'install', ''])
})

it('says what failed when apt-get does', async () => {
  const { code, printed } = await run({ installed: RUNTIME, apt: 'echo no network; exit 100' }, '--test')
  expect(code).toBe(1)
  expect(printed).toContain('no network')
  expect(printed).toMatch(
    /apt-get could not install: kubernetes-client curl dnsutils procps openssl python3 etcd-server\n$/,
  )
})

it('says what would be needed where it may not install', async () => {
  const { code, printed, asked } = await run({ installed: RUNTIME, uid: 1000, apt: '' }, '--test')
  expect(code).toBe(0)
  expect(asked).toBe('')
  expect(printed).toContain(
    'sudo apt-get install kubernetes-client curl dnsutils procps openssl python3 etcd-server',
  )
})

it('says so where there is no apt-get', async () => {
  expect(await run({ installed: RUNTIME }, '--test')).toMatchObject({ code: 1, asked: '' })
})

it('knows only --test', async () => {
  expect(await run({ installed: [] }, '--all')).toMatchObject({ code: 2 })
})
