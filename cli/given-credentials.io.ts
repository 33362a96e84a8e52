/**
 * Certificates and keys that `portolan apiserver` is given instead of making its own: the files that kube-apiserver's
 * flags of the same names point at.
 */

import { X509Certificate, createPrivateKey } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { signingKey, verificationKeys } from '../core/apiserver/authentication/token-keys.ts'
import type { SigningKey, VerificationKey } from '../core/apiserver/authentication/token-keys.ts'
import { staticTokens } from '../core/apiserver/authentication/static-tokens.ts'
import type { StaticTokens } from '../core/apiserver/authentication/static-tokens.ts'
import type { KeyPair } from '../core/apiserver/pki/credentials.ts'
import { writeFileAtomically } from '../core/client/atomic-file.io.ts'
import { CliError, EXIT } from './errors.ts'

/** Files with PEM texts. */
export interface CredentialFiles {
  readonly clientCAFile?: string | undefined
  /** where apiserver.crt and apiserver.key are, or are written, when none are named */
  readonly certDir?: string | undefined
  readonly tlsCertFile?: string | undefined
  readonly tlsPrivateKeyFile?: string | undefined
  readonly serviceAccountSigningKeyFile?: string | undefined
  readonly serviceAccountKeyFiles?: readonly string[] | undefined
  /** CSV: token, user, uid, groups */
  readonly tokenAuthFile?: string | undefined
}

export interface GivenCredentials {
  /** whose certificates are good for clients, besides our own authority's */
  readonly clientCA: string | undefined
  readonly serving: KeyPair | undefined
  readonly signingKey: SigningKey | undefined
  readonly verificationKeys: readonly VerificationKey[] | undefined
  readonly staticTokens: StaticTokens | undefined
}

/** Rejects with CliError that names the flag: a file that cannot be read, or is not what it should be. */
export async function givenCredentials(files: CredentialFiles): Promise<GivenCredentials> {
  const { clientCAFile, serviceAccountSigningKeyFile, serviceAccountKeyFiles = [] } = files
  const keys = serviceAccountKeyFiles.flatMap((file) =>
    read('--service-account-key-file', file, verificationKeys),
  )
  return {
    clientCA: clientCAFile === undefined ? undefined : read('--client-ca-file', clientCAFile, certificates),
    serving: servingPair(files),
    signingKey:
      serviceAccountSigningKeyFile === undefined
        ? undefined
        : read('--service-account-signing-key-file', serviceAccountSigningKeyFile, signingKey),
    verificationKeys: keys.length === 0 ? undefined : keys,
    staticTokens: await tokensIn(files.tokenAuthFile),
  }
}

async function tokensIn(file: string | undefined): Promise<StaticTokens | undefined> {
  if (file === undefined) return undefined
  const { parse } = await import('csv-parse/sync')
  const options = { relaxColumnCount: true, skipEmptyLines: true }
  return read('--token-auth-file', file, (text) => staticTokens(parse(text, options)))
}

function servingPair(files: CredentialFiles): KeyPair | undefined {
  const named = files.tlsCertFile !== undefined || files.tlsPrivateKeyFile !== undefined
  const { tlsCertFile, tlsPrivateKeyFile } = named ? files : filesIn(files.certDir)
  if (tlsCertFile === undefined && tlsPrivateKeyFile === undefined) return undefined
  if (tlsCertFile === undefined || tlsPrivateKeyFile === undefined)
    throw new CliError('--tls-cert-file and --tls-private-key-file go together', { exitCode: EXIT.usage })
  const certificate = read('--tls-cert-file', tlsCertFile, certificates)
  return read('--tls-private-key-file', tlsPrivateKeyFile, (key) => {
    if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)))
      throw new Error(`it is not the key of ${tlsCertFile}`)
    return { certificate, key }
  })
}

type ServingFiles = Pick<CredentialFiles, 'tlsCertFile' | 'tlsPrivateKeyFile'>

function filesIn(certDir: string | undefined): ServingFiles {
  if (certDir === undefined) return {}
  const { certificate: tlsCertFile, key: tlsPrivateKeyFile } = servingFiles(certDir)
  return existsSync(tlsCertFile) && existsSync(tlsPrivateKeyFile) ? { tlsCertFile, tlsPrivateKeyFile } : {}
}

const servingFiles = (certDir: string): KeyPair => ({
  certificate: join(certDir, 'apiserver.crt'),
  key: join(certDir, 'apiserver.key'),
})

/** Puts the server's own certificate where whoever named the folder looks for it, as upstream does. */
export async function leaveServingPair(certDir: string, pair: KeyPair): Promise<void> {
  const files = servingFiles(certDir)
  await mkdir(certDir, { recursive: true })
  await writeFileAtomically(files.key, pair.key, 0o600)
  await writeFileAtomically(files.certificate, pair.certificate, 0o644)
}

/** @returns the text, if it begins with a certificate. @throws Error */
function certificates(text: string): string {
  // Reading it tells whether it is one.
  void new X509Certificate(text)
  return text
}

function read<T>(flag: string, file: string, parse: (text: string) => T): T {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new CliError(`${flag}: ${file}: ${message}`, { exitCode: EXIT.usage, cause: error })
  }
}
