/**
 * Whatever is asked of a cluster, in whatever order: its controllers come to rest, at what was asked for, and then want
 * nothing more (the plan of every key is empty). The real API, store, informers, controllers and scheduler; only the node
 * agent is played, by a loop that makes bound pods ready and lets deleted ones go.
 */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { inProcessClient } from '../../core/apiserver/in-process-client.ts'
import { createRegistry } from '../../core/apiserver/object-registry.ts'
import type { Deployment } from '../../core/api/generated/apps-v1.ts'
import type { Node, Pod, Service } from '../../core/api/generated/core-v1.ts'
import type { KubernetesObject } from '../../core/api/object.ts'
import { objectKey } from '../../core/api/object.ts'
import type { Resource } from '../../core/api/resource.ts'
import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  ENDPOINTS,
  NAMESPACES,
  NODES,
  PODS,
  REPLICA_SETS,
  SERVICE_ACCOUNTS,
  SERVICES,
} from '../../core/api/scheme.ts'
import type { Client } from '../../core/client/client.ts'
import type { Informers } from '../../core/client/informer.ts'
import { sharedInformers } from '../../core/client/shared-informers.ts'
import type { Controller } from '../../core/controllers/controller.ts'
import { startControllers } from '../../core/controllers/controllers.ts'
import { deploymentController } from '../../core/controllers/deployment.ts'
import { endpointsController } from '../../core/controllers/endpoints.ts'
import { endpointSliceController } from '../../core/controllers/endpointslice.ts'
import { loadBalancerController } from '../../core/controllers/load-balancer.ts'
import { replicaSetController } from '../../core/controllers/replicaset.ts'
import { startScheduler } from '../../core/scheduler/scheduler.ts'
import { openMemoryStore } from '../../core/store/memory-store.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import { systemRandom } from '../../host/linux/random.io.ts'
import { eventually } from '../support/test-host.io.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const POOL = '192.0.2.0/28'

interface World extends AsyncDisposable {
  readonly client: Client
  readonly informers: Informers
}

async function world(): Promise<World> {
  const stack = new AsyncDisposableStack()
  const store = stack.use(openMemoryStore({ startRevision: 1 }))
  const facts = { serviceCIDRs: ['10.96.0.0/12'], nodePortRange: { first: 30_000, last: 32_767 } }
  const registry = stack.use(createRegistry({ store, clock: systemClock, random: systemRandom, facts }))
  const client = inProcessClient(registry, { user: 'test', fieldManager: 'test' })
  const informers = stack.use(sharedInformers({ client, clock: systemClock, log }))
  const shared = { client, informers, clock: systemClock, log }
  await client.create(NAMESPACES, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'default' },
    spec: {},
  })
  await client.create(NODES, node('node-a'))
  stack.use(startControllers({ ...shared, caCertificate: 'PEM', loadBalancerCIDR: POOL }))
  stack.use(startScheduler(shared))
  stack.use(playedAgent(client, informers))
  await eventually('the default account', async () => informers.of(SERVICE_ACCOUNTS).get('default/default'))
  return { client, informers, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const node = (name: string): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: {},
  status: { allocatable: { cpu: '8', memory: '16Gi', pods: '100' } },
})

/** Pods get an address and are ready as soon as they are bound; deleted ones go at once. */
function playedAgent(client: Client, informers: Informers): AsyncDisposable {
  let next = 2
  let last: Promise<unknown> = Promise.resolve()
  const end = informers.of(PODS).onChange(({ kind, object }) => {
    if (kind === 'deleted' || !object.spec.nodeName) return
    // Somebody else may have been quicker with the same pod.
    if (object.metadata.deletionTimestamp)
      last = client.delete(PODS, object.metadata, { gracePeriodSeconds: 0 }).catch(() => undefined)
    else if (!object.status?.podIP)
      last = client.updateStatus(PODS, running(object, `10.244.0.${next++}`)).catch(() => undefined)
  })
  return {
    async [Symbol.asyncDispose]() {
      end()
      await last
    },
  }
}

function running(pod: Pod, ip: string): Pod {
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'Ready')
  const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }
  return {
    ...pod,
    status: { ...pod.status, phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [...others, ready] },
  }
}

function deployment(name: string, replicas: number): Deployment {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            { name: 'c', image: 'example.org/c:1', ports: [{ name: 'http', containerPort: 8080 }] },
          ],
        },
      },
    },
  }
}

function service(name: string, type: string): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { type, selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  }
}

type Step =
  | { readonly kind: 'scale'; readonly app: string; readonly replicas: number }
  | { readonly kind: 'image'; readonly app: string; readonly tag: number }
  | { readonly kind: 'strategy'; readonly app: string; readonly recreate: boolean }
  | { readonly kind: 'kill'; readonly app: string }
  | { readonly kind: 'type'; readonly app: string; readonly type: string }

const app = fc.constantFrom('a', 'b')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('scale' as const), app, replicas: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ kind: fc.constant('image' as const), app, tag: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('strategy' as const), app, recreate: fc.boolean() }),
  fc.record({ kind: fc.constant('kill' as const), app }),
  fc.record({
    kind: fc.constant('type' as const),
    app,
    type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer'),
  }),
)

async function perform(one: Step, { client, informers }: World): Promise<void> {
  const name = { namespace: 'default', name: one.app }
  const merge = (spec: object): Promise<unknown> =>
    client.patch(DEPLOYMENTS, name, { spec }, { type: 'merge' })
  switch (one.kind) {
    case 'scale':
      return void (await merge({ replicas: one.replicas }))
    case 'image':
      return void (await client.patch(
        DEPLOYMENTS,
        name,
        { spec: { template: { spec: { containers: [{ name: 'c', image: `example.org/c:${one.tag}` }] } } } },
        { type: 'strategic' },
      ))
    case 'strategy':
      return void (await merge({
        strategy: one.recreate ? { type: 'Recreate', rollingUpdate: null } : { type: 'RollingUpdate' },
      }))
    case 'kill': {
      const victim = informers
        .of(PODS)
        .list()
        .find((pod) => pod.metadata.labels?.['app'] === one.app)
      // It may be gone by now.
      if (victim) await client.delete(PODS, victim.metadata).catch(() => undefined)
      return
    }
    case 'type':
      return void (await client.patch(SERVICES, name, { spec: { type: one.type } }, { type: 'merge' }))
  }
}

/** Every key of every controller that still wants something. */
function unsettled(informers: Informers): string[] {
  const controllers = [
    deploymentController,
    replicaSetController,
    endpointSliceController,
    endpointsController,
    loadBalancerController(POOL),
  ] as readonly Controller<unknown>[]
  return controllers.flatMap((controller) => {
    const objects = controller.watches.flatMap((resource) => informers.of(resource).list())
    const keys = new Set(objects.flatMap((object) => controller.keysFor(object, informers)))
    return [...keys].flatMap((key) => {
      const snapshot = controller.snapshot(key, informers)
      const writes = snapshot === undefined ? [] : controller.plan(snapshot, systemClock.now()).writes
      return writes.map(({ write }) => `${controller.name} ${key}: ${write.kind}`)
    })
  })
}

function wrong({ informers }: World): string[] {
  return informers
    .of(DEPLOYMENTS)
    .list()
    .flatMap((one) => {
      const name = one.metadata.name
      const pods = informers
        .of(PODS)
        .list()
        .filter((pod) => pod.metadata.labels?.['app'] === name)
      const image = one.spec.template.spec?.containers[0]?.image
      const slices = informers
        .of(ENDPOINT_SLICES)
        .list()
        .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === name)
      const addresses = slices
        .flatMap((slice) => (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses))
        .toSorted()
      const subsets = informers.of(ENDPOINTS).get(`default/${name}`)?.subsets ?? []
      const old = subsets.flatMap((subset) => (subset.addresses ?? []).map(({ ip }) => ip)).toSorted()
      const ips = pods.map((pod) => pod.status?.podIP ?? '').toSorted()
      return [
        ...(pods.length === one.spec.replicas ? [] : [`${name}: ${pods.length} pods`]),
        ...(pods.every((pod) => pod.spec.containers[0]?.image === image) ? [] : [`${name}: old image`]),
        ...(addresses.join() === ips.join() ? [] : [`${name}: slices ${addresses.join()} not ${ips.join()}`]),
        ...(old.join() === ips.join() ? [] : [`${name}: endpoints ${old.join()} not ${ips.join()}`]),
        ...((one.status?.availableReplicas ?? 0) === one.spec.replicas
          ? []
          : [`${name}: ${one.status?.availableReplicas} available`]),
      ]
    })
}

it('comes to rest at what was asked for, and wants nothing more', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      await using cluster = await world()
      for (const name of ['a', 'b']) {
        await cluster.client.create(DEPLOYMENTS, deployment(name, 2))
        await cluster.client.create(SERVICES, service(name, 'ClusterIP'))
      }
      for (const one of steps) await perform(one, cluster)
      await eventually(
        'rest',
        () => {
          const left = [...wrong(cluster), ...unsettled(cluster.informers)]
          return left.length === 0 ? Promise.resolve(true) : Promise.reject(new Error(left.join('; ')))
        },
        5_000,
      )
    }),
    { numRuns: 30 },
  )
})

it('owners that own each other go, too', async () => {
  await using cluster = await world()
  const { client, informers } = cluster
  const names = ['a', 'b', 'c']
  const made = new Map<string, KubernetesObject>()
  for (const name of names) {
    const metadata = { name, namespace: 'default' }
    // oxlint-disable-next-line no-await-in-loop -- one after another
    made.set(name, await client.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata }))
  }
  for (const [index, name] of names.entries()) {
    const owner = made.get(names[(index + 1) % names.length] ?? '')?.metadata
    const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: owner?.name, uid: owner?.uid }
    const ownerReferences = [{ ...reference, controller: true, blockOwnerDeletion: true }]
    const patch = { metadata: { ownerReferences } }
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await client.patch(CONFIG_MAPS, { namespace: 'default', name }, patch, { type: 'merge' })
  }
  const found = () =>
    informers
      .of(CONFIG_MAPS)
      .listIn('default')
      .filter(({ metadata }) => made.has(metadata.name))
  await eventually('owners are known', async () =>
    found().every(({ metadata }) => metadata.ownerReferences?.length === 1) && found().length === 3
      ? true
      : undefined,
  )
  await client.delete(CONFIG_MAPS, { namespace: 'default', name: 'a' }, { propagationPolicy: 'Foreground' })
  await eventually('none left', async () => (found().length === 0 ? true : undefined))
})

it('a namespace says what keeps it; pods go before all else', async () => {
  await using cluster = await world()
  const { client, informers } = cluster
  const namespaced = (name: string, more: object = {}) => ({ name, namespace: 'old', ...more })
  await client.create(NAMESPACES, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'old' },
    spec: {},
  })
  await client.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: namespaced('kept') })
  const spec = { containers: [{ name: 'c', image: 'i' }] }
  const finalizers = ['e.example/held']
  await client.create(PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: namespaced('held', { finalizers }),
    spec,
  })
  await eventually('the pod is known', async () => informers.of(PODS).get('old/held'))
  await client.delete(NAMESPACES, { name: 'old' })
  const conditions = () =>
    informers
      .of(NAMESPACES)
      .get('old')
      ?.status?.conditions?.map(({ type, status, message }) => `${type} ${status}: ${message}`)
  await eventually('the finalizer is named', async () =>
    conditions()?.some((text) => text.startsWith('NamespaceFinalizersRemaining True')) ? true : undefined,
  )
  expect(conditions()).toEqual([
    'NamespaceDeletionDiscoveryFailure False: All resources successfully discovered',
    'NamespaceDeletionGroupVersionParsingFailure False: All legacy kube types successfully parsed',
    'NamespaceDeletionContentFailure False: All content successfully deleted, may be waiting on finalization',
    'NamespaceContentRemaining True: Some resources are remaining: pods. has 1 resource instances',
    'NamespaceFinalizersRemaining True: Some content in the namespace has finalizers remaining: e.example/held in 1 resource instances',
  ])
  expect(informers.of(CONFIG_MAPS).get('old/kept')?.metadata.deletionTimestamp).toBeUndefined()
  await client.patch(
    PODS,
    { namespace: 'old', name: 'held' },
    { metadata: { finalizers: null } },
    { type: 'merge' },
  )
  await eventually('the namespace is gone', async () =>
    informers.of(NAMESPACES).get('old') === undefined ? true : undefined,
  )
})

it('collects what a deleted Deployment owned, and gives back the load balancer address', async () => {
  await using cluster = await world()
  const { client, informers } = cluster
  await client.create(DEPLOYMENTS, deployment('a', 3))
  await client.create(SERVICES, service('a', 'LoadBalancer'))
  const address = await eventually(
    'an address',
    async () => informers.of(SERVICES).get('default/a')?.status?.loadBalancer?.ingress?.[0]?.ip,
  )
  expect(address).toBe('192.0.2.1')
  await eventually('three pods', async () => (informers.of(PODS).list().length === 3 ? true : undefined))
  await client.delete(DEPLOYMENTS, { namespace: 'default', name: 'a' }, { propagationPolicy: 'Foreground' })
  await client.delete(SERVICES, { namespace: 'default', name: 'a' })
  await eventually('nothing left', async () => {
    const kinds: readonly Resource<KubernetesObject>[] = [
      DEPLOYMENTS,
      REPLICA_SETS,
      PODS,
      ENDPOINT_SLICES,
      ENDPOINTS,
    ]
    const left = kinds.flatMap((resource) =>
      informers
        .of(resource)
        .list()
        .map((object) => objectKey(object.metadata)),
    )
    return left.length === 0 ? true : undefined
  })
  await client.create(SERVICES, service('b', 'LoadBalancer'))
  expect(
    await eventually(
      'the address again',
      async () => informers.of(SERVICES).get('default/b')?.status?.loadBalancer?.ingress?.[0]?.ip,
    ),
  ).toBe('192.0.2.1')
})

it('empties a deleted namespace and lets it go', async () => {
  await using cluster = await world()
  const { client, informers } = cluster
  await client.create(NAMESPACES, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'short' },
    spec: {},
  })
  await eventually('its account', async () => informers.of(SERVICE_ACCOUNTS).get('short/default'))
  await client.create(DEPLOYMENTS, { ...deployment('a', 2), metadata: { name: 'a', namespace: 'short' } })
  await client.create(CONFIG_MAPS, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c', namespace: 'short' },
  })
  await eventually('pods', async () => (informers.of(PODS).list().length === 2 ? true : undefined))
  await client.delete(NAMESPACES, { name: 'short' })
  await eventually('its end', async () =>
    informers.of(NAMESPACES).get('short') === undefined ? true : undefined,
  )
  expect(informers.of(PODS).listIn('short')).toEqual([])
})

it('says why a pod fits nowhere, and binds it once it does', async () => {
  await using cluster = await world()
  const { client, informers } = cluster
  const spec = { nodeSelector: { disk: 'fast' }, containers: [{ name: 'c', image: 'example.org/c:1' }] }
  await client.create(PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default' },
    spec,
  })
  const message = await eventually(
    'a reason',
    async () => informers.of(PODS).get('default/p')?.status?.conditions?.[0]?.message,
  )
  expect(message).toContain("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.")
  await client.patch(NODES, { name: 'node-a' }, { metadata: { labels: { disk: 'fast' } } }, { type: 'merge' })
  await eventually('a node', async () => informers.of(PODS).get('default/p')?.spec.nodeName)
})
