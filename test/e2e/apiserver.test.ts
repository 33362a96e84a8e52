/** `portolan apiserver`: the API server alone, as a program and from the library. */

import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { COMPILE_CACHE } from '../../cli/compile-cache.io.ts'
import { START_HOOKS } from '../../core/apiserver/answers/health.ts'
import { CONFIG_MAPS, NAMESPACES, SERVICES, startApiServer } from '../../cli/library.io.ts'
import { httpClient } from '../../core/client/http.io.ts'
import { readKubeconfig } from '../../core/client/kubeconfig.io.ts'
import { ask } from '../support/ask.io.ts'
import { noEtcd, startEtcd } from '../support/etcd.io.ts'
import { eventually, PORTOLAN } from '../support/test-host.io.ts'

const STARTED = START_HOOKS.map((hook) => `[+]poststarthook/${hook} ok\n`).join('')

interface Started {
  readonly child: ChildProcess
  readonly server: string
  readonly kubeconfig: string
}

let folder: string
const children = new Set<ChildProcess>()
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'portolan-apiserver-'))))
afterEach(async () => {
  for (const child of children) await ended(child, 'SIGKILL')
  children.clear()
  rmSync(folder, { recursive: true, force: true })
})

async function started(...args: readonly string[]): Promise<Started> {
  const child = spawn(PORTOLAN, ['apiserver', '--secure-port', '0', '-o', 'json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { child, ...(JSON.parse(line) as { server: string; kubeconfig: string }) }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal)
    await once(child, 'exit')
  }
  return child.exitCode
}

const refused = (...args: readonly string[]): Promise<{ code: number; stderr: string }> =>
  new Promise((resolve) => {
    execFile(PORTOLAN, ['apiserver', ...args], (error, _stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stderr })
    })
  })

describe('portolan apiserver', () => {
  it('serves a cluster as it is born, and leaves nothing behind', async () => {
    const { child, kubeconfig } = await started()
    using client = httpClient(await readKubeconfig(kubeconfig))
    const { items } = await client.list(NAMESPACES)
    expect(items.map(({ metadata }) => metadata.name)).toEqual([
      'default',
      'kube-node-lease',
      'kube-public',
      'kube-system',
    ])
    const service = await client.get(SERVICES, { namespace: 'default', name: 'kubernetes' })
    expect(service.spec.clusterIP).toBe('10.96.0.1')
    expect(statSync(kubeconfig).mode & 0o777).toBe(0o600)
    expect(await ended(child, 'SIGTERM')).toBe(0)
    expect(existsSync(kubeconfig)).toBe(false)
  })

  it('keeps compiled code for its next start', async () => {
    const { child } = await started()
    expect(await ended(child, 'SIGTERM')).toBe(0)
    expect(readdirSync(COMPILE_CACHE).length).toBeGreaterThan(0)
  })

  it('keeps objects and keys in its data dir, also over kill -9', async () => {
    const kubeconfig = join(folder, 'admin.yaml')
    const args = ['--data-dir', join(folder, 'data'), '--kubeconfig', kubeconfig]
    const first = await started(...args)
    const name = { namespace: 'default', name: 'kept' }
    {
      using client = httpClient(await readKubeconfig(kubeconfig))
      await client.create(CONFIG_MAPS, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: name,
        data: { a: '1' },
      })
    }
    await ended(first.child, 'SIGKILL')
    await started(...args)
    using client = httpClient(await readKubeconfig(kubeconfig))
    expect(await client.get(CONFIG_MAPS, name)).toMatchObject({ data: { a: '1' } })
  })

  it('says every fault of its flags in a sentence', async () => {
    const args = ['--service-cluster-ip-range', '10.0.0.0/33', '--bind-address', 'here']
    const more = ['--service-node-port-range', '9-1', '--authorization-mode', 'RBAC,Webhook,rbac']
    const { code, stderr } = await refused(...args, ...more)
    expect(code).toBe(2)
    expect(stderr.trim().split('\n')).toEqual([
      'portolan: --service-cluster-ip-range: "10.0.0.0/33" is not a CIDR',
      'portolan: --bind-address: "here" is not an IP address',
      'portolan: --service-node-port-range: "9-1" is not a range of ports',
      'portolan: --authorization-mode: authorization-mode "Webhook" is not supported here',
      'portolan: --authorization-mode: authorization-mode "rbac" is not a valid mode',
    ])
  })

  it('names the port that is taken', async () => {
    const { server } = await started()
    const { port } = new URL(server)
    const { code, stderr } = await refused('--secure-port', port)
    expect(code).toBe(3)
    expect(stderr).toContain(`portolan: port ${port} on 127.0.0.1 is taken`)
  })
})

describe('portolan apiserver on an etcd that speaks TLS', () => {
  const test = it.skipIf(noEtcd !== undefined)
  if (noEtcd !== undefined) it.skip(noEtcd, () => undefined)

  test('says in its health checks that etcd is away, and goes on when it is back', async () => {
    await using etcd = await startEtcd({ isSecure: true })
    const { ca = '', certificate = '', key = '' } = etcd.files ?? {}
    const tls = ['--etcd-cafile', ca, '--etcd-certfile', certificate, '--etcd-keyfile', key]
    const { kubeconfig } = await started('--etcd-servers', etcd.url, ...tls)
    const config = await readKubeconfig(kubeconfig)
    using client = httpClient(config)
    const { caCertificate = '', clientCertificate = '', clientKey = '' } = config
    const api = {
      server: { port: Number(new URL(config.server).port) },
      pki: { caCertificate, admin: { certificate: clientCertificate, key: clientKey } },
    }
    const health = async (path: string): Promise<string> => {
      const { code, text } = await ask(api, path)
      return `${code} ${text}`
    }
    const map = (name: string) =>
      ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name } }) as const
    await client.create(CONFIG_MAPS, map('before'))
    expect(await health('/readyz?verbose')).toBe(
      `200 [+]ping ok\n[+]etcd ok\n[+]etcd-readiness ok\n${STARTED}readyz check passed\n`,
    )

    await etcd.kill()
    expect(await health('/readyz')).toBe(
      `500 [+]ping ok\n[-]etcd failed: reason withheld\n[-]etcd-readiness failed: reason withheld\n${STARTED}readyz check failed\n`,
    )
    expect(await health('/livez')).toBe(
      `500 [+]ping ok\n[-]etcd failed: reason withheld\n${STARTED}livez check failed\n`,
    )
    expect(await health('/livez?exclude=etcd')).toBe('200 ok')
    expect(await health('/healthz/etcd')).toBe('500 internal server error: reason withheld\n')
    await expect(client.create(CONFIG_MAPS, map('while'))).rejects.toThrow('Unavailable')

    await etcd.start()
    await eventually('etcd', async () => ((await health('/readyz')) === '200 ok' ? true : undefined))
    await client.create(CONFIG_MAPS, map('after'))
    const names = (await client.list(CONFIG_MAPS, { namespace: 'default' })).items.map(
      ({ metadata }) => metadata.name,
    )
    expect(names).toEqual(expect.arrayContaining(['before', 'after']))
  }, 60_000)

  test('refuses an etcd that another authority vouches for', async () => {
    await using etcd = await startEtcd({ isSecure: true })
    await using other = await startEtcd({ isSecure: true })
    const { certificate = '', key = '' } = etcd.files ?? {}
    const tls = [
      '--etcd-cafile',
      other.files?.ca ?? '',
      '--etcd-certfile',
      certificate,
      '--etcd-keyfile',
      key,
    ]
    const { code, stderr } = await refused('--etcd-servers', etcd.url, ...tls)
    expect(code).toBe(3)
    expect(stderr).toMatch(/^portolan: etcd \(https:.*\) cannot be used: .*certificate/)
  }, 60_000)
})

describe('startApiServer()', () => {
  it('runs in this process, with ranges of its own', async () => {
    await using api = await startApiServer({ serviceClusterIPRange: '172.30.0.0/16' })
    const { spec } = await api.client.get(SERVICES, { namespace: 'default', name: 'kubernetes' })
    expect(spec.clusterIP).toBe('172.30.0.1')
    expect(readFileSync(api.kubeconfig, 'utf8')).toContain(api.server)
  })

  it('refuses what the flags refuse', async () => {
    await expect(startApiServer({ serviceClusterIPRange: '10.0.0.0/24,10.1.0.0/24' })).rejects.toThrow(
      '--service-cluster-ip-range: two CIDRs must be of different families',
    )
  })
})
