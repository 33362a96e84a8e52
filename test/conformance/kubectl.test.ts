/** Every kubectl there is against our API server, over a store in memory and a node agent that runs things here. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEPLOYMENTS, PODS } from '../../core/api/scheme.ts'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import type { Kubectl, Ran, RunOptions } from '../support/kubectl.io.ts'
import { KubectlSession, kubectls, printed } from '../support/kubectl.io.ts'
import { localNodeAgent } from '../support/local-node-agent.io.ts'

const POD = `
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  nodeName: node-a
  containers: [{name: c, image: example.org/web, ports: [{containerPort: 80}]}]
`
const SHOP = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: c
        image: example.org/shop
        ports: [{containerPort: 80}]
        readinessProbe: {httpGet: {path: /, port: 80}}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80, targetPort: 80}]}
`
const RUNNING = JSON.stringify({
  status: {
    phase: 'Running',
    podIP: '127.0.0.1',
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [
      {
        name: 'c',
        image: 'example.org/web',
        imageID: '',
        ready: true,
        restartCount: 0,
        state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
      },
    ],
  },
})

const CONTEXT = { user: { name: 'test', groups: ['system:masters'] }, warn: () => undefined }
const found = kubectls()

describe.skipIf(found.length === 0)('kubectl (skipped without a kubectl in PATH or KUBECTL_BINARIES)', () => {
  let backend: Server

  beforeAll(async () => {
    backend = createServer((request, response) => response.end(`web ${request.url}\n`))
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => {
    backend.closeAllConnections()
    backend.close()
  })

  for (const kubectl of found) {
    describe(kubectl.version, () => commands(kubectl, () => (backend.address() as AddressInfo).port))
  }
})

function commands(kubectl: Kubectl, backendPort: () => number): void {
  let api: TestApiServer
  let session: KubectlSession
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'portolan-kubectl-'))
    const nodeAgent = localNodeAgent({
      logLines: ['one', 'two', 'three'],
      portOf: backendPort,
      nextLogLine: async (signal) =>
        await new Promise((resolve, reject) => {
          const timer = setTimeout(() => resolve('tick'), 50)
          signal.addEventListener('abort', () => {
            clearTimeout(timer)
            reject(new Error('aborted'))
          })
        }),
    })
    api = await testApiServer({ nodeAgent, backendPort: backendPort() })
    session = new KubectlSession(kubectl, { kubeconfig: api.kubeconfig, cacheDir: join(folder, 'cache') })
    await writeFile(join(folder, 'pod.yaml'), POD)
    await writeFile(join(folder, 'shop.yaml'), SHOP)
  })
  afterAll(async () => {
    await api[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
    expect(api.log.entries.filter(({ level }) => level === 'error')).toEqual([])
  })

  async function ok(args: string, options?: RunOptions): Promise<string> {
    const ran = await run(args, options)
    if (ran.code !== 0) throw new Error(`kubectl ${args}: exit ${ran.code}\n${ran.stdout}${ran.stderr}`)
    return ran.stdout
  }
  async function run(args: string, options?: RunOptions): Promise<Ran> {
    return await session.run(words(args), options)
  }
  /** Splits at spaces, but not inside single quotes. */
  const words = (args: string): string[] =>
    [...args.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word)

  it('version, cluster-info, api-versions, api-resources', async () => {
    expect(await ok('version')).toContain('v1.34.0+portolan')
    expect(await ok('cluster-info')).toContain(api.config.server)
    expect((await ok('api-versions')).split('\n')).toContain('discovery.k8s.io/v1')
    expect(await ok('api-resources')).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m)
    expect(await ok("get --raw '/readyz?verbose'")).toContain('readyz check passed')
  })

  it('apply makes, then leaves alone', async () => {
    expect(await ok(`apply -f ${folder}/pod.yaml`)).toBe('pod/web created\n')
    expect(await ok(`apply -f ${folder}/pod.yaml`)).toBe('pod/web unchanged\n')
    expect(await ok(`apply -f ${folder}/shop.yaml`)).toBe(
      'deployment.apps/shop created\nservice/shop created\n',
    )
    expect(await ok(`apply --server-side --force-conflicts -f ${folder}/shop.yaml`)).toContain(
      'shop serverside-applied',
    )
    await ok(`patch pod web --type=merge -p '{"metadata":{"labels":{"tier":"front"}}}'`)
    await setPodStatus()
  })

  /** `--subresource` came with kubectl 1.24: the kubelet's part is written in the registry. */
  async function setPodStatus(): Promise<void> {
    const request = {
      type: 'strategic',
      patch: JSON.parse(RUNNING) as unknown,
      subresource: 'status',
    } as const
    await api.registry.patch(PODS, { namespace: 'default', name: 'web' }, request, CONTEXT)
  }

  it('get shows tables', async () => {
    expect(await ok('get pods')).toMatch(
      /^NAME +READY +STATUS +RESTARTS +AGE\nweb +1\/1 +Running +0 +\d+s\n$/,
    )
    expect(await ok('get pods -o wide')).toMatch(
      /web +1\/1 +Running +0 +\d+s +127.0.0.1 +node-a +<none> +<none>/,
    )
    expect(await ok('get pods -A')).toMatch(/^default +web /m)
    expect(await ok('get svc,deploy')).toMatch(/service\/shop +ClusterIP +10\.96\.\d+\.\d+ +<none> +80\/TCP/)
    expect(await ok('get deploy -o wide')).toMatch(/shop +0\/2 +0 +0 +\d+s +c +example.org\/shop +app=shop/)
    expect(await ok('get all')).toMatch(/pod\/web[^]*service\/shop[^]*deployment.apps\/shop/)
  })

  it('get selects and prints', async () => {
    expect(await ok('get pods -l app=web -o name')).toBe('pod/web\n')
    expect(await ok('get pods -l app=other -o name')).toBe('')
    expect(await ok('get pods --field-selector metadata.name=web -o name')).toBe('pod/web\n')
    expect(await ok('get pods --field-selector spec.nodeName=node-b -o name')).toBe('')
    expect(await ok('get pod web -o jsonpath={.metadata.labels.tier}')).toBe('front')
    expect(JSON.parse(await ok('get pods -o json'))).toMatchObject({ kind: 'List', items: [{ kind: 'Pod' }] })
    expect(await ok('get pod web -o yaml')).toContain('kind: Pod\n')
    expect((await run('get pod nope')).stderr).toBe('Error from server (NotFound): pods "nope" not found\n')
  })

  it('get -w follows', async () => {
    const child = session.start(['get', 'pods', '-w'])
    await printed(child, /web/)
    const more = printed(child, /web/)
    await ok('annotate pod web watched=yes')
    await more
    child.kill()
  })

  it('describe', async () => {
    expect(await ok('describe pod web')).toMatch(/^Name: +web\n/)
    expect(await ok('describe service shop')).toMatch(/^Selector: +app=shop$/m)
    expect(await ok('describe deployment shop')).toMatch(/^Replicas: +2 desired/m)
  })

  it('label, annotate, patch, edit, scale, set image', async () => {
    await ok('label pod web colour=blue')
    await ok('annotate pod web note=text')
    await ok(`patch pod web -p '{"metadata":{"labels":{"colour":"red"}}}'`)
    await ok(`patch pod web --type json -p '[{"op":"add","path":"/metadata/labels/shape","value":"round"}]'`)
    await writeFile(join(folder, 'editor'), '#!/bin/sh\nsed -i "s/colour: red/colour: green/" "$1"\n', {
      mode: 0o755,
    })
    await ok('edit pod web', { env: { EDITOR: join(folder, 'editor') } })
    expect(await ok('get pod web -o jsonpath={.metadata.labels.colour},{.metadata.labels.shape}')).toBe(
      'green,round',
    )
    await ok('scale deployment shop --replicas=3')
    await ok('set image deployment/shop c=example.org/shop:2')
    const fields = 'jsonpath={.spec.replicas},{.spec.template.spec.containers[0].image}'
    expect(await ok(`get deploy shop -o ${fields}`)).toBe('3,example.org/shop:2')
  })

  it('create, expose, run, delete', async () => {
    expect(await ok('create configmap made --from-literal=a=b')).toBe('configmap/made created\n')
    expect(await ok('create deployment made --image=example.org/made')).toBe('deployment.apps/made created\n')
    expect(await ok('create service nodeport made --tcp=80')).toBe('service/made created\n')
    expect(await ok('create secret generic made --from-literal=a=b')).toBe('secret/made created\n')
    expect(await ok('create namespace made')).toBe('namespace/made created\n')
    expect(await ok('expose deployment made --port=80 --name=exposed')).toMatch(/service\/exposed exposed/)
    expect(await ok('run made --image=example.org/made')).toBe('pod/made created\n')
    expect((await run('create configmap made')).stderr).toMatch(/configmaps "made" already exists/)
    expect(await ok('delete configmap,deployment,secret made')).toMatch(/configmap "made" deleted/)
    expect(await ok('delete svc made exposed')).toMatch(/service "made" deleted/)
    expect(await ok('delete pod made --grace-period=0 --force')).toMatch(/pod "made" force deleted/)
    expect(await ok('get pods,svc -l run=made -o name')).toBe('')
  })

  it('refuses unknown fields', async () => {
    const text = POD.replace('image: example.org/web', 'image: x, nope: 1').replace(
      'name: web,',
      'name: bad,',
    )
    const { code, stderr } = await run('apply -f -', { stdin: text })
    expect(code).toBe(1)
    expect(stderr).toMatch(/unknown field "(spec.containers\[0\].)?nope"/)
  })

  it('wait and rollout status', async () => {
    expect(await ok('wait --for=condition=Ready pod/web --timeout=5s')).toBe('pod/web condition met\n')
    const observedGeneration = Number(await ok('get deploy shop -o jsonpath={.metadata.generation}'))
    const status = {
      observedGeneration,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
    }
    const request = { type: 'merge', patch: { status }, subresource: 'status' } as const
    await api.registry.patch(DEPLOYMENTS, { namespace: 'default', name: 'shop' }, request, CONTEXT)
    expect(await ok('rollout status deployment/shop --timeout=5s')).toMatch(/successfully rolled out/)
  })

  it('logs', async () => {
    expect(await ok('logs web')).toBe('one\ntwo\nthree\n')
    expect(await ok('logs web --tail=1')).toBe('three\n')
    expect((await run('logs web -p')).stderr).toMatch(/previous terminated container "c" in pod/)
    expect((await run('logs web -c nope')).stderr).toMatch(/container nope is not valid for pod web/)
    const child = session.start(['logs', '-f', 'web'])
    await printed(child, /three\ntick\ntick\n/)
    child.kill()
  })

  it('exec and attach', async () => {
    const ran = await run("exec web -- sh -c 'echo out; echo err >&2; exit 3'")
    expect(ran).toMatchObject({ code: 3, stdout: 'out\n' })
    expect(ran.stderr).toMatch(/^err\n/)
    expect(await ok('exec -i web -- cat', { stdin: 'hello' })).toBe('hello')
    const large = 'x'.repeat(3_000_000)
    expect((await ok('exec -i web -- wc -c', { stdin: large })).trim()).toBe('3000000')
    expect(await ok("exec web -- sh -c 'head -c 900000 /dev/zero | tr \\\\0 y'")).toBe('y'.repeat(900_000))
    expect((await run('exec web -- /no/such/program')).stderr).toMatch(
      /Internal error occurred: error executing command/,
    )
    expect(await ok('attach -i web', { stdin: 'attached' })).toBe('attached')
  })

  it('cp both ways', async () => {
    await writeFile(join(folder, 'there'), 'some data\n')
    await ok(`cp ${folder}/there web:${folder}/copied`)
    expect(await readFile(join(folder, 'copied'), 'utf8')).toBe('some data\n')
    await ok(`cp web:${folder}/copied ${folder}/back`)
    expect(await readFile(join(folder, 'back'), 'utf8')).toBe('some data\n')
  })

  it('port-forward, one connection after another', async () => {
    const child = session.start(['port-forward', 'pod/web', ':80'])
    const text = await printed(child, /Forwarding from 127.0.0.1:\d+/)
    const port = /127\.0\.0\.1:(\d+)/.exec(text)?.[1]
    for (const path of ['/a', '/b', '/c']) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { Connection: 'close' } })
      expect(await answer.text()).toBe(`web ${path}\n`)
    }
    child.kill()
  })

  it('proxy through the API server', async () => {
    const path = '/api/v1/namespaces/default/pods/web:80/proxy/some/path?q=1'
    expect(await ok(`get --raw ${path}`)).toBe('web /some/path?q=1\n')
    expect((await run('get --raw /api/v1/namespaces/default/services/shop/proxy/')).stderr).toMatch(
      /no endpoints available for service/,
    )
  })

  it('explain', async () => {
    expect(await ok('explain pod.spec.containers')).toMatch(/^ +args\s+<\[\]string>/m)
    expect(await ok('explain deployment --recursive')).toMatch(/^ +progressDeadlineSeconds\s+<integer>/m)
    expect(await ok('explain service.spec.ports.targetPort')).toMatch(/targetPort <(IntOrString|string)>/)
  })
}
