/** Bad input gets one clear sentence with file, line or field, the right exit code, and changes nothing. */

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { portolanUp } from '../support/portolan.io.ts'
import type { Outcome, TestHost } from '../support/test-host.io.ts'
import { noTestHost, PORTOLAN, testHost } from '../support/test-host.io.ts'

const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec:\n'

describe.skipIf(noTestHost)(`bad input${noTestHost ? ` (skipped: ${noTestHost})` : ''}`, () => {
  let host: TestHost
  beforeAll(async () => {
    host = await testHost()
  })
  afterAll(async () => await host[Symbol.asyncDispose]())

  const up = async (...args: string[]): Promise<Outcome> =>
    await host.run([
      PORTOLAN,
      'up',
      '--network',
      'loopback',
      '--data-dir',
      join(host.folder, 'data'),
      ...args,
    ])
  const file = (name: string, text: string): string => {
    const path = join(host.folder, name)
    writeFileSync(path, text)
    return path
  }

  const REFUSED: readonly (readonly [string, string, RegExp])[] = [
    ['broken YAML', 'apiVersion: v1\nkind: [\nmetadata: {}\n', /broken-0\.yaml:\d+: /],
    [
      'a repeated key',
      'apiVersion: v1\napiVersion: v2\nkind: Pod\n',
      /broken-1\.yaml:2: Map keys must be unique/,
    ],
    [
      'an unknown kind',
      'apiVersion: v1\nkind: Podd\nmetadata: { name: x }\n',
      /broken-2\.yaml:1: no matches for kind "Podd" in version "v1"/,
    ],
    [
      'an unknown version',
      'apiVersion: apps/v9\nkind: Deployment\nmetadata: { name: x }\n',
      /no matches for kind "Deployment" in version "apps\/v9"/,
    ],
    ['no kind', '---\n---\napiVersion: v1\n', /broken-4\.yaml:3: kind: Required value/],
    ['no name', 'apiVersion: v1\nkind: ConfigMap\n', /metadata\.name: Required value/],
    [
      'an invalid port',
      `${SERVICE}  ports: [{ port: 0 }]\n`,
      /broken-6\.yaml:1: Service "web" is invalid: \[?spec\.ports\[0\]\.port: Invalid value: 0: must be between 1 and 65535, inclusive/,
    ],
    ['no ports', `${SERVICE}  selector: { a: b }\n`, /spec\.ports: Required value/],
    [
      'an address out of range',
      `${SERVICE}  clusterIP: 192.0.2.1\n  ports: [{ port: 80 }]\n`,
      /is not in the valid range/,
    ],
    [
      'a node port out of range',
      `${SERVICE}  type: NodePort\n  ports: [{ port: 80, nodePort: 80 }]\n`,
      /spec\.ports\[0\]\.nodePort: Invalid value: 80: provided port is not in the valid range/,
    ],
    [
      'a wrong type',
      `${SERVICE}  ports: [{ port: "80" }]\n`,
      /cannot unmarshal string into Go struct field \S*spec\.ports\.port of type int32/,
    ],
    [
      'a missing namespace',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x, namespace: nowhere }\n',
      /namespaces "nowhere" not found/,
    ],
  ]
  it.each(REFUSED)('refuses %s', async (name, text, message) => {
    const index = REFUSED.findIndex(([one]) => one === name)
    const outcome = await up('-f', file(`broken-${index}.yaml`, text))
    expect(outcome.stderr).toMatch(message)
    expect(outcome.code).toBe(1)
  })

  it('applies nothing when one of several objects is bad', async () => {
    const good = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: good }\n---\n'
    const outcome = await up('-f', file('mixed.yaml', `${good}${SERVICE}  ports: [{ port: 0 }]\n`))
    expect(outcome.code).toBe(1)
    const running = await portolanUp(host, { args: ['--network', 'loopback'] })
    const found = await running.kubectl('get', 'configmap', 'good')
    expect(found.stderr).toContain('not found')
    expect(await running.stop()).toBe(0)
  })

  it.each([
    ['a missing file', ['-f', '/no/such/file.yaml'], /the path "\/no\/such\/file.yaml" does not exist/, 1],
    ['an unknown flag', ['--no-such-flag'], /unknown option '--no-such-flag'/, 2],
    ['a wrong choice', ['--network', 'moon'], /Allowed choices are auto, host, isolated, loopback/, 2],
    ['a bad port', ['--port', 'high'], /must be a port number from 0 to 65535/, 2],
    ['modes that do not go together', ['--proxy-mode', 'iptables'], /loopback has userspace only/, 2],
  ] as const)('refuses %s', async (_name, args, message, code) => {
    const outcome = await up(...args)
    expect(outcome.stderr).toMatch(message)
    expect(outcome.code).toBe(code)
  })

  it('says which port is taken', async () => {
    // The listener must be on the test host's own loopback.
    const holder = host.start([
      'python3',
      '-c',
      'import socket,time;s=socket.create_server(("127.0.0.1",6443));print("on",flush=True);time.sleep(60)',
    ])
    await new Promise((ready) => holder.stdout?.once('data', ready))
    const outcome = await up()
    expect(outcome.stderr).toContain("the API server's port 6443 on 127.0.0.1 is taken")
    expect(outcome.stderr).toContain('--port')
    expect(outcome.code).toBe(3)
    holder.kill('SIGKILL')
  })

  it('says when the data dir cannot be written', async () => {
    const path = file('a-file', '')
    const outcome = await host.run([
      PORTOLAN,
      'up',
      '--network',
      'loopback',
      '--data-dir',
      join(path, 'below'),
    ])
    expect(outcome.stderr).toMatch(/the data dir .* cannot be written/)
    expect(outcome.code).toBe(3)
  })

  it('says when it lacks permission for a network', async () => {
    const home = join(host.folder, 'nobody')
    mkdirSync(home)
    chmodSync(home, 0o777)
    chmodSync(host.folder, 0o755)
    const outcome = await host.run([
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      PORTOLAN,
      'up',
      '--network',
      'host',
      '--data-dir',
      join(home, 'data'),
    ])
    expect(outcome.stderr).toMatch(/the host network .* cannot be had here/)
    expect(outcome.code).toBe(3)
  })

  it('has --help everywhere', async () => {
    for (const command of [[], ['up'], ['down'], ['status'], ['rules'], ['doctor'], ['env']]) {
      const outcome = await host.run([PORTOLAN, ...command, '--help'])
      expect(outcome.stdout, command.join(' ')).toContain('Usage: portolan')
      expect(outcome.code).toBe(0)
    }
  })

  it('says when nothing runs', async () => {
    for (const command of ['down', 'status', 'env', 'kubectl']) {
      const outcome = await host.run([PORTOLAN, command, '--data-dir', join(host.folder, 'nothing')])
      expect(outcome.stderr, command).toContain('is not running')
      expect(outcome.code, command).toBe(1)
    }
  })
})
