/** What is measured of one API server, in this order: each step finds what the one before has left. */

import { setTimeout as sleep } from 'node:timers/promises'
import { endpointSlice } from '../endpoint-slice.ts'
import type { CountedWatch } from './load-client.io.ts'
import type { Subject } from './subject.io.ts'

const OBJECTS = 10_000
const SEQUENTIAL = 300
const WRITERS = 64
const LISTS = 5
const FAN_OUT = { watchers: 100, updates: 500 }
const CROWD = { watchers: 1000, updates: 50 }
const DELIVERY_MS = 120_000
const POLL_MS = 5
const PATH = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'

/** Rates are per second, memory is resident megabytes of all processes. */
export interface Numbers {
  readonly readyMs: number
  readonly sequential: number
  readonly concurrent: number
  readonly listMs: number
  /** memory of 10,000 objects */
  readonly objectsMb: number
  /** events delivered to 100 watchers, all together */
  readonly fanOut: number
  /** the server's processor time for a thousand of them */
  readonly fanOutCpuMs: number
  /** events delivered to 1,000 watchers, all together */
  readonly crowd: number
  readonly crowdCpuMs: number
  readonly totalMb: number
}

export async function measured(subject: Subject): Promise<Numbers> {
  const before = subject.residentMb()
  const sequential = await rate(SEQUENTIAL, 1, (index) => create(subject, index))
  const concurrent = await rate(OBJECTS - SEQUENTIAL, WRITERS, (index) => create(subject, SEQUENTIAL + index))
  const objectsMb = subject.residentMb() - before
  const listMs = await medianListMs(subject)
  const fanOut = await delivered(subject, FAN_OUT)
  const crowd = await delivered(subject, CROWD)
  return {
    readyMs: subject.readyMs,
    sequential,
    concurrent,
    listMs,
    objectsMb,
    fanOut: fanOut.rate,
    fanOutCpuMs: fanOut.cpuMs,
    crowd: crowd.rate,
    crowdCpuMs: crowd.cpuMs,
    totalMb: subject.residentMb(),
  }
}

/** @returns calls per second when `workers` share `count` calls */
async function rate(count: number, workers: number, call: (index: number) => Promise<void>): Promise<number> {
  const begun = performance.now()
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await call(next++)
  }
  await Promise.all(Array.from({ length: workers }, worker))
  return (count / (performance.now() - begun)) * 1000
}

async function create({ client }: Subject, index: number): Promise<void> {
  const { status } = await client.request('POST', PATH, endpointSlice(index))
  if (status !== 201) throw new Error(`POST ${PATH}: ${status}`)
}

async function update({ client }: Subject, index: number, round: number): Promise<void> {
  const path = `${PATH}/web-${index}`
  const { status } = await client.request('PATCH', path, { metadata: { labels: { round: String(round) } } })
  if (status !== 200) throw new Error(`PATCH ${path}: ${status}`)
}

async function medianListMs({ client }: Subject): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < LISTS; i += 1) {
    const begun = performance.now()
    const { status } = await client.request('GET', PATH)
    if (status !== 200) throw new Error(`GET ${PATH}: ${status}`)
    times.push(performance.now() - begun)
  }
  return times.toSorted((a, b) => a - b)[Math.floor(LISTS / 2)] ?? Number.NaN
}

async function revision({ client }: Subject): Promise<string> {
  const { body } = await client.request('GET', `${PATH}?limit=1`)
  const list = JSON.parse(body.toString()) as { readonly metadata: { readonly resourceVersion: string } }
  return list.metadata.resourceVersion
}

interface Delivered {
  readonly rate: number
  readonly cpuMs: number
}

/** From the first update until the last watcher has seen the last one. */
async function delivered(
  subject: Subject,
  { watchers, updates }: { readonly watchers: number; readonly updates: number },
): Promise<Delivered> {
  const open: CountedWatch[] = []
  const path = `${PATH}?watch=1&resourceVersion=${await revision(subject)}`
  await rate(watchers, WRITERS, async () => void open.push(await subject.client.watch(path)))
  const cpuBefore = subject.cpuSeconds()
  const begun = performance.now()
  await rate(updates, WRITERS, (index) => update(subject, index, watchers))
  await received(open, updates)
  const events = watchers * updates
  const seconds = (performance.now() - begun) / 1000
  const cpuMs = ((subject.cpuSeconds() - cpuBefore) * 1000 * 1000) / events
  subject.client.endWatches()
  return { rate: events / seconds, cpuMs }
}

async function received(watches: readonly CountedWatch[], events: number): Promise<void> {
  const until = performance.now() + DELIVERY_MS
  while (watches.some((watch) => watch.events() < events)) {
    if (performance.now() > until) {
      const least = Math.min(...watches.map((watch) => watch.events()))
      throw new Error(`a watcher has ${least} of ${events} events after ${DELIVERY_MS} ms`)
    }
    await sleep(POLL_MS)
  }
}
