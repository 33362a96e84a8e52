/**
 * The public manifests of an online shop with twelve Deployments, unmodified, with their NetworkPolicies. The folder is
 * not part of the project: the test runs where it lies beside the checkout.
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningPortolan } from '../support/portolan.io.ts'
import { portolanUp } from '../support/portolan.io.ts'
import type { TestHost } from '../support/test-host.io.ts'
import { eventually, noTestHost, ROOT, testHost } from '../support/test-host.io.ts'

const FOLDER = join(ROOT, '../shared/manifests/online-boutique')
const skip = noTestHost ?? (existsSync(FOLDER) ? undefined : 'the manifests are not beside this checkout')

describe.skipIf(skip)(`online boutique${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let host: TestHost
  let shop: RunningPortolan

  beforeAll(async () => {
    host = await testHost()
    shop = await portolanUp(host, {
      args: [
        '-f',
        join(FOLDER, 'kubernetes-manifests.yaml'),
        '-f',
        join(FOLDER, 'network-policies'),
        '--network',
        'host',
      ],
      timeoutMs: 60_000,
    })
  }, 90_000)
  afterAll(async () => {
    await shop?.stop()
    await host[Symbol.asyncDispose]()
  })

  const podOf = async (app: string): Promise<string> =>
    (await shop.get('get', 'pods', '-l', `app=${app}`, '-o', 'name')).split('\n')[0] ?? ''

  it('brings up all twelve Deployments', () => {
    expect(shop.output()).toContain('✓ 12/12 deployments ready')
    expect(shop.output()).toContain('kustomize')
  })

  it('answers by DNS name from the host and from a pod', async () => {
    const url = 'http://frontend.default.svc.cluster.local'
    const fromHost = await host.run(['curl', '-sS', '-m', '10', url])
    expect(JSON.parse(fromHost.stdout)).toMatchObject({ namespace: 'default', container: 'server' })
    const fromPod = await shop.get(
      'exec',
      await podOf('checkoutservice'),
      '--',
      'curl',
      '-sS',
      '-m',
      '10',
      url,
    )
    expect(JSON.parse(fromPod)).toMatchObject({ namespace: 'default', container: 'server' })
  })

  it("passes the load generator's init container, which runs wget", async () => {
    const pod = await podOf('loadgenerator')
    const log = await shop.get('logs', pod, '-c', 'frontend-check')
    expect(log).toContain('Frontend is reachable.')
    const state = await shop.get(
      'get',
      pod,
      '-o',
      'jsonpath={.status.initContainerStatuses[0].state.terminated.reason}',
    )
    expect(state).toBe('Completed')
  })

  it('lets the policies decide', async () => {
    const connect = async (from: string) =>
      await shop.kubectl(
        'exec',
        await podOf(from),
        '--',
        'curl',
        '-sS',
        '-m',
        '3',
        '-o',
        '/dev/null',
        'http://emailservice:5000/',
      )
    expect((await connect('checkoutservice')).code).toBe(0)
    for (const other of ['adservice', 'currencyservice', 'frontend']) {
      expect((await connect(other)).code, other).not.toBe(0)
    }
  })

  it('makes one external address for the load balancer', async () => {
    const address = await eventually('an address', async () => {
      const found = await shop.get(
        'get',
        'service',
        'frontend-external',
        '-o',
        'jsonpath={.status.loadBalancer.ingress[0].ip}',
      )
      return found || undefined
    })
    expect((await host.run(['curl', '-sS', '-m', '5', `http://${address}/`])).stdout).toContain(
      '"container":"server"',
    )
  })
})
