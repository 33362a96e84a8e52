import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CONFIG_MAPS, NAMESPACES } from '../../core/api/scheme.ts'
import type { KubernetesObject } from '../../core/api/object.ts'
import { createRegistry } from '../../core/apiserver/object-registry.ts'
import type { Registry, RegistryEvent, WatchQuery } from '../../core/apiserver/registry/registry.ts'
import { openMemoryStore } from '../../core/store/memory-store.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import { systemRandom } from '../../host/linux/random.io.ts'

const CONTEXT = { user: { name: 'test', groups: ['system:masters'] }, warn: () => undefined }
const facts = { serviceCIDRs: ['10.96.0.0/24'], nodePortRange: { first: 30_000, last: 30_099 } }

const QUERIES: readonly WatchQuery[] = [
  {},
  { namespace: 'a' },
  { labelSelector: 'color=red' },
  { namespace: 'b', labelSelector: 'color in (red,blue)' },
  { fieldSelector: 'metadata.name=n0' },
  { namespace: 'a', fieldSelector: 'metadata.name!=n1', labelSelector: '!color' },
]

/** A client that keeps what a watch tells it, as an informer does, and goes on from where it was. */
class Informer {
  readonly #registry: Registry
  readonly #query: WatchQuery
  readonly known = new Map<string, KubernetesObject>()
  #revision = ''
  #unwatch: (() => void) | undefined

  constructor(registry: Registry, query: WatchQuery, isStreamed: boolean) {
    this.#registry = registry
    this.#query = query
    if (isStreamed) {
      this.#open({ sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true })
      return
    }
    const { items, resourceVersion } = registry.list(CONFIG_MAPS, query)
    for (const item of items) this.known.set(keyOf(item), item)
    this.#revision = resourceVersion
    this.#open({ resourceVersion })
  }

  toggle(): void {
    if (this.#unwatch) this.close()
    else this.#open({ resourceVersion: this.#revision })
  }

  catchUp(): void {
    if (!this.#unwatch) this.toggle()
  }

  close(): void {
    this.#unwatch?.()
    this.#unwatch = undefined
  }

  #open(how: WatchQuery): void {
    this.#unwatch = this.#registry.watch(CONFIG_MAPS, { ...this.#query, ...how }, (event) =>
      this.#take(event, how),
    )
  }

  #take(event: RegistryEvent, { sendInitialEvents }: WatchQuery): void {
    if (event.type === 'BOOKMARK') {
      this.#revision = event.resourceVersion
      return
    }
    const { object } = event
    const revision = object.metadata.resourceVersion ?? ''
    const isInitial = sendInitialEvents && event.type === 'ADDED' && this.#revision === ''
    if (!isInitial) {
      if (this.#revision !== '') expect(Number(revision), 'in order').toBeGreaterThan(Number(this.#revision))
      this.#revision = revision
    }
    const key = keyOf(object)
    expect(this.known.has(key), `${event.type} ${key}`).toBe(event.type !== 'ADDED')
    if (event.type === 'DELETED') this.known.delete(key)
    else this.known.set(key, object)
  }
}

const keyOf = ({ metadata: { namespace, name } }: KubernetesObject): string => `${namespace}/${name}`

const write = fc.record({
  kind: fc.constantFrom('put', 'put', 'delete'),
  namespace: fc.constantFrom('a', 'b'),
  name: fc.constantFrom('n0', 'n1', 'n2'),
  color: fc.constantFrom('red', 'blue', undefined),
})
const watcher = fc.record({
  kind: fc.constantFrom('toggle', 'new'),
  which: fc.nat({ max: 20 }),
  query: fc.constantFrom(...QUERIES),
  isStreamed: fc.boolean(),
})

async function perform(
  registry: Registry,
  step: { kind: string; namespace: string; name: string; color?: string | undefined },
) {
  const { kind, namespace, name, color } = step
  if (kind === 'delete') {
    await registry.delete(CONFIG_MAPS, { namespace, name }, {}, CONTEXT).catch(() => undefined)
    return
  }
  const body = { metadata: { namespace, name, labels: color ? { color } : {} } }
  await registry
    .create(CONFIG_MAPS, namespace, body, CONTEXT)
    .catch(() => registry.update(CONFIG_MAPS, { namespace, name }, body, CONTEXT))
}

it('watchers with any selector, cut and resumed at any time, end with what a list says', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 3, arbitrary: write }, watcher), { maxLength: 60 }),
      async (steps) => {
        await using store = openMemoryStore({ startRevision: 1000 })
        using registry = createRegistry({ store, clock: systemClock, random: systemRandom, facts })
        for (const name of ['a', 'b'])
          await registry.create(NAMESPACES, undefined, { metadata: { name } }, CONTEXT)
        const informers = QUERIES.map((query) => ({ query, informer: new Informer(registry, query, false) }))
        for (const step of steps) {
          if ('namespace' in step) await perform(registry, step)
          else if (step.kind === 'toggle') informers[step.which % informers.length]?.informer.toggle()
          else
            informers.push({
              query: step.query,
              informer: new Informer(registry, step.query, step.isStreamed),
            })
        }
        for (const { query, informer } of informers) {
          informer.catchUp()
          const { items } = registry.list(CONFIG_MAPS, query)
          expect(informer.known).toEqual(new Map(items.map((item) => [keyOf(item), item])))
          informer.close()
        }
      },
    ),
    { numRuns: 150 },
  )
}, 60_000)
