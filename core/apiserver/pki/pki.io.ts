/**
 * The cluster's certificates in `<data dir>/pki`: an authority of our own, the API server's certificate and the
 * administrator's. What is there and still good is used as it is; the rest is made.
 *
 * Reading needs no certificate library; it is loaded only when something must be made. Keys are ECDSA P-256.
 */

import { X509Certificate, createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { writeFileAtomically } from '../../client/atomic-file.io.ts'
import { FRONT_PROXY_NAME } from '../aggregation/front-proxy.ts'
import type { CertificateRequest, Subject } from './certificates.io.ts'
import type { KeyPair, ServerCredentials } from './credentials.ts'

export interface Pki extends ServerCredentials {
  /** O=system:masters */
  readonly admin: KeyPair
  /** PEM; signs service account tokens */
  readonly serviceAccountKey: string
  /** A client certificate for another user, not kept. */
  issueClient(user: { readonly name: string; readonly groups: readonly string[] }): Promise<KeyPair>
}

export interface PkiOptions {
  /** made when it does not exist */
  readonly directory: string
  /** besides localhost, 127.0.0.1 and the names of Service default/kubernetes: its ClusterIP, node addresses */
  readonly addresses: readonly string[]
  readonly names?: readonly string[] | undefined
  /** milliseconds since 1970 */
  readonly nowMs: number
}

const DAY_MS = 86_400_000
const CA_LIFETIME_MS = 3650 * DAY_MS
const LIFETIME_MS = 365 * DAY_MS
/** Certificates this near their end are made anew. */
const RENEWAL_MS = 30 * DAY_MS

const SERVER_NAMES = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
]

const CA_SUBJECT = { commonName: 'portolan-ca', organizations: [] }
const SERVER_SUBJECT = { commonName: 'kube-apiserver', organizations: [] }
const FRONT_PROXY_CA_SUBJECT = { commonName: 'portolan-front-proxy-ca', organizations: [] }
const FRONT_PROXY_SUBJECT = { commonName: FRONT_PROXY_NAME, organizations: [] }
const ADMIN_SUBJECT = { commonName: 'kubernetes-admin', organizations: ['system:masters'] }

/** Opens or makes the certificates. Rejects with the file system's error when the directory cannot be used. */
export async function openPki(options: PkiOptions): Promise<Pki> {
  const { directory, nowMs } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const keptAuthority = (file: string, subject: Subject): Promise<KeyPair> =>
    kept(join(directory, file), {
      isGood: (pair) => isFresh(pair, nowMs),
      make: async () => {
        const { makeAuthority } = await import('./certificates.io.ts')
        return await makeAuthority(subject, { fromMs: nowMs, untilMs: nowMs + CA_LIFETIME_MS })
      },
    })
  const authority = await keptAuthority('ca', CA_SUBJECT)
  const frontProxyAuthority = await keptAuthority('front-proxy-ca', FRONT_PROXY_CA_SUBJECT)
  const names = [...new Set([...SERVER_NAMES, ...(options.names ?? [])])]
  const addresses = [...new Set(['127.0.0.1', ...options.addresses])]
  const server = await kept(join(directory, 'apiserver'), {
    isGood: (pair) => isIssued(pair, { authority, nowMs }) && covers(pair, [...names, ...addresses]),
    make: async () => await issue({ subject: SERVER_SUBJECT, usages: ['server'], names, addresses }),
  })
  const admin = await kept(join(directory, 'admin'), {
    isGood: (pair) => isIssued(pair, { authority, nowMs }),
    make: async () => await issue({ subject: ADMIN_SUBJECT, usages: ['client'] }),
  })
  const frontProxyClient = await kept(join(directory, 'front-proxy-client'), {
    isGood: (pair) => isIssued(pair, { authority: frontProxyAuthority, nowMs }),
    make: async () => await issue({ subject: FRONT_PROXY_SUBJECT, usages: ['client'] }, frontProxyAuthority),
  })
  const serviceAccountKey = await keptKey(join(directory, 'sa'))
  return {
    serviceAccountKey,
    caCertificate: authority.certificate,
    serverCertificate: server.certificate,
    serverKey: server.key,
    frontProxyCaCertificate: frontProxyAuthority.certificate,
    frontProxyClient,
    admin,
    issueClient: async ({ name, groups }) =>
      await issue({ subject: { commonName: name, organizations: groups }, usages: ['client'] }),
  }

  async function issue(request: Omit<CertificateRequest, 'validity'>, signer: KeyPair = authority) {
    const { issueCertificate } = await import('./certificates.io.ts')
    const validity = { fromMs: nowMs, untilMs: nowMs + LIFETIME_MS }
    return await issueCertificate(signer, { ...request, validity })
  }
}

interface Keeping {
  readonly isGood: (pair: KeyPair) => boolean
  readonly make: () => Promise<KeyPair>
}

/** @param path without `.crt` and `.key` */
async function kept(path: string, { isGood, make }: Keeping): Promise<KeyPair> {
  const existing = await read(path)
  if (existing !== undefined && isGood(existing)) return existing
  const pair = await make()
  // The key first: a certificate without its key would look complete to other readers.
  await writeFileAtomically(`${path}.key`, pair.key, 0o600)
  await writeFileAtomically(`${path}.crt`, pair.certificate, 0o644)
  return pair
}

/** @param path without `.key` and `.pub`. @returns the private key, made when there is none */
async function keptKey(path: string): Promise<string> {
  const existing = await textOf(`${path}.key`)
  if (existing !== undefined && isPrivateKey(existing)) return existing
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await writeFileAtomically(`${path}.key`, key, 0o600)
  await writeFileAtomically(
    `${path}.pub`,
    publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    0o644,
  )
  return key
}

function isPrivateKey(text: string): boolean {
  try {
    return createPrivateKey(text).asymmetricKeyType === 'ec'
  } catch {
    return false
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function read(path: string): Promise<KeyPair | undefined> {
  const [certificate, key] = await Promise.all([textOf(`${path}.crt`), textOf(`${path}.key`)])
  return certificate === undefined || key === undefined ? undefined : { certificate, key }
}

/** Not near its end, not from the future, and of that key. Damaged files are not fresh. */
function isFresh({ certificate, key }: KeyPair, nowMs: number): boolean {
  try {
    const parsed = new X509Certificate(certificate)
    const isCurrent = Date.parse(parsed.validFrom) <= nowMs && Date.parse(parsed.validTo) - RENEWAL_MS > nowMs
    return isCurrent && parsed.checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

function isIssued(pair: KeyPair, { authority, nowMs }: { authority: KeyPair; nowMs: number }): boolean {
  if (!isFresh(pair, nowMs)) return false
  const issuer = new X509Certificate(authority.certificate)
  return new X509Certificate(pair.certificate).verify(issuer.publicKey)
}

function covers({ certificate }: KeyPair, subjects: readonly string[]): boolean {
  const parsed = new X509Certificate(certificate)
  return subjects.every((subject) =>
    isIP(subject) === 0 ? parsed.checkHost(subject) !== undefined : parsed.checkIP(subject) !== undefined,
  )
}
