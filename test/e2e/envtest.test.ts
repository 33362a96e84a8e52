/** Under the name of kube-apiserver, started with the flags and files that controller-runtime's envtest has for it. */

import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemoteJWKSet, customFetch, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { issueCertificate, makeAuthority } from '../../core/apiserver/pki/certificates.io.ts'
import type { KeyPair } from '../../core/apiserver/pki/credentials.ts'
import { ask } from '../support/ask.io.ts'
import type { Answer, Ask, Asked } from '../support/ask.io.ts'
import { noEtcd, startEtcd } from '../support/etcd.io.ts'
import { freePort } from '../support/free-port.io.ts'
import { eventually, PORTOLAN } from '../support/test-host.io.ts'

const DAY_MS = 86_400_000
const PODS = '/api/v1/namespaces/default/pods'

let folder: string
let child: ChildProcess | undefined
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'portolan-envtest-'))))
afterEach(async () => {
  await ended('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function ended(signal: NodeJS.Signals): Promise<number | null> {
  if (child === undefined) return null
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal)
    await once(child, 'exit')
  }
  return child.exitCode
}

/** The program as envtest finds it: a file of that name in its folder of assets. */
function kubeApiServer(): string {
  const assets = join(folder, 'assets')
  mkdirSync(assets)
  const program = join(assets, 'kube-apiserver')
  symlinkSync(PORTOLAN, program)
  return program
}

const output = (program: string, args: readonly string[]): Promise<{ code: number; text: string }> =>
  new Promise((resolve) => {
    execFile(program, args, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), text: stdout + stderr }),
    )
  })

interface Files {
  readonly certDir: string
  /** who signed the server's certificate */
  readonly caCertificate: string
  /** for an administrator, by an authority for clients alone */
  readonly admin: KeyPair
}

/** What envtest makes before it starts the server: an authority for each purpose. */
async function madeFiles(): Promise<Files> {
  const certDir = join(folder, 'certs')
  mkdirSync(certDir)
  const write = (name: string, text: string): void => writeFileSync(join(certDir, name), text)
  const validity = { fromMs: Date.now() - DAY_MS, untilMs: Date.now() + DAY_MS }
  const authority = (name: string): Promise<KeyPair> =>
    makeAuthority({ commonName: name, organizations: ['test'] }, validity)
  const servers = await authority('servers')
  const clients = await authority('clients')
  const server = await issueCertificate(servers, {
    subject: { commonName: 'localhost', organizations: [] },
    usages: ['server'],
    validity,
    names: ['localhost'],
    addresses: ['127.0.0.1'],
  })
  const admin = await issueCertificate(clients, {
    subject: { commonName: 'admin', organizations: ['system:masters'] },
    usages: ['client'],
    validity,
  })
  const tokens = await authority('tokens')
  write('apiserver.crt', server.certificate)
  write('apiserver.key', server.key)
  write('client-cert-auth-ca.crt', clients.certificate)
  write('sa-signer.crt', tokens.certificate)
  write('sa-signer.key', tokens.key)
  return { certDir, caCertificate: servers.certificate, admin }
}

interface Started {
  readonly issuer: string
  readonly request: (path: string, how?: Ask) => Promise<Answer>
}

async function started(
  { certDir, caCertificate, admin }: Files,
  ...more: readonly string[]
): Promise<Started> {
  const port = await freePort()
  const issuer = `https://127.0.0.1:${port}/`
  const args = [
    '--allow-privileged=true',
    '--authorization-mode=RBAC',
    '--bind-address=127.0.0.1',
    `--cert-dir=${certDir}`,
    `--client-ca-file=${join(certDir, 'client-cert-auth-ca.crt')}`,
    '--disable-admission-plugins=ServiceAccount',
    `--secure-port=${port}`,
    `--service-account-issuer=${issuer}`,
    `--service-account-key-file=${join(certDir, 'sa-signer.crt')}`,
    `--service-account-signing-key-file=${join(certDir, 'sa-signer.key')}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    ...more,
  ]
  child = spawn(kubeApiServer(), args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const api: Asked = { server: { port }, pki: { caCertificate, admin } }
  await eventually('the server', async () =>
    (await ask(api, '/healthz', { as: 'nobody' })).code === 200 ? true : undefined,
  )
  return { issuer, request: (path, how) => ask(api, path, how) }
}

describe('an API server for envtest', () => {
  const test = it.skipIf(noEtcd !== undefined)
  if (noEtcd !== undefined) it.skip(noEtcd, () => undefined)

  test('runs on the etcd it is given, with certificates it is given, and stops when it is told to', async () => {
    await using etcd = await startEtcd()
    const { request } = await started(await madeFiles(), `--etcd-servers=${etcd.url}`)
    const who = await request('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      method: 'POST',
      body: '{}',
    })
    expect(who.json()).toMatchObject({
      status: { userInfo: { username: 'admin', groups: ['system:masters', 'system:authenticated'] } },
    })
    // No controller makes accounts here, and none is asked for.
    const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
    expect((await request(PODS, { method: 'POST', body: JSON.stringify(pod) })).code).toBe(201)
    expect((await request('/api/v1/namespaces/default/services/kubernetes')).json()).toMatchObject({
      spec: { clusterIP: '10.0.0.1' },
    })
    expect(await ended('SIGTERM')).toBe(0)
  }, 60_000)

  it('signs tokens with the key, and in the name, that it is given', async () => {
    const files = await madeFiles()
    const { issuer, request } = await started(files)
    const account = '/api/v1/namespaces/default/serviceaccounts'
    expect((await request(account, { method: 'POST', body: '{"metadata":{"name":"a"}}' })).code).toBe(201)
    const answer = await request(`${account}/a/token`, { method: 'POST', body: '{}' })
    const { token } = (answer.json() as { status: { token: string } }).status
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'ES256' })
    expect(decodeJwt(token)).toMatchObject({ iss: issuer, aud: [issuer] })
    const jwks = createRemoteJWKSet(new URL(`${issuer}openid/v1/jwks`), {
      [customFetch]: async (url) => new Response((await request(new URL(url).pathname)).text),
    })
    const { payload } = await jwtVerify(token, jwks, { issuer })
    expect(payload.sub).toBe('system:serviceaccount:default:a')
    const review = { method: 'POST', body: JSON.stringify({ spec: { token } }) }
    expect((await request('/apis/authentication.k8s.io/v1/tokenreviews', review)).json()).toMatchObject({
      status: { authenticated: true, audiences: [issuer] },
    })
    expect((await request('/.well-known/openid-configuration')).json()).toMatchObject({
      issuer,
      id_token_signing_alg_values_supported: ['ES256'],
    })
  }, 60_000)

  it('takes RSA keys, and knows tokens by several', async () => {
    const files = await madeFiles()
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const [key, pub] = [join(folder, 'rsa.key'), join(folder, 'rsa.pub')]
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    writeFileSync(pub, publicKey.export({ type: 'spki', format: 'pem' }))
    const flags = [`--service-account-signing-key-file=${key}`, `--service-account-key-file=${pub}`]
    const { request } = await started(files, ...flags)
    const account = '/api/v1/namespaces/default/serviceaccounts'
    await request(account, { method: 'POST', body: '{"metadata":{"name":"a"}}' })
    const answer = await request(`${account}/a/token`, { method: 'POST', body: '{}' })
    const { token } = (answer.json() as { status: { token: string } }).status
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'RS256' })
    const asAccount = { as: 'nobody' as const, headers: { authorization: `Bearer ${token}` } }
    expect((await request('/apis', asAccount)).code).toBe(200)
    const { keys } = (await request('/openid/v1/jwks')).json() as { keys: readonly { alg: string }[] }
    expect(keys.map(({ alg }) => alg)).toEqual(['ES256', 'RS256'])
  }, 60_000)

  it('knows the tokens of a file, the groups of their users included', async () => {
    const file = join(folder, 'tokens.csv')
    writeFileSync(file, 'admin-token,admin,,"system:masters,dev"\nplain,bob,7\n\n')
    const { issuer, request } = await started(await madeFiles(), `--token-auth-file=${file}`)
    const as = (token: string): Ask => ({ as: 'nobody', headers: { authorization: `Bearer ${token}` } })
    expect((await request('/api/v1/nodes', as('admin-token'))).code).toBe(200)
    expect((await request('/api/v1/nodes', as('plain'))).text).toContain('User \\"bob\\" cannot list')
    expect((await request('/api/v1/nodes', as('other'))).code).toBe(401)
    const review = async (spec: object): Promise<unknown> => {
      const body = JSON.stringify({ spec })
      const path = '/apis/authentication.k8s.io/v1/tokenreviews'
      return (await request(path, { method: 'POST', body })).json()['status']
    }
    const groups = ['system:masters', 'dev', 'system:authenticated']
    expect(await review({ token: 'admin-token' })).toEqual({
      authenticated: true,
      user: { username: 'admin', groups },
      audiences: [issuer],
    })
    expect(await review({ token: 'plain', audiences: ['other'] })).toMatchObject({ user: {} })
  }, 60_000)

  it.each([['--authorization-mode=RBAC,AlwaysAllow'], ['--anonymous-auth=false']])(
    'knows nobody who proves nothing with %s',
    async (flag) => {
      const { admin, caCertificate, certDir } = await madeFiles()
      const port = await freePort()
      const files = [`--cert-dir=${certDir}`, `--client-ca-file=${join(certDir, 'client-cert-auth-ca.crt')}`]
      child = spawn(kubeApiServer(), [flag, ...files, `--secure-port=${port}`], { stdio: 'ignore' })
      const api: Asked = { server: { port }, pki: { caCertificate, admin } }
      expect((await eventually('the server', () => ask(api, '/api/v1/nodes'))).code).toBe(200)
      expect((await ask(api, '/healthz', { as: 'nobody' })).code).toBe(401)
    },
    60_000,
  )

  it('leaves the certificate it made where it was to look for one', async () => {
    const { admin } = await madeFiles()
    const own = join(folder, 'own')
    const port = await freePort()
    child = spawn(kubeApiServer(), [`--cert-dir=${own}`, `--secure-port=${port}`], { stdio: 'ignore' })
    const files = ['apiserver.crt', 'apiserver.key'].map((name) => join(own, name))
    const [certificate = '', key = ''] = files
    await eventually('the certificate', async () => (existsSync(certificate) ? true : undefined))
    expect(files.map((file) => statSync(file).mode & 0o777)).toEqual([0o644, 0o600])
    // It is trusted for itself.
    const caCertificate = readFileSync(certificate, 'utf8')
    const answered = async (): Promise<number> =>
      (await ask({ server: { port }, pki: { caCertificate, admin } }, '/version', { as: 'nobody' })).code
    expect(await eventually('the server', answered)).toBe(200)
    expect(readFileSync(key, 'utf8')).toContain('PRIVATE KEY')
  }, 60_000)

  it('says that it has no insecure port', async () => {
    const { code, text } = await output(kubeApiServer(), ['--help'])
    expect([code, text.includes('--secure-port'), text.includes('insecure-port')]).toEqual([0, true, false])
  })

  it('says which file is not what it should be', async () => {
    const { certDir } = await madeFiles()
    const program = kubeApiServer()
    const nothing = join(folder, 'nothing')
    const broken = join(folder, 'broken')
    writeFileSync(broken, 'no key')
    const short = join(folder, 'short.csv')
    writeFileSync(short, 'token,bob\n')
    const of = (name: string): string => join(certDir, name)
    const rows: readonly [readonly string[], string][] = [
      [['--client-ca-file', nothing], `--client-ca-file: ${nothing}: ENOENT: no such file or directory`],
      [['--client-ca-file', broken], `--client-ca-file: ${broken}: `],
      [['--tls-cert-file', of('apiserver.crt')], '--tls-cert-file and --tls-private-key-file go together'],
      [
        ['--tls-cert-file', of('apiserver.crt'), '--tls-private-key-file', of('sa-signer.key')],
        `--tls-private-key-file: ${of('sa-signer.key')}: it is not the key of ${of('apiserver.crt')}`,
      ],
      [
        ['--service-account-key-file', broken],
        `--service-account-key-file: ${broken}: data does not contain any valid RSA or ECDSA public keys`,
      ],
      [['--service-account-signing-key-file', of('sa-signer.crt')], '--service-account-signing-key-file: '],
      [
        ['--token-auth-file', short],
        `--token-auth-file: ${short}: must have at least 3 columns (token, user name,`,
      ],
      [['--advertise-address', 'here'], '--advertise-address: "here" is not an IP address'],
    ]
    const said = await Promise.all(rows.map(([args]) => output(program, args)))
    expect(
      said.map(({ code, text }, index) => [code, text.startsWith(`portolan: ${rows[index]?.[1]}`) || text]),
    ).toEqual(rows.map(() => [2, true]))
  }, 60_000)
})
