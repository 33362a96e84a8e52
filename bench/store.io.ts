/**
 * How fast the embedded store is beside etcd on the same disk, in the same run: writes one after the other and 64 at a
 * time, a list of 10,000 EndpointSlices, memory. Prints a table with the ratios. `npm run bench:store`
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEtcdStore } from '../core/store/etcd/etcd-store.io.ts'
import { Gateway } from '../core/store/etcd/gateway.io.ts'
import { encoded } from '../core/store/etcd/wire.ts'
import { openStore } from '../core/store/open-store.io.ts'
import type { Store } from '../core/store/store.ts'
import { noEtcd, startEtcd } from '../test/support/etcd.io.ts'
import { endpointSlice } from './endpoint-slice.ts'

const OBJECTS = 10_000
const SEQUENTIAL = 300
const CONCURRENT = 64
const PREFIX = '/registry/endpointslices/default/'

interface Numbers {
  readonly sequential: number
  readonly concurrent: number
  readonly listMs: number
  readonly heapMb: number
}

async function measured(store: Store, list: () => Promise<unknown>): Promise<Numbers> {
  const put = (index: number) =>
    store.commit({
      expect: [],
      changes: [{ kind: 'put', key: `${PREFIX}web-${index}`, value: endpointSlice(index) }],
    })
  const before = heapMb()
  let started = performance.now()
  for (let i = 0; i < SEQUENTIAL; i += 1) await put(i)
  const sequential = (SEQUENTIAL / (performance.now() - started)) * 1000
  started = performance.now()
  let next = SEQUENTIAL
  const writer = async (): Promise<void> => {
    while (next < OBJECTS) await put((next += 1))
  }
  await Promise.all(Array.from({ length: CONCURRENT }, writer))
  const concurrent = ((OBJECTS - SEQUENTIAL) / (performance.now() - started)) * 1000
  const heap = heapMb() - before
  started = performance.now()
  await list()
  return { sequential, concurrent, listMs: performance.now() - started, heapMb: heap }
}

function heapMb(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 1e6
}

const report = (name: string, n: Numbers): string =>
  `${name.padEnd(10)}${n.sequential.toFixed(0).padStart(12)}${n.concurrent.toFixed(0).padStart(12)}` +
  `${n.listMs.toFixed(1).padStart(12)}${n.heapMb.toFixed(0).padStart(12)}\n`

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-'))
  process.stdout.write('store      seq writes/s  64 writes/s   list 10k ms   heap MB\n')
  try {
    await using embedded = await openStore({ directory: join(directory, 'data') })
    const json = (): Promise<string> => Promise.resolve(JSON.stringify(embedded.range(PREFIX).values))
    const own = await measured(embedded, json)
    process.stdout.write(report('embedded', own))
    if (noEtcd !== undefined) return void process.stdout.write(`${noEtcd}\n`)
    await using server = await startEtcd()
    await using etcd = await openEtcdStore({ servers: [server.url] })
    using gateway = new Gateway({ servers: [server.url] })
    const range = { key: encoded(PREFIX), range_end: encoded(`${PREFIX}~`) }
    const peer = await measured(etcd, () => gateway.call('/v3/kv/range', range, 60_000))
    process.stdout.write(report('etcd', peer))
    process.stdout.write(
      `embedded / etcd: sequential ${(own.sequential / peer.sequential).toFixed(1)}x, ` +
        `concurrent ${(own.concurrent / peer.concurrent).toFixed(1)}x, list ${(peer.listMs / own.listMs).toFixed(1)}x\n`,
    )
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

await main()
