/** PodDisruptionBudgets: what the controller reckons, and what evictions may take of it. The real API and controller. */

import { describe, expect, it } from 'vitest'
import { isApiError } from '../../core/api/api-error.ts'
import type { Pod } from '../../core/api/generated/core-v1.ts'
import type { PodDisruptionBudget } from '../../core/api/generated/policy-v1.ts'
import {
  CUSTOM_RESOURCE_DEFINITIONS,
  NAMESPACES,
  POD_DISRUPTION_BUDGETS,
  PODS,
  REPLICA_SETS,
  SERVICE_ACCOUNTS,
} from '../../core/api/scheme.ts'
import { spent } from '../../core/apiserver/objects/eviction.ts'
import { inProcessClient } from '../../core/apiserver/in-process-client.ts'
import { createRegistry } from '../../core/apiserver/object-registry.ts'
import type { Registry } from '../../core/apiserver/registry/registry.ts'
import type { Client } from '../../core/client/client.ts'
import { sharedInformers } from '../../core/client/shared-informers.ts'
import type { ExpectedScale } from '../../core/controllers/disruption.ts'
import { disruptionController } from '../../core/controllers/disruption.ts'
import { runController } from '../../core/controllers/runner.ts'
import { openMemoryStore } from '../../core/store/memory-store.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import { systemRandom } from '../../host/linux/random.io.ts'
import { eventually } from '../support/test-host.io.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const log = { debug() {}, info() {}, warn() {}, error() {} }

const budget = (spec: object, status?: object): PodDisruptionBudget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web', namespace: 'default', generation: 1 },
  spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
  ...(status ? { status: status as NonNullable<PodDisruptionBudget['status']> } : {}),
})

const pod = (name: string, ready = true, owner?: object): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'default',
    labels: { app: 'web' },
    ...(owner ? { ownerReferences: [owner as never] } : {}),
  },
  spec: { containers: [{ name: 'c', image: 'i' }] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
})

const SCALE_OF_4: ExpectedScale = { count: 4, unmanaged: false }

function statusOf(spec: object, pods: readonly Pod[], scale: ExpectedScale = SCALE_OF_4, status?: object) {
  const { writes } = disruptionController.plan({ budget: budget(spec, status), pods, scale }, NOW)
  const [first] = writes
  if (first === undefined || !('object' in first.write)) return undefined
  return (first.write.object as PodDisruptionBudget).status
}

describe('what is reckoned', () => {
  const four = ['a', 'b', 'c', 'd'].map((name) => pod(name))
  it.each<[string, object, readonly Pod[], ExpectedScale, object]>([
    [
      'a number to keep',
      { minAvailable: 3 },
      four,
      SCALE_OF_4,
      { disruptionsAllowed: 1, desiredHealthy: 3, expectedPods: 4 },
    ],
    [
      'a share to keep, rounded up',
      { minAvailable: '51%' },
      four,
      SCALE_OF_4,
      { disruptionsAllowed: 1, desiredHealthy: 3 },
    ],
    [
      'a number to lose',
      { maxUnavailable: 1 },
      four.slice(1),
      SCALE_OF_4,
      { disruptionsAllowed: 0, desiredHealthy: 3, currentHealthy: 3 },
    ],
    [
      'a share to lose, rounded up',
      { maxUnavailable: '30%' },
      four,
      SCALE_OF_4,
      { disruptionsAllowed: 2, desiredHealthy: 2 },
    ],
    [
      'more to lose than there is',
      { maxUnavailable: 9 },
      four,
      SCALE_OF_4,
      { disruptionsAllowed: 4, desiredHealthy: 0 },
    ],
    [
      'no pods',
      { minAvailable: 1 },
      [],
      { count: 0, unmanaged: false },
      { disruptionsAllowed: 0, expectedPods: 0 },
    ],
    [
      'what is not ready',
      { minAvailable: 1 },
      [pod('a'), pod('b', false)],
      SCALE_OF_4,
      { disruptionsAllowed: 0, currentHealthy: 1 },
    ],
  ])('%s', (_, spec, pods, scale, expected) => {
    expect(statusOf(spec, pods, scale)).toMatchObject({ observedGeneration: 1, ...expected })
  })

  it('tells why nothing may go when it cannot be told', () => {
    const status = statusOf({ maxUnavailable: 1 }, four, { problem: 'found no controllers for pod "a"' })
    expect(status).toMatchObject({
      disruptionsAllowed: 0,
      conditions: [{ status: 'False', reason: 'SyncFailed', message: 'found no controllers for pod "a"' }],
    })
  })

  it('counts the evicted as gone for two minutes, and then again', () => {
    const before = { disruptedPods: { a: '2026-01-01T00:00:00Z', gone: '2026-01-01T00:00:00Z' } }
    const at = (nowMs: number) =>
      disruptionController.plan(
        { budget: budget({ minAvailable: 2 }, before), pods: four, scale: SCALE_OF_4 },
        nowMs,
      )
    expect(at(NOW + 60_000)).toMatchObject({
      requeueAfterMs: 60_001,
      writes: [
        {
          write: { object: { status: { currentHealthy: 3, disruptedPods: { a: '2026-01-01T00:00:00Z' } } } },
        },
      ],
    })
    expect(at(NOW + 120_001).writes).toMatchObject([{ write: { object: { status: { currentHealthy: 4 } } } }])
  })

  it('wants nothing once it is written', () => {
    const status = statusOf({ minAvailable: 3 }, four)
    expect(statusOf({ minAvailable: 3 }, four, SCALE_OF_4, status)).toBeUndefined()
  })
})

describe('spending', () => {
  const now = '2026-01-01T00:00:00Z'
  const known = { observedGeneration: 1, desiredHealthy: 1, currentHealthy: 2, expectedPods: 2 }

  it('takes one, and says when it was the last', () => {
    const after = spent(budget({}, { ...known, disruptionsAllowed: 1 }), 'a', now)
    expect(after.status).toMatchObject({
      disruptionsAllowed: 0,
      disruptedPods: { a: now },
      conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' }],
    })
  })

  it.each([
    [
      'none is left',
      { ...known, disruptionsAllowed: 0 },
      undefined,
      'The disruption budget web needs 1 healthy pods and has 2 currently',
    ],
    [
      'it is not reckoned yet',
      { disruptionsAllowed: 1 },
      10,
      'The disruption budget web is still being processed by the server.',
    ],
  ])('is refused when %s', (_, status, retryAfterSeconds, cause) => {
    const refusal = (() => {
      try {
        return spent(budget({}, status), 'a', now)
      } catch (error) {
        return error
      }
    })()
    expect(isApiError(refusal, 'TooManyRequests') && refusal.status).toMatchObject({
      code: 429,
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      details: { causes: [{ reason: 'DisruptionBudget', message: cause }] },
    })
    expect(isApiError(refusal) && refusal.status.details?.retryAfterSeconds).toBe(retryAfterSeconds)
  })
})

interface World extends AsyncDisposable {
  readonly client: Client
  readonly registry: Registry
}

async function world(): Promise<World> {
  const stack = new AsyncDisposableStack()
  const store = stack.use(openMemoryStore({ startRevision: 1 }))
  const facts = { serviceCIDRs: ['10.96.0.0/12'], nodePortRange: { first: 30_000, last: 32_767 } }
  const registry = stack.use(createRegistry({ store, clock: systemClock, random: systemRandom, facts }))
  const client = inProcessClient(registry, { user: 'test', fieldManager: 'test' })
  const informers = stack.use(sharedInformers({ client, clock: systemClock, log }))
  await client.create(NAMESPACES, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'default' },
    spec: {},
  })
  await client.create(SERVICE_ACCOUNTS, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  })
  stack.use(runController(disruptionController, { client, informers, clock: systemClock, log }))
  return { client, registry, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** Two ready pods and one that is not, of a ReplicaSet of three. */
async function withPods({ client }: World): Promise<void> {
  const { spec } = pod('x')
  const set = await client.create(REPLICA_SETS, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec },
    },
  })
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: 'web',
    uid: set.metadata.uid,
    controller: true,
  }
  for (const [name, ready] of [
    ['a', true],
    ['b', true],
    ['c', false],
  ] as const) {
    const made = pod(name, ready, owner)
    const created = await client.create(PODS, made)
    await client.updateStatus(PODS, { ...created, status: { ...created.status, ...made.status } })
  }
}

const context = { user: { name: 'test', groups: [] }, dryRun: false, warn() {} }
const evict = (registry: Registry, name: string, own: object = {}): Promise<void> =>
  registry.evict({ namespace: 'default', name }, { metadata: { name }, ...own }, context as never)

describe('evictions', () => {
  const allowed = (client: Client, count: number) =>
    eventually(`${count} allowed`, async () => {
      const { status } = await client.get(POD_DISRUPTION_BUDGETS, { namespace: 'default', name: 'web' })
      return (status?.observedGeneration === 1 && status.disruptionsAllowed === count) || undefined
    })

  it('go as far as the budget allows, however many are asked for at once', async () => {
    await using here = await world()
    await withPods(here)
    await here.client.create(POD_DISRUPTION_BUDGETS, budget({ maxUnavailable: 2 }))
    await allowed(here.client, 1)
    const outcomes = await Promise.allSettled(['a', 'b'].map((name) => evict(here.registry, name)))
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const refused = outcomes.find((each) => each.status === 'rejected')
    expect(refused?.reason).toMatchObject({ reason: 'TooManyRequests' })
    await allowed(here.client, 0)
  })

  it('take nothing from the budget on a dry run', async () => {
    await using here = await world()
    await withPods(here)
    await here.client.create(POD_DISRUPTION_BUDGETS, budget({ maxUnavailable: 2 }))
    await allowed(here.client, 1)
    await evict(here.registry, 'a', { deleteOptions: { dryRun: ['All'] } })
    await evict(here.registry, 'a')
  })

  it('of a pod that is not ready need enough others, or leave', async () => {
    await using here = await world()
    await withPods(here)
    await here.client.create(POD_DISRUPTION_BUDGETS, budget({ minAvailable: 3 }))
    await allowed(here.client, 0)
    await expect(evict(here.registry, 'c')).rejects.toMatchObject({ reason: 'TooManyRequests' })
    const name = { namespace: 'default', name: 'web' }
    const found = await here.client.get(POD_DISRUPTION_BUDGETS, name)
    await here.client.update(POD_DISRUPTION_BUDGETS, {
      ...found,
      spec: { ...found.spec, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
    })
    await evict(here.registry, 'c')
    await expect(evict(here.registry, 'a')).rejects.toMatchObject({ reason: 'TooManyRequests' })
  })

  it('do not know whom to ask of two budgets', async () => {
    await using here = await world()
    await withPods(here)
    await here.client.create(POD_DISRUPTION_BUDGETS, budget({ maxUnavailable: 3 }))
    const second = budget({ maxUnavailable: 3 })
    await here.client.create(POD_DISRUPTION_BUDGETS, {
      ...second,
      metadata: { ...second.metadata, name: 'other' },
    })
    await expect(evict(here.registry, 'a')).rejects.toMatchObject({ code: 500 })
  })

  it('mind whose name they carry and which pod was meant', async () => {
    await using here = await world()
    await withPods(here)
    await expect(evict(here.registry, 'a', { metadata: { name: 'b' } })).rejects.toMatchObject({ code: 400 })
    const preconditions = { uid: 'other' }
    await expect(evict(here.registry, 'a', { deleteOptions: { preconditions } })).rejects.toMatchObject({
      reason: 'Conflict',
    })
    await evict(here.registry, 'a')
  })

  it('count the scale of custom kinds', async () => {
    await using here = await world()
    const scaled = { properties: { replicas: { type: 'integer' } }, type: 'object' }
    await here.client.create(CUSTOM_RESOURCE_DEFINITIONS, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'fleets.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'fleets', kind: 'Fleet' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', properties: { spec: scaled, status: scaled } } },
            subresources: {
              scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
            },
          },
        ],
      },
    })
    const fleets = {
      ...PODS,
      group: 'example.com',
      resource: 'fleets',
      singular: 'fleet',
      kind: 'Fleet',
      subresources: [],
    }
    const fleet = await here.client.create(fleets, {
      apiVersion: 'example.com/v1',
      kind: 'Fleet',
      metadata: { name: 'f', namespace: 'default' },
      spec: { replicas: 4 },
    } as never)
    const owner = {
      apiVersion: 'example.com/v1',
      kind: 'Fleet',
      name: 'f',
      uid: fleet.metadata.uid,
      controller: true,
    }
    await here.client.create(PODS, pod('a', true, owner))
    await here.client.create(POD_DISRUPTION_BUDGETS, budget({ maxUnavailable: '50%' }))
    await eventually('the expected pods', async () => {
      const { status } = await here.client.get(POD_DISRUPTION_BUDGETS, { namespace: 'default', name: 'web' })
      return (status?.expectedPods === 4 && status.desiredHealthy === 2) || undefined
    })
  })
})
