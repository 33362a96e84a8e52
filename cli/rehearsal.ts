/**
 * Would these manifests be accepted, all of them? Applied first to a copy of the cluster's objects in memory, so that a
 * fault in the last file leaves nothing of the first behind.
 */

import type { ClusterFacts } from '../core/api/rules.ts'
import { inProcessClient } from '../core/apiserver/in-process-client.ts'
import { createRegistry } from '../core/apiserver/object-registry.ts'
import { openMemoryStore } from '../core/store/memory-store.ts'
import type { Store } from '../core/store/store.ts'
import type { Clock, Random } from '../host/host.ts'
import { SERVICE_ACCOUNTS } from '../core/api/scheme.ts'
import { isApiError } from '../core/api/api-error.ts'
import { applyOne } from './apply.ts'
import type { ManifestObject } from './manifests.ts'

export interface RehearsalOptions {
  readonly current: Store
  readonly facts: ClusterFacts
  readonly clock: Clock
  readonly random: Random
}

/** @returns one sentence per object that would be refused, with its file and line */
export async function rehearse(
  objects: readonly ManifestObject[],
  options: RehearsalOptions,
): Promise<readonly string[]> {
  const { current, facts, clock, random } = options
  const store = openMemoryStore({ startRevision: current.revision })
  const copies = current.range('/registry/').values
  await store.commit({
    expect: [],
    changes: copies.map(({ key, value }) => ({ kind: 'put', key, value })),
  })
  const registry = createRegistry({ store, clock, random, facts })
  const client = inProcessClient(registry, { user: 'portolan', fieldManager: 'portolan' })
  const faults: string[] = []
  try {
    for (const { body, resource, origin } of objects) {
      try {
        const made = await applyOne(client, { ...body, resource }, 'portolan')
        // The controller that makes it in a new namespace does not run here.
        if (resource.kind === 'Namespace') await defaultAccount(client, made.metadata.name)
      } catch (error) {
        if (!isApiError(error)) throw error
        faults.push(`${origin}: ${error.message}`)
      }
    }
  } finally {
    registry[Symbol.dispose]()
    await store[Symbol.asyncDispose]()
  }
  return faults
}

async function defaultAccount(client: Parameters<typeof applyOne>[0], namespace: string): Promise<void> {
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } }
  await applyOne(client, { ...account, resource: SERVICE_ACCOUNTS }, 'portolan')
}
