/**
 * Sessions with every kubectl there is: what a person types, and what kube-apiserver's kubectl would print. The API
 * server runs with its controllers; there is no kubelet, so pods stay pending.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startControllers } from '../../core/controllers/controllers.ts'
import { inProcessClient } from '../../core/apiserver/in-process-client.ts'
import { sharedInformers } from '../../core/client/shared-informers.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import type { Kubectl } from '../support/kubectl.io.ts'
import { KubectlSession, eachKubectl } from '../support/kubectl.io.ts'

interface Step {
  /** `kubectl ...`; words in single quotes are one argument */
  readonly run: string
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  /** the whole text, or what must be in it; default: anything */
  readonly out?: string | RegExp
  readonly err?: string | RegExp
  /** default 0 */
  readonly code?: number
  /** only for these minor versions */
  readonly since?: number
  readonly before?: number
}

interface Script {
  readonly name: string
  readonly steps: readonly Step[]
}

const map = (data: string, more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm${more}}\ndata: {${data}}\n`

const SCRIPTS: readonly Script[] = [
  {
    name: 'a deployment is made, changed, rolled back and taken down',
    steps: [
      {
        run: 'create deployment shop --image=example.org/shop:1 --replicas=2',
        out: 'deployment.apps/shop created\n',
      },
      { run: 'create deployment shop --image=x', code: 1, err: /deployments.apps "shop" already exists\n$/ },
      { run: 'wait --for=jsonpath={.status.observedGeneration}=1 deployment/shop', since: 23 },
      { run: 'get deploy shop -o name', out: 'deployment.apps/shop\n' },
      { run: 'get deploy -o custom-columns=N:.metadata.name,R:.spec.replicas', out: 'N      R\nshop   2\n' },
      { run: 'get deploy shop -o jsonpath={.spec.replicas}', out: '2' },
      { run: 'get deploy shop -o go-template={{.kind}}', out: 'Deployment' },
      {
        run: 'get rs -l app=shop',
        out: /^NAME +DESIRED +CURRENT +READY +AGE\nshop-[0-9a-z]+ +2 +2 +0 +\d+s\n$/,
      },
      { run: 'label deployment shop a=b', out: 'deployment.apps/shop labeled\n' },
      {
        run: 'label deployment shop a=c',
        code: 1,
        err: "error: 'a' already has a value (b), and --overwrite is false\n",
      },
      { run: 'label deployment shop a=c --overwrite', out: 'deployment.apps/shop labeled\n' },
      { run: 'label deployment shop a-', out: /^deployment.apps\/shop (un)?labeled\n$/ },
      {
        run: 'annotate deployment shop kubernetes.io/change-cause=first',
        out: 'deployment.apps/shop annotated\n',
      },
      {
        run: 'set image deployment/shop shop=example.org/shop:2',
        out: 'deployment.apps/shop image updated\n',
      },
      { run: 'set env deployment/shop A=1', out: 'deployment.apps/shop env updated\n' },
      { run: 'scale deployment shop --replicas=3', out: 'deployment.apps/shop scaled\n' },
      {
        run: 'scale deployment shop --replicas=4 --current-replicas=7',
        code: 1,
        err: 'error: Expected replicas to be 7, was 3\n',
      },
      {
        run: 'edit deployment shop',
        env: { EDITOR: 'sed -i s/replicas:.3/replicas:\\ 2/' },
        out: 'deployment.apps/shop edited\n',
      },
      {
        run: 'rollout history deployment shop',
        out: /^deployment.apps\/shop \nREVISION {2}CHANGE-CAUSE\n1 .*\n2 +first\n/,
      },
      { run: 'rollout history deployment shop --revision=1', out: /Image:\s+example.org\/shop:1/ },
      { run: 'rollout undo deployment shop --to-revision=1', out: 'deployment.apps/shop rolled back\n' },
      { run: 'get deploy shop -o jsonpath={..image}', out: 'example.org/shop:1' },
      { run: 'rollout pause deployment shop', out: 'deployment.apps/shop paused\n' },
      { run: 'rollout restart deployment shop', code: 1, err: /can't restart paused deployment/ },
      { run: 'rollout resume deployment shop', out: 'deployment.apps/shop resumed\n' },
      { run: 'rollout restart deployment shop', out: 'deployment.apps/shop restarted\n' },
      { run: 'rollout status deployment shop --watch=false', out: /^Waiting for deployment / },
      { run: 'expose deployment shop --port=80', out: 'service/shop exposed\n' },
      { run: 'describe service shop', out: /^Endpoints: +(<none>)?\n?/m },
      { run: 'describe deployment shop', out: /^Replicas: +2 desired/m },
      { run: 'delete deployment shop --cascade=orphan', out: 'deployment.apps "shop" deleted\n', since: 20 },
      { run: 'get rs -l app=shop -o name', out: /^replicaset.apps\/shop-/ },
      { run: 'delete rs -l app=shop --cascade=foreground', out: /^replicaset.apps "shop-.*" deleted\n/ },
      { run: 'get pods -l app=shop -o name', out: '' },
      { run: 'delete svc shop', out: /^service "shop" deleted/ },
    ],
  },
  {
    name: 'configuration is applied from both sides, with conflicts',
    steps: [
      { run: 'apply -f -', stdin: map('a: b'), out: 'configmap/cm created\n' },
      { run: 'apply -f -', stdin: map('a: b'), out: 'configmap/cm unchanged\n' },
      { run: 'diff -f -', stdin: map('a: d'), code: 1, out: /^- {2}a: b\n\+ {2}a: d$/m },
      { run: 'apply -f -', stdin: map('a: c'), out: 'configmap/cm configured\n' },
      {
        run: 'apply --dry-run=server -f -',
        stdin: map('a: e'),
        out: 'configmap/cm configured (server dry run)\n',
      },
      { run: 'get cm cm -o jsonpath={.data}', out: /^(map\[a:c\]|\{"a":"c"\})$/ },
      {
        run: 'apply --server-side --field-manager=other -f -',
        stdin: map('a: e'),
        code: 1,
        err: /^error: Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1( at \S+)?: \.data\.a\nPlease review the fields above/,
      },
      {
        run: 'apply --server-side --field-manager=other --force-conflicts -f -',
        stdin: map('a: e'),
        out: 'configmap/cm serverside-applied\n',
      },
      {
        run: 'apply --server-side --field-manager=third -f -',
        stdin: map('a: e, z: 1'.replace('1', '"1"')),
        out: 'configmap/cm serverside-applied\n',
      },
      {
        run: 'apply --server-side --field-manager=third -f -',
        stdin: map('a: e'),
        out: 'configmap/cm serverside-applied\n',
      },
      { run: 'get cm cm -o jsonpath={.data.z}', out: '' },
      {
        run: 'apply --server-side --field-manager=third --validate=false -f -',
        stdin: `${map('a: e')}dta: {}\n`,
        code: 1,
        err: /failed to create typed patch object \(default\/cm; \/v1, Kind=ConfigMap\): \.dta: field not declared in schema/,
      },
      { before: 26, run: 'apply view-last-applied configmap cm', out: /^apiVersion: v1\ndata:\n {2}a: c\n/ },
      { run: 'replace -f -', stdin: map('a: r'), out: 'configmap/cm replaced\n' },
      {
        run: 'replace -f -',
        stdin: map('a: r', ', resourceVersion: "1"'),
        code: 1,
        err: 'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on configmaps "cm": the object has been modified; please apply your changes to the latest version and try again\n',
      },
      {
        run: 'replace --force -f -',
        stdin: map('a: r'),
        out: 'configmap "cm" deleted\nconfigmap/cm replaced\n',
      },
      { run: 'delete -f -', stdin: map(''), out: /^configmap "cm" deleted/ },
      {
        run: 'delete -f -',
        stdin: map(''),
        code: 1,
        err: 'Error from server (NotFound): error when deleting "STDIN": configmaps "cm" not found\n',
      },
      { run: 'delete cm cm --ignore-not-found', out: '' },
    ],
  },
  {
    name: 'create and the kinds of patches refuse what upstream refuses',
    steps: [
      { run: 'create -f -', stdin: map('a: b'), out: 'configmap/cm created\n' },
      {
        run: 'create -f -',
        stdin: map('a: b'),
        code: 1,
        err: 'Error from server (AlreadyExists): error when creating "STDIN": configmaps "cm" already exists\n',
      },
      {
        run: 'create --dry-run=server -f -',
        stdin: map('a: b', '2'),
        out: 'configmap/cm2 created (server dry run)\n',
      },
      { run: 'get cm cm2', code: 1, err: 'Error from server (NotFound): configmaps "cm2" not found\n' },
      {
        run: 'create --validate=strict -f -',
        stdin: `${map('a: b', '2')}dta: {}\n`,
        since: 25,
        code: 1,
        err: 'Error from server (BadRequest): error when creating "STDIN": ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta"\n',
      },
      {
        run: 'create --validate=warn -f -',
        stdin: `${map('a: b', '3')}dta: {}\n`,
        since: 25,
        err: 'Warning: unknown field "dta"\n',
      },
      { run: 'create --validate=ignore -f -', stdin: `${map('a: b', '4')}dta: {}\n`, since: 25, err: '' },
      {
        run: `patch cm cm --type=json -p '[{"op":"replace","path":"/data/a","value":"j"}]'`,
        out: 'configmap/cm patched\n',
      },
      {
        run: `patch cm cm --type=json -p '[{"op":"test","path":"/data/a","value":"x"}]'`,
        code: 1,
        err: /^The request is invalid/,
      },
      { run: `patch cm cm --type=merge -p '{"data":{"a":"m"}}'`, out: 'configmap/cm patched\n' },
      { run: `patch cm cm --type=merge -p '{"data":{"a":"m"}}'`, out: 'configmap/cm patched (no change)\n' },
      { run: `patch cm cm -p '{"data":{"a":null,"s":"1"}}'`, out: 'configmap/cm patched\n' },
      {
        run: `patch cm cm -p '{"data":{"s":1}}'`,
        code: 1,
        err: /patch: Invalid value: "map\[data:map\[s:1\]\]": /,
      },
      { run: `patch cm cm -p '{"data":{"s":"2"}}' --dry-run=server -o jsonpath={.data.s}`, out: '2' },
      { run: 'get cm cm -o jsonpath={.data}', out: /^(map\[s:1\]|\{"s":"1"\})$/ },
      {
        run: 'create service nodeport bad --tcp=80 --node-port=1',
        code: 1,
        err: /spec\.ports\[0\]\.nodePort: Invalid value: 1: /,
      },
      { run: 'create quota q --hard=pods=1', out: 'resourcequota/q created\n' },
      { run: 'delete quota q', out: /^resourcequota "q" deleted/ },
      { run: 'delete cm --all', out: /configmap "cm" deleted/ },
    ],
  },
  {
    name: 'lists are selected, sorted, chunked and printed',
    steps: [
      { run: 'create cm a --from-literal=k=1' },
      { run: 'create cm b --from-literal=k=2' },
      { run: 'label cm a b tier=x', out: 'configmap/a labeled\nconfigmap/b labeled\n' },
      { run: 'get cm --chunk-size=1 -l tier=x -o name', out: 'configmap/a\nconfigmap/b\n' },
      { run: 'get cm -l tier=x,tier!=y --field-selector metadata.name!=a -o name', out: 'configmap/b\n' },
      { run: `get cm -l 'tier in (x,y)' --sort-by=.data.k --no-headers`, out: /^a +1 +\d+s\nb +1 +\d+s\n$/ },
      { run: 'get cm a b -L tier', out: /^NAME +DATA +AGE +TIER\na +1 +\d+s +x\nb +1 +\d+s +x\n$/ },
      {
        run: 'get cm -A --show-labels -l tier=x',
        out: /^NAMESPACE +NAME +DATA +AGE +LABELS\ndefault +a +1 +\d+s +tier=x\n/,
      },
      { run: `get cm -l 'a b'`, code: 1, err: /unable to parse requirement: found 'b'/ },
      { run: 'get pods --field-selector spec.foo=1', code: 1, err: /field label not supported: spec.foo/ },
      { run: 'get nonsense', code: 1, err: `error: the server doesn't have a resource type "nonsense"\n` },
      { run: 'get pods -n empty', err: 'No resources found in empty namespace.\n' },
      {
        run: 'get --raw /api/v1/namespaces/default/configmaps/a',
        out: /^\{"kind":"ConfigMap"|^\{"apiVersion":"v1"/,
      },
      { run: 'delete cm -l tier=x', out: /^configmap "a" deleted.*\nconfigmap "b" deleted/ },
    ],
  },
  {
    name: 'nodes are cordoned, tainted, drained',
    steps: [
      {
        run: 'create -f -',
        stdin: 'apiVersion: v1\nkind: Node\nmetadata: {name: node-a}\n',
        out: 'node/node-a created\n',
      },
      { run: 'cordon node-a', out: 'node/node-a cordoned\n' },
      { run: 'cordon node-a', out: 'node/node-a already cordoned\n' },
      {
        run: 'get node node-a',
        out: /^NAME +STATUS +ROLES +AGE +VERSION *\nnode-a +Unknown,SchedulingDisabled +<none> +\d+s/,
      },
      { run: 'uncordon node-a', out: 'node/node-a uncordoned\n' },
      { run: 'taint node node-a k=v:NoSchedule', out: 'node/node-a tainted\n' },
      { run: 'taint node node-a k=v:NoSchedule', code: 1, err: /already has k taint/ },
      { run: 'describe node node-a', out: /^Taints: +k=v:NoSchedule$/m },
      { run: 'taint node node-a k-', out: 'node/node-a untainted\n' },
      { run: `run alone --image=i --overrides={"spec":{"nodeName":"node-a"}}`, out: 'pod/alone created\n' },
      { run: 'drain node-a', code: 1, err: /(cannot delete Pods|declare no controller).*default\/alone/s },
      { run: 'delete pod alone --force --grace-period=0', out: /^pod "alone" force deleted/ },
      { run: 'drain node-a', out: /drained\n$/ },
      { run: 'delete node node-a', out: /^node "node-a" deleted/ },
    ],
  },
  {
    name: 'discovery and schemas',
    steps: [
      { run: 'api-versions', out: /^apps\/v1\n(.*\n)*v1\n/m },
      {
        run: 'api-resources --api-group=apps -o name',
        out: /^controllerrevisions.apps\ndaemonsets.apps\ndeployments.apps\n/,
      },
      { run: 'api-resources --namespaced=false', out: /^nodes +no +v1 +false +Node$/m },
      { run: 'explain configmap.data', out: /^FIELD: +data <map\[string\]string>$/m },
      { run: 'explain deployment.spec.strategy --recursive', out: /^ +maxSurge\t<(IntOrString|string)>$/m },
      { run: 'explain deployment --api-version=apps/v1', out: /^ +spec\t<(DeploymentSpec|Object)>/m },
      { run: 'explain pod.nope', code: 1, err: /^error: field "nope" does not exist\n$/ },
      { run: 'cluster-info', out: /(is running at).*https:\/\/127\.0\.0\.1:/ },
      { run: `get --raw '/livez?verbose'`, out: /^\[\+\]ping ok\n(.*\n)*livez check passed/ },
      { run: 'version', out: /v1\.34\.0\+portolan/ },
    ],
  },
  {
    name: 'a namespace goes with what is in it',
    steps: [
      { run: 'create namespace gone', out: 'namespace/gone created\n' },
      { run: 'create cm inside -n gone', out: 'configmap/inside created\n' },
      { run: 'create secret generic s -n gone --from-literal=a=b', out: 'secret/s created\n' },
      { run: 'create serviceaccount sa -n gone', out: 'serviceaccount/sa created\n' },
      { run: 'create ingress i -n gone --rule=h/*=svc:80', out: 'ingress.networking.k8s.io/i created\n' },
      { run: 'create job j -n gone --image=i', out: 'job.batch/j created\n' },
      {
        run: `create cronjob cj -n gone --image=i '--schedule=* * * * *'`,
        out: 'cronjob.batch/cj created\n',
        since: 21,
      },
      {
        run: 'create pdb p -n gone --selector=a=b --min-available=1',
        out: 'poddisruptionbudget.policy/p created\n',
        since: 21,
      },
      { run: 'delete namespace gone --timeout=15s', out: 'namespace "gone" deleted\n' },
      {
        run: 'get namespace gone',
        code: 1,
        err: 'Error from server (NotFound): namespaces "gone" not found\n',
      },
    ],
  },
]

eachKubectl(scripts)

function scripts(kubectl: Kubectl): void {
  const stack = new AsyncDisposableStack()
  let api: TestApiServer
  let session: KubectlSession

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'portolan-scripts-'))
    stack.defer(async () => await rm(folder, { recursive: true, force: true }))
    api = stack.use(await testApiServer())
    const client = inProcessClient(api.registry, { user: 'test', fieldManager: 'portolan' })
    const { log } = api
    const informers = stack.use(sharedInformers({ client, clock: systemClock, log }))
    const shared = { client, informers, clock: systemClock, log }
    stack.use(startControllers({ ...shared, caCertificate: 'PEM', loadBalancerCIDR: '10.97.0.0/24' }))
    session = new KubectlSession(kubectl, { kubeconfig: api.kubeconfig, cacheDir: join(folder, 'cache') })
  })
  afterAll(async () => {
    expect(api.log.entries.filter(({ level }) => level === 'error')).toEqual([])
    await stack[Symbol.asyncDispose]()
  })

  for (const { name, steps } of SCRIPTS) {
    it(name, { timeout: 120_000 }, async () => {
      for (const step of steps) {
        if (step.since !== undefined && kubectl.minor < step.since) continue
        if (step.before !== undefined && kubectl.minor >= step.before) continue
        await took(session, step)
      }
    })
  }

  it('nothing is tried twice: a get is one request', async () => {
    await session.run(['get', 'cm'])
    const { stderr } = await session.run(['get', 'cm', '--v=8'])
    const requests = stderr.match(/\bGET https:\S+|verb="GET" url="https:[^"]+/g)
    expect(requests).toEqual([expect.stringMatching(/configmaps\?limit=500$/)])
    expect(stderr).not.toMatch(/retry|throttl/i)
  })
}

const words = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word)

/** Texts that are other ones in some versions: 1.34 says from where, 1.27 had a fault. */
const asOf132 = (text: string): string =>
  text.replaceAll(/ deleted from \S+ namespace\n/g, ' deleted\n').replaceAll(/ annotate\n/g, ' annotated\n')

async function took(session: KubectlSession, step: Step): Promise<void> {
  const { stdin = '', env = {} } = step
  const ran = await session.run(words(step.run), { stdin, env })
  const shown = `kubectl ${step.run}\n${ran.stdout}${ran.stderr}`
  expect(ran.code, shown).toBe(step.code ?? 0)
  for (const [text, expected] of [
    [asOf132(ran.stdout), step.out],
    [ran.stderr, step.err],
  ] as const) {
    if (typeof expected === 'string') expect(text, shown).toBe(expected)
    else if (expected !== undefined) expect(text, shown).toMatch(expected)
  }
}
