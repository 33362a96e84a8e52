/** The host's own programs resolve the cluster's names while it runs: a real libc, mount and port 53, in a host of the test's own. */

import { MARK } from '../../dns/resolv-conf.ts'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { noTestHost } from '../support/test-host.io.ts'

const SCRIPT = resolve(import.meta.dirname, 'resolver-host.io.ts')
/** nobody is at that address */
const FORMER = 'search corp.example\nnameserver 127.0.0.99\noptions timeout:1 attempts:1\n'

interface Seen {
  readonly when: string
  readonly resolvConf: string
  readonly cluster: string
  readonly short: string
  readonly missing: string
  readonly recorded: readonly object[]
}

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portolan-dns-'))
  writeFileSync(join(folder, 'host-resolv.conf'), FORMER)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/**
 * Runs shell lines in fresh network and mount namespaces, gone when they end, whose resolv.conf is a plain file of the
 * test's. `$RUN` is the program under test.
 */
async function onHost(script: string): Promise<Seen[]> {
  const setUp =
    'ip link set lo up && mount --make-rprivate / && mount --bind "$1/host-resolv.conf" /etc/resolv.conf'
  const { stdout } = await promisify(execFile)(
    'unshare',
    ['--net', '--mount', 'sh', '-ec', `${setUp}\n${script}`, 'sh', folder],
    {
      env: { ...process.env, RUN: `${process.execPath} ${SCRIPT} ${folder}` },
      timeout: 25_000,
      killSignal: 'SIGKILL',
    },
  )
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Seen)
}

describe.skipIf(noTestHost)(`host resolver (${noTestHost ?? 'as root'})`, () => {
  it('is there while portolan runs, and leaves no trace', async () => {
    const [before, meanwhile, after] = await onHost('$RUN')
    expect(before).toMatchObject({ cluster: 'not found', resolvConf: FORMER })
    expect(meanwhile).toMatchObject({
      when: 'bind-mount  former 127.0.0.99',
      cluster: '10.244.2.1',
      short: '10.244.2.1',
      missing: 'not found',
      recorded: [{ kind: 'mount', target: '/etc/resolv.conf', firstLine: MARK }],
    })
    expect(after).toMatchObject({ cluster: 'not found', resolvConf: FORMER, recorded: [] })
  })

  it('after a crash knows the former servers, and takes away what was left', async () => {
    const seen = await onHost('$RUN crash 2> /dev/null || true\n$RUN')
    const [, , left, meanwhile, after] = seen
    expect(seen).toHaveLength(5)
    expect(left?.resolvConf).toContain('nameserver 127.0.0.10\n')
    expect(meanwhile).toMatchObject({ when: 'bind-mount  former 127.0.0.99', cluster: '10.244.2.1' })
    expect(after).toMatchObject({ resolvConf: FORMER, recorded: [] })
  })

  it('says so when it may not mount', async () => {
    const [, meanwhile, after] = await onHost('setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin $RUN')
    expect(meanwhile?.when).toMatch(/^none mount --bind \S+ \/etc\/resolv.conf: mount: /)
    expect(meanwhile).toMatchObject({ resolvConf: FORMER, recorded: [] })
    expect(after).toMatchObject({ resolvConf: FORMER })
  })
})
