/** What users of every kubectl there is see of authentication and authorization: `auth`, `--as`, `create role`. */

import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeKubeconfig } from '../../core/client/kubeconfig.io.ts'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import type { Kubectl, Ran, RunOptions } from '../support/kubectl.io.ts'
import { KubectlSession, eachKubectl } from '../support/kubectl.io.ts'

const JANE = ['--as', 'jane', '--as-group', 'dev', '--as-group', 'system:authenticated']

const RECONCILED = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reconciled}
rules:
- {apiGroups: [""], resources: [pods], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reconciled}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reconciled}
subjects: [{kind: Group, name: ops, apiGroup: rbac.authorization.k8s.io}]
`

eachKubectl(commands)

function commands(kubectl: Kubectl): void {
  let api: TestApiServer
  let session: KubectlSession

  beforeAll(async () => {
    api = await testApiServer()
    session = new KubectlSession(kubectl, { kubeconfig: api.kubeconfig, cacheDir: join(api.folder, 'cache') })
    await succeed(['create', 'serviceaccount', 'robot'])
  })
  afterAll(async () => await api[Symbol.asyncDispose]())

  const run = (args: readonly string[], options?: RunOptions): Promise<Ran> => session.run(args, options)

  async function succeed(args: readonly string[], options?: RunOptions): Promise<string> {
    const { code, stdout, stderr } = await run(args, options)
    expect(code, stderr).toBe(0)
    return stdout
  }

  /** What `kubectl auth can-i` prints; it exits with 1 for `no`. */
  const canI = async (...args: readonly string[]): Promise<string> =>
    (await run(['auth', 'can-i', ...args])).stdout.trim()

  it('creates roles and bindings imperatively, and they count at once', async () => {
    expect(await canI('list', 'pods', ...JANE)).toBe('no')
    await succeed(['create', 'role', 'reader', '--verb=get,list', '--resource=pods,pods/log'])
    await succeed(['create', 'rolebinding', 'readers', '--role=reader', '--group=dev'])
    expect(await canI('list', 'pods', ...JANE)).toBe('yes')
    expect(await canI('get', 'pods/log', ...JANE)).toBe('yes')
    expect(await canI('list', 'pods', '-n', 'kube-system', ...JANE)).toBe('no')
    expect(await canI('delete', 'pods', ...JANE)).toBe('no')
    await succeed(['create', 'clusterrole', 'metrics', '--verb=get', '--non-resource-url=/metrics'])
    await succeed(['create', 'clusterrolebinding', 'metrics', '--clusterrole=metrics', '--user=jane'])
    expect(await canI('get', '/metrics', ...JANE)).toBe('yes')
    expect(await canI('get', '/configz', ...JANE)).toBe('no')
    expect(await canI('*', '*')).toBe('yes')
    const named = ['create', 'role', 'one', '--verb=get', '--resource=configmaps', '--resource-name=a']
    await succeed(named)
    await succeed(['create', 'rolebinding', 'one', '--role=one', '--user=jane'])
    expect(await canI('get', 'configmaps/a', ...JANE)).toBe('yes')
    expect(await canI('get', 'configmaps/b', ...JANE)).toBe('no')
    const wide = await succeed(['get', 'rolebinding', 'readers', '-o', 'wide'])
    expect(wide).toMatch(
      /^NAME +ROLE +AGE +USERS +GROUPS +SERVICEACCOUNTS *\nreaders +Role\/reader +\S+ +dev/,
    )
    expect(await succeed(['get', 'clusterroles', 'view'])).toMatch(/^NAME +CREATED AT\nview +\d{4}-\S+Z\n$/)
    expect(await succeed(['describe', 'role', 'reader'])).toMatch(/pods\/log +\[\] +\[\] +\[get list\]/)
  })

  it('lists what one may do', async () => {
    const rows = (await canI('--list', ...JANE)).split('\n').map((line) => line.replaceAll(/ +/g, ' ').trim())
    expect(rows[0]).toBe('Resources Non-Resource URLs Resource Names Verbs')
    expect(rows).toContain('pods [] [] [get list]')
    expect(rows).toContain('configmaps [] [a] [get]')
    expect(rows).toContain('selfsubjectaccessreviews.authorization.k8s.io [] [] [create]')
    expect(rows).toContain('[/metrics] [] [get]')
    expect(rows).not.toContain('*.* [] [] [*]')
    expect(await canI('--list')).toMatch(/\*\.\* +\[\] +\[\] +\[\*\]/)
  })

  it('is told what is forbidden', async () => {
    const refused = await run(['get', 'secrets', ...JANE])
    expect(refused.code).toBe(1)
    expect(refused.stderr.trim()).toBe(
      'Error from server (Forbidden): secrets is forbidden: User "jane" cannot list resource "secrets" in API group ' +
        '"" in the namespace "default"',
    )
    const named = await run(['delete', 'deployment', 'web', ...JANE])
    expect(named.stderr.trim()).toBe(
      'Error from server (Forbidden): deployments.apps "web" is forbidden: User "jane" cannot delete resource ' +
        '"deployments" in API group "apps" in the namespace "default"',
    )
    const wide = await run(['get', 'nodes', '--as', 'nobody'])
    expect(wide.stderr).toContain(
      'User "nobody" cannot list resource "nodes" in API group "" at the cluster scope',
    )
    const path = await run(['get', '--raw', '/logs', ...JANE])
    expect(path.stderr.trim()).toBe(
      'Error from server (Forbidden): forbidden: User "jane" cannot get path "/logs"',
    )
  })

  it('gives nobody more than the giver has', async () => {
    await succeed(['create', 'role', 'binder', '--verb=create', '--resource=roles,rolebindings'])
    await succeed(['create', 'rolebinding', 'binder', '--role=binder', '--user=jane'])
    const role = ['create', 'role', 'more', '--verb=get', '--verb=list', '--resource=secrets', ...JANE]
    expect((await run(role)).stderr.trim()).toMatch(
      /roles\.rbac\.authorization\.k8s\.io "more" is forbidden: user "jane" \(groups=\["dev" "system:authenticated"\]\) is attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\], Resources:\["secrets"\], Verbs:\["get" "list"\]\}$/,
    )
    const bind = ['create', 'rolebinding', 'more', '--clusterrole=cluster-admin', '--user=jane', ...JANE]
    expect((await run(bind)).stderr).toContain('{APIGroups:["*"], Resources:["*"], Verbs:["*"]}')
    await succeed(['create', 'role', 'same', '--verb=get', '--resource=pods', ...JANE])
  })

  it('does not move a binding to another role', async () => {
    const patch = '{"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"other"}}'
    const refused = await run(['patch', 'rolebinding', 'readers', '-p', patch])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('cannot change roleRef')
  })

  it('reconciles what is missing', async () => {
    const options = { stdin: RECONCILED }
    await succeed(['auth', 'reconcile', '-f', '-'], options)
    expect(await canI('get', 'pods', '--as', 'x', '--as-group', 'ops')).toBe('yes')
    const emptied = '{"rules":[{"apiGroups":[""],"resources":["services"],"verbs":["get"]}]}'
    await succeed(['patch', 'clusterrole', 'reconciled', '--type', 'merge', '-p', emptied])
    expect(await canI('get', 'pods', '--as', 'x', '--as-group', 'ops')).toBe('no')
    await succeed(['auth', 'reconcile', '-f', '-'], options)
    expect(await canI('get', 'pods', '--as', 'x', '--as-group', 'ops')).toBe('yes')
    expect(await canI('get', 'services', '--as', 'x', '--as-group', 'ops')).toBe('yes')
  })

  /** A token of the robot; kubectl has a command for it since 1.24. */
  async function robotToken(): Promise<string> {
    if (kubectl.minor >= 24) return (await succeed(['create', 'token', 'robot', '--duration=20m'])).trim()
    const path = '/api/v1/namespaces/default/serviceaccounts/robot/token'
    const stdin = '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}'
    const answer = await succeed(['create', '--raw', path, '-f', '-'], { stdin })
    return (JSON.parse(answer) as { readonly status: { readonly token: string } }).status.token
  }

  /** A session that has nothing but the token: with a certificate, that would count. */
  async function withToken(token: string): Promise<(args: readonly string[]) => Promise<Ran>> {
    const kubeconfig = join(api.folder, 'nobody')
    const { server, caCertificate } = api.config
    await writeKubeconfig(kubeconfig, 'nobody', { server, caCertificate })
    const own = new KubectlSession(kubectl, { kubeconfig, cacheDir: join(api.folder, 'nobody-cache') })
    return (args) => own.run([...args, '--token', token])
  }

  it('is a service account with its token', async () => {
    const robot = await withToken(await robotToken())
    const before = await robot(['get', 'pods'])
    expect(before.stderr).toContain(
      'pods is forbidden: User "system:serviceaccount:default:robot" cannot list resource "pods"',
    )
    await succeed(['create', 'rolebinding', 'robots', '--clusterrole=view', '--serviceaccount=default:robot'])
    const after = await robot(['get', 'pods'])
    expect([after.code, after.stderr.trim()]).toEqual([0, 'No resources found in default namespace.'])
    expect((await robot(['auth', 'can-i', 'get', 'secrets'])).stdout.trim()).toBe('no')
    expect(await canI('list', 'pods', '--as', 'system:serviceaccount:default:robot')).toBe('yes')
    const nobody = await withToken('not-a-token')
    expect((await nobody(['get', 'pods'])).stderr).toMatch(/You must be logged in to the server/)
  })

  it.runIf(kubectl.minor >= 28)('says who one is', async () => {
    const me = await succeed(['auth', 'whoami', '-o', 'json', '--as', 'jane', '--as-group', 'dev'])
    expect(JSON.parse(me)).toMatchObject({
      status: { userInfo: { username: 'jane', groups: ['dev', 'system:authenticated'] } },
    })
    const robot = await withToken(await robotToken())
    expect((await robot(['auth', 'whoami'])).stdout).toMatch(
      /Username +system:serviceaccount:default:robot\n.*UID[^]*Groups +\[system:serviceaccounts system:serviceaccounts:default system:authenticated\]/,
    )
  })

  it.runIf(kubectl.minor >= 24)('is refused tokens that live too short, or of nobody', async () => {
    const short = await run(['create', 'token', 'robot', '--duration=5m'])
    expect(short.stderr).toContain('may not specify a duration less than 10 minutes')
    expect((await run(['create', 'token', 'nobody'])).stderr).toContain('serviceaccounts "nobody" not found')
  })
}
