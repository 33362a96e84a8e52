/** Pods' whole lives on one node, from the API to the sockets they listen on. */

import { existsSync, readdirSync } from 'node:fs'
import { createServer, get } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isApiError } from '../../core/api/api-error.ts'
import type { Container, Pod, PodSpec } from '../../core/api/generated/core-v1.ts'
import {
  ENDPOINT_SLICES,
  DEPLOYMENTS,
  LEASES,
  NODES,
  PODS,
  SERVICES,
  CONFIG_MAPS,
} from '../../core/api/scheme.ts'
import { eventually } from '../support/test-host.io.ts'
import type { TestNode } from './node.io.ts'
import { isReady, testNode, textOf } from './node.io.ts'

let node: TestNode

beforeAll(async () => {
  node = await testNode()
})

afterAll(async () => {
  await node[Symbol.asyncDispose]()
})

function podOf(name: string, container: Partial<Container>, spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: { containers: [{ name: 'c', image: 'example.org/app:1', ...container }], ...spec },
  }
}

async function createPod(
  name: string,
  container: Partial<Container>,
  spec: Partial<PodSpec> = {},
): Promise<Pod> {
  return await eventually(`creating ${name}`, () => node.client.create(PODS, podOf(name, container, spec)))
}

const shell = (script: string): Partial<Container> => ({ image: 'busybox', command: ['sh', '-c', script] })

const isGone = (name: string) => async (): Promise<true | undefined> => {
  try {
    await node.pod(name)
    return undefined
  } catch (error) {
    if (isApiError(error, 'NotFound')) return true
    throw error
  }
}

function fetchJson(pod: Pod, port: number, path: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    get({ host: pod.status?.podIP, port, path }, (response) => {
      textOf(response).then((text) => resolve(JSON.parse(text) as Record<string, unknown>), reject)
    }).on('error', reject)
  })
}

test('the node is registered with its lease', async () => {
  const registered = await node.client.get(NODES, { name: 'node-a' })
  expect(registered.metadata.labels).toMatchObject({
    'kubernetes.io/hostname': 'node-a',
    'kubernetes.io/os': 'linux',
  })
  expect(registered.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
    status: 'True',
    reason: 'KubeletReady',
    message: 'kubelet is posting ready status',
  })
  const lease = await eventually('the lease', () =>
    node.client.get(LEASES, { namespace: 'kube-node-lease', name: 'node-a' }),
  )
  expect(lease.spec?.holderIdentity).toBe('node-a')
})

test('a deployment of stand-ins becomes ready and is an endpoint of its service', async () => {
  const labels = { app: 'web' }
  const probe = { httpGet: { path: '/healthz', port: 'http' } }
  await eventually('creating the deployment', () =>
    node.client.create(DEPLOYMENTS, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        replicas: 3,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: 'c',
                image: 'example.org/web:1',
                ports: [{ name: 'http', containerPort: 8080 }],
                readinessProbe: { ...probe, initialDelaySeconds: 30 },
                livenessProbe: { grpc: { port: 9090 } },
              },
            ],
          },
        },
      },
    }),
  )
  await node.client.create(SERVICES, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 'http' }] },
  })
  await eventually('three ready replicas', async () => {
    const { status } = await node.client.get(DEPLOYMENTS, { namespace: 'default', name: 'web' })
    return status?.readyReplicas === 3 ? true : undefined
  })
  const ready = await eventually('three endpoints', async () => {
    const { items } = await node.client.list(ENDPOINT_SLICES, { namespace: 'default' })
    const endpoints = items
      .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'web')
      .flatMap((slice) => slice.endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready)
    return endpoints.length === 3 ? endpoints : undefined
  })
  const { items: pods } = await node.client.list(PODS, { namespace: 'default' })
  const [one] = pods.filter(({ metadata }) => metadata.labels?.['app'] === 'web')
  expect(ready.flatMap(({ addresses }) => addresses)).toContain(one?.status?.podIP)
  if (one === undefined) throw new Error('no pod')
  expect(await fetchJson(one, 8080, '/hello?x=1')).toMatchObject({
    pod: one.metadata.name,
    namespace: 'default',
    node: 'node-a',
    container: 'c',
    port: 8080,
    method: 'GET',
    path: '/hello?x=1',
  })
  expect(await node.logs(one.metadata.name)).toContain('"GET /hello?x=1" 200')
  expect(one.status?.containerStatuses?.[0]?.containerID).toMatch(/^stand-in:\/\/[0-9a-f]{32}$/)
  expect(await node.events(one.metadata.name)).toEqual(
    expect.arrayContaining([
      'Pulled Image "example.org/web:1" is not pulled: it is played by a stand-in',
      'Created Created container: c',
      'Started Started container c',
    ]),
  )
})

test('conditions come in the order of upstream', async () => {
  await createPod('ordered', { ports: [{ containerPort: 8080 }] })
  const pod = await node.podWhen('ordered', isReady)
  expect(pod.status?.conditions?.map(({ type }) => type)).toEqual([
    'PodReadyToStartContainers',
    'Initialized',
    'Ready',
    'ContainersReady',
    'PodScheduled',
  ])
  expect(pod.status).toMatchObject({ phase: 'Running', qosClass: 'BestEffort', hostIP: '127.0.0.1' })
})

test('a process runs with its environment, and its log is kept', async () => {
  await createPod('runs', {
    ...shell('echo "$GREETING from $MY_NAME"; echo oops >&2; sleep 600'),
    env: [
      { name: 'NAME', value: 'world' },
      { name: 'GREETING', value: 'hello $(NAME) $$(NAME)' },
      { name: 'MY_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
  })
  await node.podWhen('runs', isReady)
  await eventually('two lines', async () => {
    const lines = (await node.logs('runs')).trim().split('\n').toSorted()
    return lines.length === 2 && lines[0] === 'hello world $(NAME) from runs' && lines[1] === 'oops'
      ? true
      : undefined
  })
})

test('a pod that ends is Succeeded or Failed by its exit codes, and says how it ended', async () => {
  await createPod('ends-well', shell('echo done'), { restartPolicy: 'Never' })
  await createPod('ends-badly', shell('exit 3'), { restartPolicy: 'Never' })
  const well = await node.podWhen('ends-well', ({ status }) => status?.phase === 'Succeeded')
  expect(well.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
    exitCode: 0,
    reason: 'Completed',
  })
  const badly = await node.podWhen('ends-badly', ({ status }) => status?.phase === 'Failed')
  expect(badly.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
    exitCode: 3,
    reason: 'Error',
  })
  expect(await node.logs('ends-well')).toBe('done\n')
})

test('a program that does not exist is a StartError with exit code 128', async () => {
  await createPod(
    'no-program',
    { image: 'busybox', command: ['no-such-program'] },
    { restartPolicy: 'Never' },
  )
  const pod = await node.podWhen('no-program', ({ status }) => status?.phase === 'Failed')
  expect(pod.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
    exitCode: 128,
    reason: 'StartError',
    message: 'exec: "no-such-program": executable file not found in $PATH',
  })
})

test('a container that keeps failing restarts at once, then backs off; its previous log is readable', async () => {
  await createPod('crashes', shell('echo run; exit 1'))
  const pod = await node.podWhen(
    'crashes',
    ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff',
  )
  const [status] = pod.status?.containerStatuses ?? []
  expect(status).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 1 } } })
  expect(status?.state?.waiting?.message).toBe(
    `back-off 10s restarting failed container=c pod=crashes_default(${pod.metadata.uid})`,
  )
  expect(pod.status?.phase).toBe('Running')
  expect(await node.logs('crashes', { previous: true })).toBe('run\n')
  await eventually('the event', async () =>
    (await node.events('crashes')).some((line) =>
      line.startsWith('BackOff Back-off restarting failed container c in pod crashes_default('),
    )
      ? true
      : undefined,
  )
})

test('init containers run one after the other, before the others', async () => {
  const init = (name: string, script: string): Container => ({ name, ...shell(script) })
  const file = join(node.folder, 'order')
  await createPod('initialised', shell(`echo main >> ${file}; sleep 600`), {
    initContainers: [init('one', `echo one >> ${file}`), init('two', `echo two >> ${file}; cat ${file}`)],
  })
  const pod = await node.podWhen('initialised', isReady)
  expect(await node.logs('initialised', { container: 'two' })).toBe('one\ntwo\n')
  expect(
    pod.status?.initContainerStatuses?.map(({ ready, state }) => [ready, state?.terminated?.reason]),
  ).toEqual([
    [true, 'Completed'],
    [true, 'Completed'],
  ])
})

test('a failing init container keeps the pod from starting, for ever with restartPolicy Never', async () => {
  await createPod('init-fails', shell('sleep 600'), {
    restartPolicy: 'Never',
    initContainers: [{ name: 'one', ...shell('exit 7') }],
  })
  const pod = await node.podWhen('init-fails', ({ status }) => status?.phase === 'Failed')
  expect(pod.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('PodInitializing')
})

test('a sidecar starts before the containers and ends after them', async () => {
  const file = join(node.folder, 'sidecar')
  await createPod('has-sidecar', shell(`cat ${file}`), {
    restartPolicy: 'Never',
    initContainers: [
      {
        name: 'sidecar',
        ...shell(`echo up > ${file}; exec sleep 600`),
        restartPolicy: 'Always',
        startupProbe: { exec: { command: ['test', '-e', file] }, periodSeconds: 1 },
      },
    ],
  })
  const pod = await node.podWhen(
    'has-sidecar',
    ({ status }) =>
      status?.phase === 'Succeeded' && status.initContainerStatuses?.[0]?.state?.terminated !== undefined,
  )
  expect(await node.logs('has-sidecar')).toBe('up\n')
  expect(pod.status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode).toBe(143)
})

test('a readiness probe decides over Ready, a liveness probe over the container', async () => {
  let ok = false
  const server = createServer((_request, response) => response.writeHead(ok ? 200 : 503).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  try {
    await createPod('probed', {
      ...shell('sleep 600'),
      readinessProbe: { httpGet: { host: '127.0.0.1', port }, periodSeconds: 1 },
    })
    await eventually('the event', async () =>
      (await node.events('probed')).includes(
        'Unhealthy Readiness probe failed: HTTP probe failed with statuscode: 503',
      )
        ? true
        : undefined,
    )
    const unready = await node.pod('probed')
    expect(unready.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [c]',
    })
    ok = true
    await node.podWhen('probed', isReady)
  } finally {
    server.close()
  }
  const before = createPod('dies', {
    ...shell('sleep 600'),
    livenessProbe: { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1 },
  })
  await before
  const restarted = await node.podWhen(
    'dies',
    ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0,
  )
  expect(restarted.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({ exitCode: 143 })
  await eventually('the event', async () =>
    (await node.events('dies')).includes('Killing Container c failed liveness probe, will be restarted')
      ? true
      : undefined,
  )
})

test('exec runs a command, also beside a stand-in, and tells its exit code', async () => {
  await createPod('execs', { ports: [{ containerPort: 8080 }], env: [{ name: 'COLOUR', value: 'blue' }] })
  await node.podWhen('execs', isReady)
  const told = await node.exec('execs', ['sh', '-c', 'echo $COLOUR $HOSTNAME; cat; exit 5'], 'typed')
  expect(told).toEqual({ result: { kind: 'exited', exitCode: 5 }, output: 'blue execs\ntyped' })
  const { result } = await node.exec('execs', ['no-such-program'])
  expect(result).toMatchObject({ kind: 'failed' })
})

test('a client that looks on and leaves does not disturb the container', async () => {
  await createPod('looked-at', { ...shell('while read line; do echo "got $line"; done'), stdin: true })
  await node.podWhen('looked-at', isReady)
  const pod = await node.pod('looked-at')
  for (const word of ['first', 'second']) {
    const leaving = new AbortController()
    let seen = ''
    const result = await node.kubelet.attach(
      pod,
      { container: 'c', tty: false },
      {
        stdin: (async function* () {
          yield Buffer.from(`${word}\n`)
        })(),
        stdout: async (chunk) => {
          seen += Buffer.from(chunk).toString('utf8')
          if (seen.includes('\n')) leaving.abort()
        },
        signal: leaving.signal,
      },
    )
    expect(seen).toBe(`got ${word}\n`)
    expect(result).toEqual({ kind: 'exited', exitCode: 0 })
  }
  expect(await node.logs('looked-at')).toBe('got first\ngot second\n')
  expect((await node.pod('looked-at')).status?.containerStatuses?.[0]?.restartCount).toBe(0)
})

test('a container that joins a running pod runs once, beside the others', async () => {
  await createPod('joined', { ports: [{ containerPort: 8080 }] })
  await node.podWhen('joined', isReady)
  const container = { name: 'debug', image: 'busybox', command: ['sh', '-c', 'echo in $HOSTNAME; exit 7'] }
  await node.client.patch(
    PODS,
    { namespace: 'default', name: 'joined' },
    { spec: { ephemeralContainers: [container] } },
    { type: 'strategic', subresource: 'ephemeralcontainers' },
  )
  const ended = await node.podWhen(
    'joined',
    ({ status }) => status?.ephemeralContainerStatuses?.[0]?.state?.terminated !== undefined,
  )
  expect(ended.status?.ephemeralContainerStatuses).toMatchObject([
    { name: 'debug', ready: false, restartCount: 0, state: { terminated: { exitCode: 7, reason: 'Error' } } },
  ])
  expect(isReady(ended)).toBe(true)
  expect(await node.logs('joined', { container: 'debug' })).toBe('in joined\n')
  const attached = node.kubelet.attach(
    ended,
    { container: 'debug', tty: false },
    { signal: new AbortController().signal },
  )
  expect(await attached).toMatchObject({ kind: 'failed' })
})

/** What the first container of a pod has, and how often it was started again. */
const given = ({ status, metadata }: Pod) => ({
  cpu: status?.containerStatuses?.[0]?.resources?.requests?.['cpu'],
  restarts: status?.containerStatuses?.[0]?.restartCount,
  isSeen: status?.observedGeneration === metadata.generation,
  pending: status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason,
})

function resize(name: string, cpu: string): Promise<Pod> {
  return node.client.patch(
    PODS,
    { namespace: 'default', name },
    { spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }] } },
    { type: 'strategic', subresource: 'resize' },
  )
}

test('a running pod is resized: at once, with a restart where it asks for one, or not at all', async () => {
  const resources = { requests: { cpu: '1m' } }
  const restartPolicy = 'RestartContainer'
  await createPod('resized', { ...shell('sleep 100'), resources })
  await createPod('restarted', {
    ...shell('echo $CPU; trap exit TERM; while :; do sleep 0.1; done'),
    env: [{ name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'requests.cpu', divisor: '1m' } } }],
    resources,
    resizePolicy: [{ resourceName: 'cpu', restartPolicy }],
  })
  for (const name of ['resized', 'restarted']) await node.podWhen(name, isReady)
  await resize('resized', '2m')
  const inPlace = await node.podWhen('resized', (pod) => given(pod).cpu === '2m')
  expect(given(inPlace)).toEqual({ cpu: '2m', restarts: 0, isSeen: true, pending: undefined })
  expect(inPlace.status?.containerStatuses?.[0]?.allocatedResources).toEqual({ cpu: '2m' })
  await resize('restarted', '3m')
  await node.podWhen('restarted', (pod) => given(pod).restarts === 1 && isReady(pod))
  await eventually('the new amount', async () => (await node.logs('restarted')) === '3\n' || undefined)
  await resize('resized', '1000')
  const refused = await node.podWhen('resized', (pod) => given(pod).pending !== undefined)
  expect(given(refused)).toEqual({ cpu: '2m', restarts: 0, isSeen: true, pending: 'Infeasible' })
  await resize('resized', '2m')
  await node.podWhen('resized', (pod) => given(pod).pending === undefined && given(pod).isSeen)
})

test('a log is followed to the end of the container, and read by tail', async () => {
  await createPod('talks', shell('for i in 1 2 3; do echo line $i; sleep 0.1; done'), {
    restartPolicy: 'Never',
  })
  await node.podWhen('talks', ({ status }) => status?.phase !== 'Pending')
  const pod = await node.pod('talks')
  const { signal } = new AbortController()
  const followed = await node.kubelet.logs(pod, { container: 'c', follow: true }, signal)
  expect(await textOf(followed)).toBe('line 1\nline 2\nline 3\n')
  expect(await textOf(await node.kubelet.logs(pod, { container: 'c', tailLines: 1 }, signal))).toBe(
    'line 3\n',
  )
  expect(await textOf(await node.kubelet.logs(pod, { container: 'c', limitBytes: 4 }, signal))).toBe('line')
})

test('a container waits for the ConfigMap it needs, and says so', async () => {
  await createPod('waits', {
    ...shell('echo $COLOUR; sleep 600'),
    env: [{ name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'late', key: 'colour' } } }],
  })
  const waiting = await node.podWhen(
    'waits',
    ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError',
  )
  expect(waiting.status?.containerStatuses?.[0]?.state?.waiting?.message).toBe('configmap "late" not found')
  await expect(node.logs('waits')).rejects.toThrow(
    'container "c" in pod "waits" is waiting to start: CreateContainerConfigError',
  )
  await node.client.create(CONFIG_MAPS, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'late', namespace: 'default' },
    data: { colour: 'green' },
  })
  await node.podWhen('waits', isReady)
  await eventually('its log', async () => ((await node.logs('waits')) === 'green\n' ? true : undefined))
})

test('deletion runs preStop, sends SIGTERM, keeps the last status, and leaves nothing', async () => {
  const file = join(node.folder, 'stopped')
  await createPod('stops', {
    ...shell(`trap 'echo term >> ${file}; exit 0' TERM; while true; do sleep 0.05; done`),
    lifecycle: { preStop: { exec: { command: ['sh', '-c', `echo hook >> ${file}`] } } },
  })
  const { metadata, status } = await node.podWhen('stops', isReady)
  const ended: string[] = []
  const watching = new AbortController()
  const { resourceVersion } = await node.client.list(PODS)
  const watched = (async () => {
    for await (const event of node.client.watch(PODS, { resourceVersion, signal: watching.signal })) {
      if (event.type === 'BOOKMARK' || event.object.metadata.name !== 'stops') continue
      const terminated = event.object.status?.containerStatuses?.[0]?.state?.terminated
      if (terminated) ended.push(`${event.type} ${terminated.exitCode}`)
      if (event.type === 'DELETED') return
    }
  })()
  await node.client.delete(PODS, metadata)
  await watched
  watching.abort()
  expect(ended.at(-1)).toBe('DELETED 0')
  expect((await node.exec('execs', ['cat', file])).output).toBe('hook\nterm\n')
  expect(await node.events('stops')).toContain('Killing Stopping container c')
  await eventually('its folder is removed', async () =>
    readdirSync(join(node.folder, 'pods')).some((name) => name.includes(metadata.uid ?? 'x'))
      ? undefined
      : true,
  )
  expect(status?.podIP).toBeDefined()
})

test('a process that ignores SIGTERM is killed after the grace period', async () => {
  await createPod('stubborn', shell(`trap '' TERM; while true; do sleep 0.05; done`))
  const { metadata } = await node.podWhen('stubborn', isReady)
  await node.client.delete(PODS, metadata, { gracePeriodSeconds: 1 })
  await eventually('it is gone', isGone('stubborn'), 6_000)
})

test('a pod deleted while it waits goes at once', async () => {
  const { metadata } = await createPod('never-starts', {
    image: 'example.org/x',
    envFrom: [{ configMapRef: { name: 'absent' } }],
  })
  await node.podWhen(
    'never-starts',
    ({ status }) => status?.containerStatuses?.[0]?.state?.waiting !== undefined,
  )
  await node.client.delete(PODS, metadata)
  await eventually('it is gone', isGone('never-starts'), 3_000)
})

test('stand-ins pass exec probes and skip hooks that need their image', async () => {
  await createPod(
    'postgres',
    {
      image: 'postgres:17',
      ports: [{ containerPort: 5432 }],
      readinessProbe: { exec: { command: ['pg_isready'] } },
      lifecycle: { postStart: { exec: { command: ['/docker-entrypoint.sh'] } } },
      volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql' }],
    },
    { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] },
  )
  await node.podWhen('postgres', isReady)
})

test('a hundred stand-ins are ready within seconds, and go as fast', async () => {
  const names = Array.from({ length: 100 }, (_, index) => `many-${index}`)
  const begun = performance.now()
  const probe = { httpGet: { port: 8080 } }
  await Promise.all(
    names.map((name) => createPod(name, { ports: [{ containerPort: 8080 }], readinessProbe: probe })),
  )
  await Promise.all(names.map((name) => node.podWhen(name, isReady)))
  const readyMs = performance.now() - begun
  await Promise.all(names.map((name) => node.client.delete(PODS, { namespace: 'default', name })))
  await Promise.all(names.map((name) => eventually(name, isGone(name))))
  expect(readyMs).toBeLessThan(10_000)
})

test('what went wrong in the node agent would be in its log', () => {
  const unexpected = node.log.entries.filter(({ level }) => level === 'warn' || level === 'error')
  expect(unexpected).toEqual([])
})

test('stopping the node agent ends every process and leaves the pods', async () => {
  const stopped = await testNode()
  try {
    await eventually('creating it', () =>
      stopped.client.create(PODS, podOf('stays', shell(`echo $$ > ${stopped.folder}/pid; exec sleep 600`))),
    )
    await stopped.podWhen('stays', isReady)
    const { output } = await stopped.exec('stays', ['cat', `${stopped.folder}/pid`])
    await stopped.kubelet[Symbol.asyncDispose]()
    expect(existsSync(`/proc/${output.trim()}`)).toBe(false)
    expect((await stopped.pod('stays')).metadata.deletionTimestamp).toBeUndefined()
  } finally {
    await stopped[Symbol.asyncDispose]()
  }
})
