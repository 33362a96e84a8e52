/** @kubernetes/client-node, unmodified, against our API server: typed calls, informers, exec, logs, port-forward. */

import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import type {
  KubernetesObject,
  V1ConfigMap,
  V1Deployment,
  V1Pod,
  V1Service,
  V1Status,
} from '@kubernetes/client-node'
import {
  ApiException,
  AppsV1Api,
  Attach,
  AuthenticationV1Api,
  CoreV1Api,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  ListWatch,
  Log,
  PatchStrategy,
  PortForward,
  VersionApi,
  Watch,
  makeInformer,
} from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import { cutWire } from '../support/cut-wire.io.ts'
import { eventually as eventuallyGiven } from '../support/test-host.io.ts'
import { localNodeAgent } from '../support/local-node-agent.io.ts'

const NAMESPACE = 'default'

const eventually = async (what: string, holds: () => boolean): Promise<true> =>
  await eventuallyGiven(what, async () => holds() || undefined)

let api: TestApiServer
let backend: Server
let config: KubeConfig
let core: CoreV1Api

beforeAll(async () => {
  backend = createServer((request, response) => response.end(`web ${request.url}\n`))
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  const { port } = backend.address() as AddressInfo
  const nodeAgent = localNodeAgent({ logLines: ['one', 'two'], portOf: () => port })
  api = await testApiServer({ nodeAgent, historyLimit: 40 })
  config = new KubeConfig()
  config.loadFromFile(api.kubeconfig)
  core = config.makeApiClient(CoreV1Api)
  await core.createNamespacedPod({
    namespace: NAMESPACE,
    body: {
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: { nodeName: 'node-a', containers: [{ name: 'c', image: 'example.org/web' }] },
    },
  })
})
afterAll(async () => {
  backend.closeAllConnections()
  backend.close()
  expect(api.log.entries.filter(({ level }) => level === 'error')).toEqual([])
  await api[Symbol.asyncDispose]()
})

const configMap = (name: string, data: Record<string, string> = {}, labels = {}): V1ConfigMap => ({
  metadata: { name, labels },
  data,
})

async function failure(call: Promise<unknown>): Promise<{ code: number; status: V1Status }> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ApiException)) throw new Error(`not refused: ${String(error)}`)
  return { code: error.code, status: JSON.parse(String(error.body)) as V1Status }
}

describe('typed calls', () => {
  it('create, read, replace, patch in four ways, list, delete', async () => {
    const made = await core.createNamespacedConfigMap({
      namespace: NAMESPACE,
      body: configMap('typed', { a: '1' }),
    })
    expect(made.metadata?.creationTimestamp).toBeInstanceOf(Date)
    const name = { name: 'typed', namespace: NAMESPACE }
    const replaced = await core.replaceNamespacedConfigMap({ ...name, body: { ...made, data: { a: '2' } } })
    expect(replaced.data).toEqual({ a: '2' })
    expect(
      await failure(core.replaceNamespacedConfigMap({ ...name, body: { ...made, data: {} } })),
    ).toMatchObject({
      code: 409,
      status: { reason: 'Conflict' },
    })
    const patched = await core.patchNamespacedConfigMap({
      ...name,
      body: [{ op: 'add', path: '/data/b', value: '3' }],
    })
    expect(patched.data).toEqual({ a: '2', b: '3' })
    const objects = KubernetesObjectApi.makeApiClient(config)
    const header = { apiVersion: 'v1', kind: 'ConfigMap', metadata: name }
    const change = async (data: object, strategy: PatchStrategy) =>
      await objects.patch<V1ConfigMap>(
        { ...header, data } as V1ConfigMap,
        undefined,
        undefined,
        'node',
        // For apply alone.
        strategy === PatchStrategy.ServerSideApply ? true : undefined,
        strategy,
      )
    expect((await change({ c: '4' }, PatchStrategy.MergePatch)).data).toEqual({ a: '2', b: '3', c: '4' })
    expect((await change({ d: '5' }, PatchStrategy.StrategicMergePatch)).data).toMatchObject({
      c: '4',
      d: '5',
    })
    expect((await change({ e: '6' }, PatchStrategy.ServerSideApply)).data).toMatchObject({ d: '5', e: '6' })
    const list = await core.listNamespacedConfigMap({
      namespace: NAMESPACE,
      fieldSelector: 'metadata.name=typed',
    })
    expect(list.items.map((item) => item.data?.['e'])).toEqual(['6'])
    expect(await core.deleteNamespacedConfigMap(name)).toMatchObject({ status: 'Success' })
    expect(await failure(core.readNamespacedConfigMap(name))).toMatchObject({
      code: 404,
      status: { kind: 'Status', reason: 'NotFound', message: 'configmaps "typed" not found' },
    })
  })

  it('pages, deletes collections, scales, evicts, reads the version', async () => {
    for (const name of ['p1', 'p2', 'p3']) {
      await core.createNamespacedConfigMap({
        namespace: NAMESPACE,
        body: configMap(name, {}, { paged: 'yes' }),
      })
    }
    const query = { namespace: NAMESPACE, labelSelector: 'paged=yes', limit: 2 }
    const first = await core.listNamespacedConfigMap(query)
    const second = await core.listNamespacedConfigMap({
      ...query,
      _continue: first.metadata?._continue ?? '',
    })
    expect([...first.items, ...second.items].map((item) => item.metadata?.name)).toEqual(['p1', 'p2', 'p3'])
    await core.deleteCollectionNamespacedConfigMap({ namespace: NAMESPACE, labelSelector: 'paged=yes' })
    expect((await core.listNamespacedConfigMap(query)).items).toEqual([])
    const apps = config.makeApiClient(AppsV1Api)
    await apps.createNamespacedDeployment({ namespace: NAMESPACE, body: deployment('scaled') })
    const name = { name: 'scaled', namespace: NAMESPACE }
    const scale = await apps.readNamespacedDeploymentScale(name)
    await apps.replaceNamespacedDeploymentScale({ ...name, body: { ...scale, spec: { replicas: 4 } } })
    expect((await apps.readNamespacedDeployment(name)).spec?.replicas).toBe(4)
    expect((await config.makeApiClient(VersionApi).getCode()).major).toBe('1')
  })

  it('tokens of service accounts authenticate', async () => {
    const name = { name: 'default', namespace: NAMESPACE }
    const body = { spec: { audiences: [], expirationSeconds: 3600 } }
    const { status } = await core.createNamespacedServiceAccountToken({ ...name, body })
    const cluster = config.getCurrentCluster()
    const withToken = new KubeConfig()
    withToken.loadFromOptions({
      clusters: [cluster],
      users: [{ name: 'pod', token: status?.token }],
      contexts: [{ name: 'pod', cluster: cluster?.name, user: 'pod' }],
      currentContext: 'pod',
    })
    const review = await withToken.makeApiClient(AuthenticationV1Api).createSelfSubjectReview({ body: {} })
    expect(review.status?.userInfo?.username).toBe('system:serviceaccount:default:default')
    const pods = withToken.makeApiClient(CoreV1Api).listNamespacedPod({ namespace: NAMESPACE })
    expect(await failure(pods)).toMatchObject({ code: 403, status: { reason: 'Forbidden' } })
  })
})

const deployment = (name: string): V1Deployment => ({
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
})

/** What an informer said, as `add a`. */
function heard<T extends KubernetesObject>(informer: ListWatch<T>): string[] {
  const said: string[] = []
  for (const verb of ['add', 'update', 'delete'] as const)
    informer.on(verb, (object) => said.push(`${verb} ${object.metadata?.name}`))
  return said
}

const mapsOf = (from: KubeConfig, labelSelector: string): ListWatch<V1ConfigMap> => {
  const client = from.makeApiClient(CoreV1Api)
  const list = async () => await client.listNamespacedConfigMap({ namespace: NAMESPACE, labelSelector })
  const path = `/api/v1/namespaces/${NAMESPACE}/configmaps`
  const options = { delayFn: async () => await Promise.resolve() }
  return new ListWatch(path, new Watch(from), list, false, labelSelector, undefined, options)
}

describe('informers', () => {
  it('of several kinds see objects come, change and go', async () => {
    const services = makeInformer<V1Service>(
      config,
      '/api/v1/services',
      async () => await core.listServiceForAllNamespaces(),
    )
    const apps = config.makeApiClient(AppsV1Api)
    const deployments = makeInformer<V1Deployment>(
      config,
      '/apis/apps/v1/namespaces/default/deployments',
      async () => await apps.listNamespacedDeployment({ namespace: NAMESPACE }),
    )
    const pods = makeInformer<V1Pod>(config, '/api/v1/pods', async () => await core.listPodForAllNamespaces())
    const all = [services, deployments, pods]
    await Promise.all(all.map(async (informer) => await informer.start()))
    await eventually('the pod is listed', () => pods.get('web', NAMESPACE) !== undefined)
    const body = { metadata: { name: 'informed' }, spec: { ports: [{ port: 80 }] } }
    await core.createNamespacedService({ namespace: NAMESPACE, body })
    await apps.createNamespacedDeployment({ namespace: NAMESPACE, body: deployment('informed') })
    await eventually('both are seen', () =>
      [services, deployments].every((one) => one.get('informed', NAMESPACE) !== undefined),
    )
    await core.deleteNamespacedService({ name: 'informed', namespace: NAMESPACE })
    await eventually('the service is gone', () => services.get('informed', NAMESPACE) === undefined)
    await Promise.all(all.map(async (informer) => await informer.stop()))
  })

  it('with a selector sees objects start and stop to match', async () => {
    const informer = mapsOf(config, 'tier=front')
    const said = heard(informer)
    await informer.start()
    const name = { name: 'matching', namespace: NAMESPACE }
    await core.createNamespacedConfigMap({
      namespace: NAMESPACE,
      body: configMap('matching', {}, { tier: 'front' }),
    })
    const label = async (value: string) =>
      await core.patchNamespacedConfigMap({
        ...name,
        body: [{ op: 'add', path: '/metadata/labels/tier', value }],
      })
    await label('back')
    await label('front')
    await eventually('all is heard', () => said.length === 3)
    await informer.stop()
    expect(said).toEqual(['add matching', 'delete matching', 'add matching'])
  })

  it('goes on where it was when the wire was cut: nothing twice, nothing lost', async () => {
    await using wire = await cutWire(api.server.port)
    const through = new KubeConfig()
    through.loadFromString(config.exportConfig())
    const cluster = through.getCurrentCluster()
    through.clusters = [
      {
        ...cluster,
        name: cluster?.name ?? '',
        server: `https://127.0.0.1:${wire.port}`,
        skipTLSVerify: false,
      },
    ]
    const informer = mapsOf(through, 'wire=cut')
    const said = heard(informer)
    informer.on('error', () => void informer.start())
    await informer.start()
    const make = async (name: string) =>
      await core.createNamespacedConfigMap({
        namespace: NAMESPACE,
        body: configMap(name, {}, { wire: 'cut' }),
      })
    await make('w1')
    await eventually('the first is heard', () => said.length === 1)
    for (const name of ['w2', 'w3']) {
      wire.cut()
      await make(name)
      await eventually(`${name} is heard`, () => said.includes(`add ${name}`))
    }
    await informer.stop()
    expect(said).toEqual(['add w1', 'add w2', 'add w3'])
  })

  it('lists again after 410, and hears of what went meanwhile', async () => {
    const informer = mapsOf(config, 'kept=short')
    const said = heard(informer)
    await core.createNamespacedConfigMap({
      namespace: NAMESPACE,
      body: configMap('k1', {}, { kept: 'short' }),
    })
    await informer.start()
    await eventually('the first is listed', () => said.length === 1)
    await informer.stop()
    await core.deleteNamespacedConfigMap({ name: 'k1', namespace: NAMESPACE })
    await core.createNamespacedConfigMap({
      namespace: NAMESPACE,
      body: configMap('k2', {}, { kept: 'short' }),
    })
    const name = { name: 'k2', namespace: NAMESPACE }
    for (let index = 0; index < 100; index += 1) {
      const body = [{ op: 'add', path: '/data', value: { index: String(index) } }]
      await core.patchNamespacedConfigMap({ ...name, body })
    }
    await informer.start()
    await eventually('the second is listed', () => informer.get('k2', NAMESPACE)?.data?.['index'] === '99')
    await informer.stop()
    expect(said).toEqual(['add k1', 'delete k1', 'add k2'])
  })
})

describe('streams', () => {
  const collected = () => {
    const stream = new PassThrough()
    let text = ''
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
    return { stream, text: () => text }
  }

  it('exec over a WebSocket, with its exit code', async () => {
    const [out, err] = [collected(), collected()]
    const status = await new Promise<V1Status>((resolve, reject) => {
      const command = ['sh', '-c', 'cat; echo err >&2; exit 3']
      const stdin = new PassThrough()
      new Exec(config)
        .exec(NAMESPACE, 'web', 'c', command, out.stream, err.stream, stdin, false, resolve)
        .catch(reject)
      // The client ends its socket with its input; `head` ends by itself instead.
      stdin.write('typed\n')
      stdin.end()
    })
    expect(status).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    })
    expect([out.text(), err.text()]).toEqual(['typed\n', 'err\n'])
  })

  it('attach', async () => {
    const out = collected()
    const stdin = new PassThrough()
    const socket = await new Attach(config).attach(NAMESPACE, 'web', 'c', out.stream, null, stdin, false)
    stdin.write('hello\n')
    await eventually('the echo', () => out.text() === 'hello\n')
    socket.close()
  })

  it('logs', async () => {
    const out = collected()
    await new Log(config).log(NAMESPACE, 'web', 'c', out.stream, { tailLines: 1 })
    await eventually('the line', () => out.text() === 'two\n')
    expect(await core.readNamespacedPodLog({ name: 'web', namespace: NAMESPACE })).toBe('one\ntwo\n')
  })

  it('port-forward in v4.channel.k8s.io', async () => {
    const [out, err] = [collected(), collected()]
    const input = new PassThrough()
    const socket = await new PortForward(config).portForward(
      NAMESPACE,
      'web',
      [80],
      out.stream,
      err.stream,
      input,
    )
    input.write('GET /forwarded HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    await eventually('the answer', () => out.text().includes('web /forwarded'))
    if (typeof socket !== 'function') socket.close()
  })
})
