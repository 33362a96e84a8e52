/**
 * How long from `portolan up` to all ready and to the first 200 by DNS name, and the peak memory of its process: for the
 * shop, and for 50 Deployments of 2 pods. Measured in a network namespace of its own (root), beside what the pinned Node
 * takes to start and stop with an empty program, so that numbers of different machines can be compared.
 *
 *     npm run bench [-- ROUNDS]
 */

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { portolanUp } from '../test/support/portolan.io.ts'
import { eventually, noTestHost, ROOT, testHost } from '../test/support/test-host.io.ts'

const DEPLOYMENTS = 50
const PODS_EACH = 2

interface Measured {
  readonly readyMs: number
  readonly first200Ms: number
  readonly peakMB: number
}

async function measure(files: string, url: string): Promise<Measured> {
  await using host = await testHost()
  const path = files === '-' ? join(host.folder, 'many.yaml') : files
  if (files === '-') writeFileSync(path, manyDeployments())
  const began = performance.now()
  const first200 = eventually(
    `${url} to answer`,
    async () =>
      (await host.run(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '-m', '0.3', url])).stdout ===
      '200'
        ? performance.now()
        : undefined,
    60_000,
  )
  const running = await portolanUp(host, { args: ['-f', path, '--network', 'host'], timeoutMs: 60_000 })
  const readyMs = performance.now() - began
  const first200Ms = (await first200) - began
  const peakMB =
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${running.process.pid}/status`, 'utf8'))?.[1]) / 1024
  await running.stop()
  return { readyMs, first200Ms, peakMB }
}

function manyDeployments(): string {
  return Array.from({ length: DEPLOYMENTS }, (_none, index) => {
    const name = `app-${index}`
    return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${PODS_EACH}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: web
          image: registry.example.org/${name}:1
          ports: [{ name: http, containerPort: 8080 }]
          readinessProbe: { httpGet: { path: /healthz, port: http } }
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${name} }, ports: [{ port: 80, targetPort: http }] }
`
  }).join('---\n')
}

function bareNodeMs(): number {
  const began = performance.now()
  spawnSync(process.execPath, ['-e', '0'])
  return performance.now() - began
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

if (noTestHost) {
  console.error(`bench/startup ${noTestHost}`)
  process.exitCode = 3
} else {
  const rounds = Number(process.argv[2] ?? 5)
  const cases = [
    {
      name: 'shop (5 Deployments, 10 pods)',
      files: join(ROOT, 'examples/shop'),
      url: 'http://frontend.shop.svc.cluster.local/',
    },
    {
      name: `${DEPLOYMENTS} Deployments x ${PODS_EACH} pods`,
      files: '-',
      url: `http://app-${DEPLOYMENTS - 1}.default.svc.cluster.local/`,
    },
  ]
  console.log('case                            all ready   first 200   peak RSS   ready / bare Node start')
  for (const { name, files, url } of cases) {
    const runs: Measured[] = []
    const bare: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      bare.push(bareNodeMs())
      runs.push(await measure(files, url))
    }
    const of = (read: (one: Measured) => number): number => median(runs.map(read))
    const ratio = (of((one) => one.readyMs) / median(bare)).toFixed(1)
    const columns = [
      name.padEnd(30),
      `${of((one) => one.readyMs).toFixed(0)} ms`.padStart(9),
      `${of((one) => one.first200Ms).toFixed(0)} ms`.padStart(11),
      `${of((one) => one.peakMB).toFixed(0)} MB`.padStart(10),
      ratio.padStart(10),
    ]
    console.log(columns.join('  '))
  }
}
