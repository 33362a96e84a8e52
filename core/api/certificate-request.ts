/**
 * PKCS#10 certificate signing requests: who they are for, and whether whoever made one has the key. Pure.
 * RFC 2986; only as much of DER (X.690) is read as that needs. Messages are those of Go's crypto/x509 where they can be.
 */

import { createPublicKey, verify } from 'node:crypto'

export interface CertificateRequest {
  /** of the subject: the user, for Kubernetes; '' without one, the last of several */
  readonly commonName: string
  /** organizations of the subject: groups, for Kubernetes */
  readonly organizations: readonly string[]
  /** what is wrong with its signature; undefined when nothing is */
  readonly signatureFault: string | undefined
}

interface Element {
  readonly tag: number
  /** all of it */
  readonly bytes: Buffer
  readonly content: Buffer
}

const SEQUENCE = 0x30
const SET = 0x31
const OID = 0x06
const BIT_STRING = 0x03
/** id-at-commonName, 2.5.4.3 */
const COMMON_NAME = '550403'
/** id-at-organizationName, 2.5.4.10 */
const ORGANIZATION = '55040a'

/** Hashes by the OID of the signature's algorithm, in hexadecimal; undefined: the algorithm has its own. */
const ALGORITHMS: ReadonlyMap<string, string | undefined> = new Map([
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
  ['2b6570', undefined],
])

/** @throws Error saying what is wrong with `pem` */
export function parseCertificateRequest(pem: string): CertificateRequest {
  const [, label, body = ''] = /-----BEGIN ([^-\n]+)-----([\s\S]*?)-----END \1-----/.exec(pem) ?? []
  if (label !== 'CERTIFICATE REQUEST') throw new Error('PEM block type must be CERTIFICATE REQUEST')
  const [whole, ...rest] = elementsOf(Buffer.from(body, 'base64'))
  if (whole?.tag !== SEQUENCE || rest.length > 0) throw malformed()
  const [info, algorithm, signature] = elementsOf(whole.content)
  const [, subject, publicKey] = elementsOf(checked(info, SEQUENCE).content)
  const [oid] = elementsOf(checked(algorithm, SEQUENCE).content)
  return {
    commonName: attributesOf(checked(subject, SEQUENCE), COMMON_NAME).at(-1) ?? '',
    organizations: attributesOf(checked(subject, SEQUENCE), ORGANIZATION),
    signatureFault: signatureFault({
      signed: checked(info, SEQUENCE).bytes,
      publicKey: checked(publicKey, SEQUENCE).bytes,
      algorithm: checked(oid, OID).content.toString('hex'),
      // The first byte counts unused bits: none.
      signature: checked(signature, BIT_STRING).content.subarray(1),
    }),
  }
}

const malformed = (): Error => new Error('asn1: structure error: malformed certificate request')

function checked(element: Element | undefined, tag: number): Element {
  if (element?.tag !== tag) throw malformed()
  return element
}

/** The elements one after another in `bytes`. Lengths beyond four bytes are refused. */
function elementsOf(bytes: Buffer): readonly Element[] {
  const elements: Element[] = []
  let at = 0
  while (at < bytes.length) {
    const [tag = 0, short = 0] = bytes.subarray(at, at + 2)
    const extra = short < 0x80 ? 0 : short & 0x7f
    if (extra > 4 || short === 0x80 || at + 2 + extra > bytes.length) throw malformed()
    const length = extra === 0 ? short : bytes.readUIntBE(at + 2, extra)
    const start = at + 2 + extra
    const end = start + length
    if (end > bytes.length) throw new Error('asn1: syntax error: data truncated')
    elements.push({ tag, bytes: bytes.subarray(at, end), content: bytes.subarray(start, end) })
    at = end
  }
  return elements
}

function attributesOf(name: Element, wanted: string): readonly string[] {
  return elementsOf(name.content).flatMap((set) =>
    elementsOf(checked(set, SET).content).flatMap((pair) => {
      const [type, value] = elementsOf(checked(pair, SEQUENCE).content)
      const isWanted = checked(type, OID).content.toString('hex') === wanted
      return isWanted && value ? [value.content.toString()] : []
    }),
  )
}

interface Signed {
  readonly signed: Buffer
  readonly publicKey: Buffer
  readonly algorithm: string
  readonly signature: Buffer
}

function signatureFault({ signed, publicKey, algorithm, signature }: Signed): string | undefined {
  if (!ALGORITHMS.has(algorithm)) return 'x509: cannot verify signature: algorithm unimplemented'
  try {
    const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' })
    if (verify(ALGORITHMS.get(algorithm), signed, key, signature)) return undefined
    return key.asymmetricKeyType === 'rsa'
      ? 'crypto/rsa: verification error'
      : 'x509: ECDSA verification failure'
  } catch {
    // A key that cannot be read has signed nothing.
    return 'x509: cannot verify signature: algorithm unimplemented'
  }
}
