/** Deployments through their life by real kubectl, in the loopback network, started by a user without privileges. */

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Outcome, TestHost } from '../support/test-host.io.ts'
import { eventually, noTestHost, PORTOLAN, testHost } from '../support/test-host.io.ts'

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: registry.example.org/web:1
          ports: [{ name: http, containerPort: 8080 }]
          readinessProbe: { httpGet: { path: /ready, port: http } }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: http }] }
`

describe.skipIf(noTestHost)(
  `workloads without privileges${noTestHost ? ` (skipped: ${noTestHost})` : ''}`,
  () => {
    let host: TestHost
    let data: string
    const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    const portolan = (...args: string[]): Promise<Outcome> =>
      host.run([...asNobody, 'env', `HOME=${host.folder}/home`, PORTOLAN, ...args], { timeoutMs: 60_000 })
    const kubectl = (...args: string[]): Promise<Outcome> =>
      host.run(['kubectl', `--kubeconfig=${data}/kubeconfig`, `--cache-dir=${host.folder}/cache`, ...args], {
        timeoutMs: 60_000,
      })
    const ok = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await kubectl(...args)
      expect(code, stderr).toBe(0)
      return stdout
    }

    beforeAll(async () => {
      host = await testHost()
      chmodSync(host.folder, 0o755)
      mkdirSync(join(host.folder, 'home'))
      chmodSync(join(host.folder, 'home'), 0o777)
      data = join(host.folder, 'home', 'data')
      writeFileSync(join(host.folder, 'web.yaml'), WEB)
      const up = await portolan('up', '--detach', '--data-dir', data, '-f', join(host.folder, 'web.yaml'))
      expect(up.stdout + up.stderr).toContain('✓ 1/1 deployments ready')
      expect(up.code).toBe(0)
    })
    afterAll(async () => {
      await portolan('down', '--data-dir', data)
      await host[Symbol.asyncDispose]()
    })

    it('chooses the loopback network by itself, and says how to reach names', async () => {
      const status = await portolan('status', '--data-dir', data)
      expect(status.stdout).toContain('network loopback · proxy userspace')
      const answer = await portolan(
        'curl',
        '--data-dir',
        data,
        '-sS',
        'http://web.default.svc.cluster.local/',
      )
      expect(answer.stdout).toContain('"container":"web"')
      const variables = JSON.parse(
        (await portolan('env', '-o', 'json', '--data-dir', data)).stdout,
      ) as Record<string, string>
      const proxied = await host.run([
        'env',
        `http_proxy=${variables['http_proxy']}`,
        'curl',
        '-sS',
        'http://web.default/',
      ])
      expect(proxied.stdout).toContain('"container":"web"')
    })

    it('scales up and down', async () => {
      await ok('scale', 'deployment/web', '--replicas=4')
      await ok('rollout', 'status', 'deployment/web', '--timeout=20s')
      expect((await ok('get', 'pods', '-l', 'app=web', '-o', 'name')).trim().split('\n')).toHaveLength(4)
      await ok('scale', 'deployment/web', '--replicas=1')
      await eventually('one pod', async () =>
        (await ok('get', 'pods', '-l', 'app=web', '-o', 'name')).trim().split('\n').length === 1
          ? true
          : undefined,
      )
    })

    it('rolls out a new template and keeps the old ReplicaSet for history', async () => {
      await ok('set', 'image', 'deployment/web', 'web=registry.example.org/web:2')
      expect(await ok('rollout', 'status', 'deployment/web', '--timeout=20s')).toContain(
        'successfully rolled out',
      )
      const images = await ok(
        'get',
        'pods',
        '-l',
        'app=web',
        '-o',
        'jsonpath={.items[*].spec.containers[0].image}',
      )
      expect(images).toContain('web:2')
      expect((await ok('get', 'replicasets', '-o', 'name')).trim().split('\n')).toHaveLength(2)
      await ok('rollout', 'undo', 'deployment/web')
      await ok('rollout', 'status', 'deployment/web', '--timeout=20s')
      const [image] = (
        await ok('get', 'deployment', 'web', '-o', 'jsonpath={.spec.template.spec.containers[0].image}')
      ).split(' ')
      expect(image).toBe('registry.example.org/web:1')
      expect((await ok('get', 'replicasets', '-o', 'name')).trim().split('\n')).toHaveLength(2)
    })

    it('restarts a rollout', async () => {
      const before = await ok('get', 'pods', '-l', 'app=web', '-o', 'name')
      await ok('rollout', 'restart', 'deployment/web')
      await ok('rollout', 'status', 'deployment/web', '--timeout=20s')
      await eventually('new pods', async () =>
        (await ok('get', 'pods', '-l', 'app=web', '-o', 'name')) === before ? undefined : true,
      )
    })

    it('replaces a deleted pod', async () => {
      const before = (await ok('get', 'pods', '-l', 'app=web', '-o', 'name')).trim()
      await ok('delete', before)
      await ok('wait', '--for=condition=Available', 'deployment/web', '--timeout=20s')
      await eventually('another pod', async () => {
        const now = (await ok('get', 'pods', '-l', 'app=web', '-o', 'name')).trim()
        return now !== '' && now !== before ? true : undefined
      })
    })

    it('runs a command as a process: logs, exit code, restarts with back-off', async () => {
      await ok(
        'run',
        'once',
        '--image=busybox',
        '--restart=Never',
        '--command',
        '--',
        'sh',
        '-c',
        'echo out; echo err >&2; exit 3',
      )
      await eventually('its end', async () =>
        (await ok('get', 'pod', 'once', '-o', 'jsonpath={.status.phase}')) === 'Failed' ? true : undefined,
      )
      expect((await ok('logs', 'once')).split('\n').toSorted().join(' ').trim()).toBe('err out')
      expect(
        await ok(
          'get',
          'pod',
          'once',
          '-o',
          'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}',
        ),
      ).toBe('3')
      await ok('run', 'again', '--image=busybox', '--command', '--', 'sh', '-c', 'exit 1')
      await eventually('a back-off', async () =>
        (await ok('get', 'pod', 'again')).includes('CrashLoopBackOff') ? true : undefined,
      )
      await ok('delete', 'pod', 'once', 'again', '--wait')
    })

    it('deletes a Deployment with all that it owns, and a namespace with all that is in it', async () => {
      await ok('create', 'namespace', 'short')
      await ok('create', 'deployment', 'gone', '-n', 'short', '--image=registry.example.org/gone:1')
      await ok('wait', '-n', 'short', '--for=condition=Available', 'deployment/gone', '--timeout=20s')
      await ok('delete', 'namespace', 'short', '--timeout=30s')
      expect((await kubectl('get', 'namespace', 'short')).stderr).toContain('not found')
      await ok('delete', 'deployment', 'web', '--timeout=30s')
      await eventually('nothing left', async () =>
        (await ok('get', 'replicasets,pods', '-o', 'name')).trim() === '' ? true : undefined,
      )
    })
  },
)
