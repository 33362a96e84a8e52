/** examples/shop in each network, driven by the real kubectl, curl, dig and iptables-save. */

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningPortolan } from '../support/portolan.io.ts'
import { hostState, portolanUp } from '../support/portolan.io.ts'
import type { TestHost } from '../support/test-host.io.ts'
import { eventually, noTestHost, PORTOLAN, ROOT, testHost } from '../support/test-host.io.ts'

interface Flavour {
  readonly network: 'host' | 'isolated' | 'loopback'
  readonly proxyMode: 'iptables' | 'userspace'
}

const FLAVOURS: readonly Flavour[] = [
  { network: 'host', proxyMode: 'iptables' },
  { network: 'isolated', proxyMode: 'iptables' },
  { network: 'host', proxyMode: 'userspace' },
  { network: 'loopback', proxyMode: 'userspace' },
]

describe.skipIf(noTestHost).each(FLAVOURS)(
  `shop: $network network, $proxyMode proxy${noTestHost ? ` (skipped: ${noTestHost})` : ''}`,
  ({ network, proxyMode }) => {
    const hasNamespaces = network !== 'loopback'
    let host: TestHost
    let shop: RunningPortolan
    let before: string

    beforeAll(async () => {
      host = await testHost()
      before = await hostState(host)
      shop = await portolanUp(host, {
        args: [
          '-f',
          join(ROOT, 'examples/shop'),
          '--network',
          network,
          '--proxy-mode',
          proxyMode,
          '--port',
          '6443',
        ],
      })
    })
    afterAll(async () => {
      await host[Symbol.asyncDispose]()
    })

    const curl = (...args: string[]) => host.run(['curl', '-sS', '-m', '10', ...args])

    it('prints the summary', () => {
      expect(shop.output()).toContain(`network ${network} · proxy ${proxyMode} · 1 node`)
      expect(shop.output()).toMatch(/✓ API server +https:\/\/127\.0\.0\.1:6443 +export KUBECONFIG=/)
      expect(shop.output()).toContain('✓ 5/5 deployments ready')
    })

    it('shows the pods to kubectl, ready and with addresses of their own', async () => {
      const table = await shop.get('get', 'pods', '-n', 'shop', '-o', 'wide')
      const rows = table.trim().split('\n').slice(1)
      expect(rows).toHaveLength(10)
      for (const row of rows) expect(row).toMatch(/ 1\/1 +Running +0 /)
      const addresses = await shop.get('get', 'pods', '-A', '-o', 'jsonpath={.items[*].status.podIP}')
      expect(new Set(addresses.split(' ')).size).toBe(11)
    })

    it('answers a Service by DNS name from the host', async () => {
      const url = 'http://frontend.shop.svc.cluster.local/hello?x=1'
      const answer = hasNamespaces ? await curl(url) : await shop.portolan('curl', '-sS', '-m', '10', url)
      expect(answer.stderr).toBe('')
      expect(JSON.parse(answer.stdout)).toMatchObject({
        namespace: 'shop',
        container: 'web',
        path: '/hello?x=1',
      })
    })

    it('spreads connections over both pods', async () => {
      const pods = new Set<string>()
      for (let round = 0; round < 30 && pods.size < 2; round += 1) {
        const url = 'http://frontend.shop.svc.cluster.local/'
        const answer = hasNamespaces ? await curl(url) : await shop.portolan('curl', '-sS', url)
        pods.add((JSON.parse(answer.stdout) as { pod: string }).pod)
      }
      expect(pods.size).toBe(2)
    })

    it.skipIf(!hasNamespaces)('answers dig for A, SRV, PTR, headless and pod names', async () => {
      const dig = async (...args: string[]) =>
        (await host.run(['dig', '+short', '+tries=1', '+time=2', ...args])).stdout.trim()
      const clusterIP = await shop.get(
        'get',
        'service',
        'frontend',
        '-n',
        'shop',
        '-o',
        'jsonpath={.spec.clusterIP}',
      )
      expect(await dig('frontend.shop.svc.cluster.local')).toBe(clusterIP)
      expect(await dig('SRV', '_http._tcp.frontend.shop.svc.cluster.local')).toMatch(
        /^0 100 80 frontend\.shop\.svc\.cluster\.local\.$/,
      )
      expect(await dig('-x', clusterIP)).toBe('frontend.shop.svc.cluster.local.')
      expect((await dig('peers.shop.svc.cluster.local')).split('\n')).toHaveLength(3)
      const peer = await shop.get('get', 'pod', 'peer-1', '-n', 'shop', '-o', 'jsonpath={.status.podIP}')
      expect(await dig('peer-1.peers.shop.svc.cluster.local')).toBe(peer)
      expect(await dig('+tcp', 'kubernetes.default.svc.cluster.local')).toBe('10.96.0.1')
      const missing = await host.run(['dig', 'nothing.shop.svc.cluster.local'])
      expect(missing.stdout).toContain('status: NXDOMAIN')
    })

    it('serves the node port and the load balancer address', async () => {
      if (hasNamespaces && network === 'host') {
        expect((await curl('http://127.0.0.1:30080/')).stdout).toContain('"container":"web"')
      }
      const address = await eventually('a load balancer address', async () => {
        const found = await shop.get(
          ...['get', 'service', 'frontend-external', '-n', 'shop'],
          ...['-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}'],
        )
        return found || undefined
      })
      const answer = hasNamespaces
        ? await curl(`http://${address}/`)
        : await shop.portolan('curl', '-sS', `http://${address}/`)
      expect(answer.stdout).toContain('"container":"web"')
    })

    it('echoes UDP through the Service', async () => {
      const clusterIP = await shop.get(
        'get',
        'service',
        'metrics',
        '-n',
        'shop',
        '-o',
        'jsonpath={.spec.clusterIP}',
      )
      // From a frontend pod: policies allow only that one.
      const script = `import socket;s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);s.settimeout(5);s.sendto(b"hits:1|c",("${clusterIP}",8125));print(s.recv(100).decode())`
      const frontend =
        (await shop.get('get', 'pods', '-n', 'shop', '-l', 'app=frontend', '-o', 'name')).split('\n')[0] ?? ''
      const outcome = await shop.kubectl('exec', '-n', 'shop', frontend, '--', 'python3', '-c', script)
      expect(outcome.stdout.trim() || outcome.stderr).toBe('hits:1|c')
    })

    it('routes the Ingress by host and path, with its certificate', async () => {
      const status = JSON.parse((await shop.portolan('status', '-o', 'json')).stdout) as {
        ingress: { http: number; https: number }
      }
      const { http, https } = status.ingress
      if (hasNamespaces) expect([http, https]).toEqual([80, 443])
      const resolve = [
        '--resolve',
        `shop.example.org:${https}:127.0.0.1`,
        '--resolve',
        `shop.example.org:${http}:127.0.0.1`,
      ]
      const secure = await curl('-kv', ...resolve, `https://shop.example.org:${https}/catalog/items`)
      expect(secure.stderr).toMatch(/subject: CN=shop\.example\.org/)
      expect(JSON.parse(secure.stdout)).toMatchObject({ container: 'api', path: '/catalog/items' })
      const plain = await curl(...resolve, `http://shop.example.org:${http}/`)
      const seen = JSON.parse(plain.stdout) as { container: string; headers: Record<string, string> }
      expect(seen.container).toBe('web')
      expect(seen.headers['x-forwarded-host']).toBe(`shop.example.org${http === 80 ? '' : `:${http}`}`)
      expect((await curl('-o', '/dev/null', '-w', '%{http_code}', `http://127.0.0.1:${http}/`)).stdout).toBe(
        '404',
      )
    })

    it.skipIf(!hasNamespaces)('enforces the policies between pods', async () => {
      const connect = (from: string, url: string) =>
        shop.kubectl(
          'exec',
          '-n',
          'shop',
          from,
          '--',
          'curl',
          '-sS',
          '-m',
          '3',
          '-o',
          '/dev/null',
          '-w',
          '%{http_code}',
          url,
        )
      const first = async (app: string) =>
        (await shop.get('get', 'pods', '-n', 'shop', '-l', `app=${app}`, '-o', 'name')).split('\n')[0] ?? ''
      const [frontend, orders, catalog] = [
        await first('frontend'),
        await first('orders'),
        await first('catalog'),
      ]
      expect((await connect(frontend, 'http://catalog/')).stdout).toBe('200')
      expect((await connect(catalog, 'http://frontend/')).stdout).toBe('200')
      expect((await connect(catalog, 'http://peer-0.peers:7946/')).stdout).toBe('200')
      // Not from the front end; egress to DNS and peers only.
      expect((await connect(orders, 'http://catalog/')).code).not.toBe(0)
      expect((await connect(frontend, 'http://peer-0.peers:7946/')).code).not.toBe(0)
      expect((await connect(orders, 'http://peer-0.peers:7946/')).code).not.toBe(0)
    })

    it.skipIf(proxyMode !== 'iptables' || network !== 'host')(
      "writes kube-proxy's rules, and mends them",
      async () => {
        const rules = async () => (await host.run(['iptables-save', '-t', 'nat'])).stdout
        expect(await rules()).toMatch(
          /-A KUBE-SERVICES -d 10\.\S+ -p tcp -m comment --comment "shop\/frontend:http cluster IP"/,
        )
        await host.run(['iptables', '-t', 'nat', '-F'])
        await eventually(
          'rules after a flush',
          async () => ((await rules()).includes('shop/frontend:http') ? true : undefined),
          5_000,
        )
        expect((await curl('http://frontend.shop.svc.cluster.local/')).stdout).toContain('"container":"web"')
      },
    )

    it('gives logs, exec and events', async () => {
      const frontend =
        (await shop.get('get', 'pods', '-n', 'shop', '-l', 'app=frontend', '-o', 'name')).split('\n')[0] ?? ''
      expect(await shop.get('exec', '-n', 'shop', frontend, '--', 'sh', '-c', 'echo $GREETING')).toBe(
        'Welcome aboard\n',
      )
      if (hasNamespaces) {
        expect((await shop.get('exec', '-n', 'shop', frontend, '--', 'hostname')).trim()).toBe(
          frontend.replace('pod/', ''),
        )
        expect(await shop.get('exec', '-n', 'shop', frontend, '--', 'cat', '/etc/resolv.conf')).toContain(
          'search shop.svc.cluster.local',
        )
      }
      const failed = await shop.kubectl('exec', '-n', 'shop', frontend, '--', 'sh', '-c', 'exit 3')
      expect(failed.code).toBe(3)
      expect(await shop.get('logs', '-n', 'shop', frontend)).toContain('GET /')
      expect(await shop.get('describe', '-n', 'shop', frontend)).toMatch(/stand-in/)
    })

    it('reports itself', async () => {
      const status = await shop.portolan('status')
      expect(status.stdout).toContain('5/5 deployments ready')
      expect(status.code).toBe(0)
      const second = await host.run([...[PORTOLAN, 'up', '--data-dir', shop.dataDir]])
      expect(second.code).toBe(1)
      expect(second.stderr).toContain('already running')
    })

    it('leaves the host as it was', async () => {
      expect(await shop.stop()).toBe(0)
      await eventually('the host as it was', async () => {
        const after = await hostState(host)
        expect(after).toBe(before)
        return true
      })
    })
  },
)
