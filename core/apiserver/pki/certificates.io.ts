/** Makes certificates: the one file that knows the certificate library. Loaded only when one must be made. */

import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import type { KeyPair } from './credentials.ts'

export interface Subject {
  readonly commonName: string
  readonly organizations: readonly string[]
}

export interface Validity {
  readonly fromMs: number
  readonly untilMs: number
}

export interface CertificateRequest {
  readonly subject: Subject
  readonly usages: readonly ('server' | 'client')[]
  readonly validity: Validity
  readonly names?: readonly string[]
  readonly addresses?: readonly string[]
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
/** Clocks of a machine and its containers differ a little. */
const BACKDATED_MS = 3_600_000

/** @returns a self-signed certificate that may sign others */
export async function makeAuthority(subject: Subject, validity: Validity): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common(subject, validity),
    name: nameOf(subject),
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificate: pemText(certificate.toString('pem')), key: await keyText(keys.privateKey) }
}

/** @returns a certificate with a new key, signed by `authority` */
export async function issueCertificate(authority: KeyPair, request: CertificateRequest): Promise<KeyPair> {
  const issuer = new x509.X509Certificate(authority.certificate)
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const alternatives = [
    ...(request.names ?? []).map((value) => ({ type: 'dns', value }) as const),
    ...(request.addresses ?? []).map((value) => ({ type: 'ip', value }) as const),
  ]
  const certificate = await x509.X509CertificateGenerator.create({
    ...common(request.subject, request.validity),
    subject: nameOf(request.subject),
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      new x509.ExtendedKeyUsageExtension(
        request.usages.map((usage) => x509.ExtendedKeyUsage[`${usage}Auth`]),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : []),
    ],
  })
  return { certificate: pemText(certificate.toString('pem')), key: await keyText(keys.privateKey) }
}

function common(_subject: Subject, { fromMs, untilMs }: Validity) {
  const serial = crypto.getRandomValues(new Uint8Array(16))
  // A leading bit of 0 keeps the integer positive, another of 1 its length.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  return {
    serialNumber: Buffer.from(serial).toString('hex'),
    notBefore: new Date(fromMs - BACKDATED_MS),
    notAfter: new Date(untilMs),
    signingAlgorithm: ALGORITHM,
  }
}

/** Attribute order is O then CN, as kubeadm writes it. */
function nameOf({ commonName, organizations }: Subject): x509.Name {
  const attributes = [...organizations.map((O) => ({ O: [O] })), { CN: [commonName] }]
  return new x509.Name(attributes)
}

async function signingKey(pem: string): Promise<CryptoKey> {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  return await crypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign'])
}

async function keyText(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key))
  return pemText(x509.PemConverter.encode(der, 'PRIVATE KEY'))
}

const pemText = (pem: string): string => `${pem.trimEnd()}\n`
