/**
 * Whatever is written, and however clients list, watch, lose their connection and come back: each is told what
 * happened, in order, once. Over HTTPS, against the embedded store, one that is killed and started again, and etcd.
 */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openPki } from '../../core/apiserver/pki/pki.io.ts'
import { openEtcdStore } from '../../core/store/etcd/etcd-store.io.ts'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import { noEtcd, startEtcd } from '../support/etcd.io.ts'
import type { Endpoint, InformerOptions, Newest } from '../support/http-informer.io.ts'
import { describeOptions, HttpInformer } from '../support/http-informer.io.ts'
import type { Acknowledged, WriteStep } from '../support/object-writer.io.ts'
import { ObjectWriter } from '../support/object-writer.io.ts'
import { eventually } from '../support/test-host.io.ts'
import type { SeenObject, Selects } from '../support/watch-history.ts'
import { checkSegment, keyOf, revisionOf } from '../support/watch-history.ts'

/** A watch's minutes are so many times shorter: bookmarks and ends are frequent. */
const PACE = 100
/** Few changes are kept: who stays away for long has to list again. */
const HISTORY = 5
/** after so many writes */
const KILLS: readonly [number, number] = [15, 40]
const CATCH_UP_MS = 15_000

interface Selection {
  readonly query: Readonly<Record<string, string>>
  readonly selects: Selects
}

const color = ({ metadata }: SeenObject): string | undefined => metadata.labels?.['color']
const LABELS: readonly Selection[] = [
  { query: {}, selects: () => true },
  { query: { labelSelector: 'color=red' }, selects: (object) => color(object) === 'red' },
  { query: { labelSelector: '!color' }, selects: (object) => color(object) === undefined },
  { query: { labelSelector: 'color in (red,blue)' }, selects: (object) => color(object) !== undefined },
  { query: { fieldSelector: 'metadata.name=x0' }, selects: ({ metadata }) => metadata.name === 'x0' },
]
const POD_FIELDS: readonly Selection[] = [
  { query: { fieldSelector: 'spec.nodeName=n1' }, selects: ({ spec }) => spec?.nodeName === 'n1' },
  { query: { fieldSelector: 'status.phase!=Running' }, selects: ({ status }) => status?.phase !== 'Running' },
  {
    query: { fieldSelector: 'status.phase=Running', labelSelector: 'color' },
    selects: (object) => object.status?.phase === 'Running' && color(object) !== undefined,
  },
]

const step = fc.record<WriteStep>({
  kind: fc.constantFrom('put', 'put', 'put', 'relabel', 'status', 'bind', 'delete', 'recreate', 'sweep'),
  resource: fc.constantFrom('pods', 'configmaps'),
  namespace: fc.constantFrom('a', 'b'),
  name: fc.constantFrom('x0', 'x1', 'x2', 'x3', 'x4'),
  color: fc.constantFrom('red', 'blue', null),
  phase: fc.constantFrom('Pending', 'Running', 'Failed'),
})
const client = fc.record({
  selection: fc.oneof(
    fc.record({ resource: fc.constant('configmaps'), how: fc.constantFrom(...LABELS) }),
    fc.record({ resource: fc.constant('pods'), how: fc.constantFrom(...LABELS, ...POD_FIELDS) }),
  ),
  namespace: fc.constantFrom('a', 'b', undefined),
  list: fc.constantFrom<InformerOptions['list']>('whole', 'any', 'paged', 'paged', 'streamed'),
  shape: fc.constantFrom<InformerOptions['shape']>('object', 'object', 'Table', 'PartialObjectMetadata'),
  hasBookmarks: fc.boolean(),
  timeoutSeconds: fc.constantFrom(undefined, undefined, undefined, 3, 10),
  /** after so many writes */
  startsAt: fc.nat({ max: 40 }),
})
type ClientPlan = typeof client extends fc.Arbitrary<infer T> ? T : never

const scenario = fc.record({
  writers: fc.array(fc.array(step, { minLength: 10, maxLength: 40 }), { minLength: 2, maxLength: 3 }),
  clients: fc.array(client, { minLength: 4, maxLength: 8 }),
  disruptions: fc.array(
    fc.record({
      at: fc.nat({ max: 90 }),
      which: fc.nat(),
      kind: fc.constantFrom('cut', 'cut', 'pause', 'resume'),
    }),
    { maxLength: 30 },
  ),
})
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never

/** Half of the clients are away when the server is, and have not heard of what was written last. */
const missedIt = scenario.map((plan: Scenario): Scenario => {
  const away = plan.clients.flatMap((_, which) => (which % 2 === 0 ? [which] : []))
  return {
    ...plan,
    clients: plan.clients.map((each) => ({ ...each, startsAt: 0 })),
    disruptions: away.flatMap((which) => [
      { at: KILLS[0] - 6, which, kind: 'pause' },
      { at: KILLS[0] + 4, which, kind: 'resume' },
    ]),
  }
})

interface Surroundings {
  readonly endpoint: () => Endpoint
  /** called after each write; may take the server away */
  readonly afterWrite?: (count: number) => Promise<void>
  /** waits for a server that was taken away */
  readonly up?: () => Promise<void>
}

let rounds = 0

/** A round has namespaces of its own. @returns how often a client had to list again, revision gone */
async function play(plan: Scenario, surroundings: Surroundings): Promise<number> {
  const { endpoint } = surroundings
  rounds += 1
  const spaces = { a: `r${rounds}-a`, b: `r${rounds}-b` }
  const newest: Newest = { revision: 0 }
  using writer = new ObjectWriter(endpoint, newest)
  for (const name of Object.values(spaces)) await writer.makeNamespace(name)
  const failures: unknown[] = []
  const start = (informer: HttpInformer): HttpInformer => {
    informer.start().catch((error: unknown) => failures.push(error))
    return informer
  }
  const truth = new Map(
    ['pods', 'configmaps'].map((name) => [
      name,
      start(new HttpInformer(everything({ endpoint, newest }, name))),
    ]),
  )
  await begun([...truth.values()])
  const clients = plan.clients.map((each) => ({
    plan: each,
    informer: informerOf({ endpoint, newest }, each, spaces),
  }))
  const all = [...truth.values(), ...clients.map(({ informer }) => informer)]
  try {
    await write(plan, { writer, spaces, surroundings, clients, start })
    for (const { informer } of clients) start(informer).resume()
    for (const informer of all) await caughtUp(informer, failures)
  } finally {
    await Promise.allSettled(all.map((informer) => informer.stop()))
  }
  if (failures.length > 0) throw failures[0]
  for (const { plan: each, informer } of clients) {
    const { namespace, shape, selection } = { ...each, ...informer.options, selection: each.selection }
    const inSpace: Selects = ({ metadata }) =>
      namespace === undefined || metadata.namespace === spaces[namespace]
    const selects: Selects = (object) => inSpace(object) && selection.how.selects(object)
    const segments = truth.get(selection.resource)?.segments ?? []
    for (const segment of informer.segments)
      checkSegment(segment, segments, { selects, isWhole: shape === 'object' })
  }
  for (const write of writer.acknowledged) expectSeen(write, truth.get(write.resource))
  return all.reduce((sum, { expirations }) => sum + expirations, 0)
}

type Cluster = Pick<InformerOptions, 'endpoint' | 'newest'>

const everything = (cluster: Cluster, resource: string): InformerOptions => ({
  ...cluster,
  path: `/api/v1/${resource}`,
  selection: {},
  list: 'whole',
  shape: 'object',
  hasBookmarks: false,
  timeoutSeconds: 100_000,
})

type Spaces = Readonly<Record<'a' | 'b', string>>

function informerOf(cluster: Cluster, plan: ClientPlan, spaces: Spaces): HttpInformer {
  const { namespace, selection, startsAt: _startsAt, ...how } = plan
  const within = namespace === undefined ? '' : `/namespaces/${spaces[namespace as 'a' | 'b']}`
  return new HttpInformer({
    ...how,
    ...cluster,
    path: `/api/v1${within}/${selection.resource}`,
    selection: selection.how.query,
  })
}

const begun = async (informers: readonly HttpInformer[]): Promise<void> => {
  await eventually('the first list', async () => {
    return informers.every(({ segments }) => segments.length > 0) || undefined
  })
}

interface Stage {
  readonly writer: ObjectWriter
  readonly spaces: Spaces
  readonly surroundings: Surroundings
  readonly clients: readonly { readonly plan: ClientPlan; readonly informer: HttpInformer }[]
  readonly start: (informer: HttpInformer) => HttpInformer
}

/** All writers at once; clients come, and are disturbed, as the number of writes goes up. */
async function write({ writers, disruptions }: Scenario, stage: Stage): Promise<void> {
  const { writer, spaces, surroundings, clients, start } = stage
  let count = 0
  const advance = async (): Promise<void> => {
    for (const { plan, informer } of clients) if (plan.startsAt === count) start(informer)
    for (const { at, which, kind } of disruptions) {
      if (at === count) clients[which % clients.length]?.informer[kind as 'cut' | 'pause' | 'resume']()
    }
    count += 1
    await surroundings.afterWrite?.(count)
  }
  const writeAll = async (steps: readonly WriteStep[]): Promise<void> => {
    for (const each of steps) {
      const namespace = spaces[each.namespace as 'a' | 'b']
      try {
        await writer.perform({ ...each, namespace })
      } catch (error) {
        // Whether it was done is not known; that is what the clients are to find out.
        if (surroundings.up === undefined) throw error
        await surroundings.up()
      }
      await advance()
    }
  }
  await Promise.all(writers.map(writeAll))
}

/** Nothing is written any more: what the client knows becomes what a list says. */
async function caughtUp(informer: HttpInformer, failures: readonly unknown[]): Promise<void> {
  const reader = new HttpInformer({ ...informer.options, list: 'whole' })
  void reader.start()
  await begun([reader])
  await reader.stop()
  const text = ({ known }: HttpInformer): string =>
    [...known.values()]
      .map((object) => `${keyOf(object)} ${revisionOf(object)}`)
      .sort()
      .join('\n')
  const expected = text(reader)
  await eventually(
    'a client that knows what there is',
    async () => {
      if (failures.length === 0) expect(text(informer), describeOptions(informer.options)).toBe(expected)
      return true
    },
    CATCH_UP_MS,
  )
}

function expectSeen({ resource, key, revision }: Acknowledged, truth: HttpInformer | undefined): void {
  const segment = truth?.segments.find(({ from, to }) => from < revision && revision <= to)
  if (segment === undefined) return
  const event = segment.told.find((each) => each.revision === revision)
  expect(event && keyOf(event.object), `${resource} at ${revision}`).toBe(key)
}

function endpointOf({ server, pki }: TestApiServer): Endpoint {
  return { port: server.port, ca: pki.caCertificate, cert: pki.admin.certificate, key: pki.admin.key }
}

const property = (
  surroundings: Surroundings,
  relisted: { count: number },
  plans: fc.Arbitrary<Scenario> = scenario,
) =>
  fc.asyncProperty(plans, async (plan) => {
    relisted.count += await play(plan, surroundings)
  })

describe('clients that list and watch over HTTPS', () => {
  it('are told what happened, in order, once', async () => {
    await using api = await testApiServer({ historyLimit: HISTORY, pace: PACE })
    const relisted = { count: 0 }
    await fc.assert(property({ endpoint: () => endpointOf(api) }, relisted), {
      numRuns: 12,
      endOnFailure: true,
    })
    expect(relisted.count, 'some had to list again').toBeGreaterThan(0)
    expect(api.log.entries.filter(({ level }) => level === 'error')).toEqual([])
  }, 120_000)

  it('and so also when the server is killed under them and started again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'informers-'))
    await using server = new KilledServer(folder)
    try {
      await server.start()
      const surroundings = {
        endpoint: () => server.endpoint,
        up: () => server.up(),
        afterWrite: async (count: number) => {
          if (KILLS.includes(count)) await server.killAndStart()
        },
      }
      const relisted = { count: 0 }
      await fc.assert(property(surroundings, relisted, missedIt), { numRuns: 3, endOnFailure: true })
      expect(relisted.count, 'some had to list again').toBeGreaterThan(0)
    } finally {
      await server[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    }
  }, 120_000)

  if (noEtcd !== undefined) it.skip(noEtcd, () => undefined)
  it.skipIf(noEtcd !== undefined)(
    'and from two servers in turn that share an etcd',
    async () => {
      await using etcd = await startEtcd()
      const open = async () => await openEtcdStore({ servers: [etcd.url], historyLimit: HISTORY })
      await using one = await testApiServer({ store: await open(), pace: PACE })
      await using two = await testApiServer({ store: await open(), pace: PACE })
      let asked = 0
      const endpoint = () => ({ ...endpointOf((asked += 1) % 2 === 0 ? one : two) })
      const relisted = { count: 0 }
      const afterWrite = async (count: number) => (count === 30 ? await etcd.compact() : undefined)
      await fc.assert(property({ endpoint, afterWrite }, relisted), { numRuns: 5, endOnFailure: true })
    },
    120_000,
  )
})

const ENTRY = join(import.meta.dirname, '../store/api-server-process.io.ts')

/** An API server in a process of its own, on one directory for all its lives. */
class KilledServer implements AsyncDisposable {
  readonly #folder: string
  #child: ChildProcess | undefined
  #endpoint: Endpoint | undefined
  #starting: Promise<void> | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  get endpoint(): Endpoint {
    if (this.#endpoint === undefined) throw new Error('the server was never started')
    return this.#endpoint
  }

  async up(): Promise<void> {
    await this.#starting
  }

  start(): Promise<void> {
    this.#starting = this.#start()
    return this.#starting
  }

  killAndStart(): Promise<void> {
    this.#starting = this[Symbol.asyncDispose]().then(() => this.#start())
    return this.#starting
  }

  async #start(): Promise<void> {
    const directory = join(this.#folder, 'pki')
    const { caCertificate: ca, admin } = await openPki({
      directory,
      addresses: ['127.0.0.1'],
      nowMs: Date.now(),
    })
    const env = { ...process.env, NODE_COMPILE_CACHE: join(this.#folder, 'cache') }
    const child = spawn(process.execPath, [ENTRY, this.#folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env,
    })
    this.#child = child
    const [port] = (await once(child.stdout, 'data')) as [Buffer]
    this.#endpoint = { port: Number(String(port)), ca, cert: admin.certificate, key: admin.key }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
}
