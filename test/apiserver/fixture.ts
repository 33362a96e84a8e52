/** A registry over a store in memory, with a clock that only moves when told to, for tests of the API server. */

import type { ResourceInfo } from '../../core/api/resource.ts'
import { apiVersionOf } from '../../core/api/resource.ts'
import { NAMESPACES, SERVICE_ACCOUNTS } from '../../core/api/scheme.ts'
import type { EnabledPlugins } from '../../core/apiserver/admission/plugins.ts'
import { createRegistry } from '../../core/apiserver/object-registry.ts'
import type {
  PatchRequest,
  Registry,
  RegistryEvent,
  RequestContext,
  WatchQuery,
} from '../../core/apiserver/registry/registry.ts'
import { openMemoryStore } from '../../core/store/memory-store.ts'
import type { Store } from '../../core/store/store.ts'

export const FACTS = { serviceCIDRs: ['10.96.0.0/24'], nodePortRange: { first: 30000, last: 30099 } }

/** Anything, so that tests can look at every field. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests read fields of all kinds
export type Loose = any

export interface Fixture {
  readonly registry: Registry
  readonly store: Store
  readonly warnings: string[]
  readonly clock: { ms: number }
  readonly context: RequestContext
  readonly create: (
    resource: ResourceInfo,
    object: Loose,
    context?: Partial<RequestContext>,
  ) => Promise<Loose>
  readonly update: (resource: ResourceInfo, object: Loose, subresource?: string) => Promise<Loose>
  readonly patch: (
    resource: ResourceInfo,
    name: string,
    request: PatchRequest,
    context?: Partial<RequestContext>,
  ) => Promise<Loose>
  readonly remove: (
    resource: ResourceInfo,
    name: string,
    options?: Parameters<Registry['delete']>[2],
  ) => Promise<Loose>
  readonly get: (resource: ResourceInfo, name: string) => Loose
  readonly names: (resource: ResourceInfo, query?: Parameters<Registry['list']>[1]) => string[]
  readonly watch: (
    resource: ResourceInfo,
    query?: WatchQuery,
  ) => { readonly seen: RegistryEvent[]; readonly end: () => void }
}

/** mulberry32: small, seeded, good enough for names and ports. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** With namespace `default` and its service account. */
export async function fixture(
  store: Store = openMemoryStore({ startRevision: 1000 }),
  plugins?: EnabledPlugins,
): Promise<Fixture> {
  const clock = { ms: Date.UTC(2026, 0, 1) }
  const next = seeded(1)
  let ids = 0
  const uuid = (): string => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`
  const registry = createRegistry({
    store,
    clock: { now: () => clock.ms },
    random: { next, uuid },
    facts: FACTS,
    plugins,
  })
  const warnings: string[] = []
  const context: RequestContext = {
    user: { name: 'test', groups: ['system:masters'] },
    fieldManager: 'tester',
    warn: (text) => warnings.push(text),
  }
  const nameIn = (resource: ResourceInfo, name: string) =>
    resource.namespaced ? { namespace: 'default', name } : { name }
  const self: Fixture = {
    registry,
    store,
    warnings,
    clock,
    context,
    create: (resource, object, more = {}) =>
      registry.create(
        resource,
        resource.namespaced ? (object.metadata.namespace ?? 'default') : undefined,
        { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object },
        { ...context, ...more },
      ),
    update: async (resource, object, subresource) => {
      const { namespace, name } = object.metadata
      return (await registry.update(resource, { namespace, name, subresource }, object, context)).object
    },
    patch: async (resource, name, request, more = {}) =>
      (await registry.patch(resource, nameIn(resource, name), request, { ...context, ...more })).object,
    remove: (resource, name, options = {}) =>
      registry.delete(resource, nameIn(resource, name), options, context),
    get: (resource, name) => registry.get(resource, nameIn(resource, name)),
    names: (resource, query = {}) => registry.list(resource, query).items.map((item) => item.metadata.name),
    watch: (resource, query = {}) => {
      const seen: RegistryEvent[] = []
      return { seen, end: registry.watch(resource, query, (event) => seen.push(event)) }
    },
  }
  if (store.revision === 1000) {
    await self.create(NAMESPACES, { metadata: { name: 'default' } })
    await self.create(SERVICE_ACCOUNTS, { metadata: { name: 'default' } })
  }
  return self
}

/** `ADDED web 1003` */
export const said = (events: readonly RegistryEvent[]): string[] =>
  events.map((event) =>
    event.type === 'BOOKMARK'
      ? `BOOKMARK${event.initialEventsEnd ? ' end of initial events' : ''}`
      : `${event.type} ${event.object.metadata.name} ${event.object.metadata.resourceVersion}`,
  )
