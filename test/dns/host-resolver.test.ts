/** The host's own programs resolve the cluster's names while it runs: a real libc, mount and port 53, in a host of the test's own. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { TestHost } from '../support/test-host.io.ts'
import { noTestHost, testHost } from '../support/test-host.io.ts'

const SCRIPT = resolve(import.meta.dirname, 'resolver-host.io.ts')
const FORMER = 'search corp.example\nnameserver 127.0.0.99\noptions timeout:1 attempts:1\n'

const IGNORE_EXIT = ['sh', '-c', '"$0" "$@" || true']

interface Seen {
  readonly when: string
  readonly resolvConf: string
  readonly cluster: string
  readonly short: string
  readonly missing: string
  readonly recorded: readonly object[]
}

async function run(host: TestHost, prefix: readonly string[] = [], ending = ''): Promise<Seen[]> {
  const { stdout, stderr } = await host.run([...prefix, process.execPath, SCRIPT, host.folder, ending])
  if (ending === '') expect(stderr).toBe('')
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Seen)
}

/** A host whose resolv.conf is a plain file of the test's, with a name server nobody is at. */
async function hostWithPlainFile(): Promise<TestHost> {
  const host = await testHost()
  mkdirSync(join(host.folder, 'etc'))
  const file = join(host.folder, 'etc/resolv.conf')
  writeFileSync(file, FORMER)
  const mounted = await host.run(['mount', '--bind', file, '/etc/resolv.conf'])
  expect(mounted).toMatchObject({ code: 0 })
  return host
}

describe.skipIf(noTestHost)(`host resolver (${noTestHost ?? 'as root'})`, () => {
  it('is there while portolan runs, and leaves no trace', async () => {
    await using host = await hostWithPlainFile()
    const [before, meanwhile, after] = await run(host)
    expect(before).toMatchObject({ cluster: 'not found', resolvConf: FORMER })
    expect(meanwhile).toMatchObject({
      when: 'bind-mount  former 127.0.0.99',
      cluster: '10.244.2.1',
      short: '10.244.2.1',
      missing: 'not found',
      recorded: [{ kind: 'mount', target: '/etc/resolv.conf' }],
    })
    expect(after).toMatchObject({ cluster: 'not found', resolvConf: FORMER, recorded: [] })
  })

  it('after a crash knows the former servers, and takes away what was left', async () => {
    await using host = await hostWithPlainFile()
    expect(await run(host, IGNORE_EXIT, 'crash')).toHaveLength(2)
    const [left, meanwhile, after] = await run(host)
    expect(left?.resolvConf).toContain('nameserver 127.0.0.10\n')
    expect(meanwhile).toMatchObject({ when: 'bind-mount  former 127.0.0.99', cluster: '10.244.2.1' })
    expect(after).toMatchObject({ resolvConf: FORMER, recorded: [] })
  })

  it('says so when it may not mount', async () => {
    await using host = await hostWithPlainFile()
    const [, meanwhile, after] = await run(host, [
      'setpriv',
      '--bounding-set=-sys_admin',
      '--inh-caps=-sys_admin',
    ])
    expect(meanwhile?.when).toMatch(/^none mount --bind \S+ \/etc\/resolv.conf: mount: /)
    expect(meanwhile).toMatchObject({ resolvConf: FORMER, recorded: [] })
    expect(after).toMatchObject({ resolvConf: FORMER })
  })
})
