/**
 * CertificateSigningRequests (kubernetes/kubernetes pkg/apis/certificates/validation/validation.go). Pure. What an old
 * object has already is not held against the new one.
 */

import { X509Certificate } from 'node:crypto'
import { parseCertificateRequest } from '../certificate-request.ts'
import { isSameValue } from '../equality.ts'
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../generated/certificates-v1.ts'
import type { Faults } from './faults.ts'
import {
  choice,
  duplicate,
  forbiddenField,
  invalidTexts,
  invalidValue,
  notSupported,
  repeated,
  required,
  when,
} from './faults.ts'
import { dnsLabelFaults, dnsSubdomainFaults } from './names.ts'
import { changeText } from './persistent-volume.ts'

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]
const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown'
const MIN_SECONDS = 600
const CONDITIONS = 'status.conditions'
const CERTIFICATE = 'status.certificate'
/** Conditions that cannot be taken back. */
const DECISIONS = ['Approved', 'Denied'] as const
const LASTING = [...DECISIONS, 'Failed'] as const

type Conditions = readonly CertificateSigningRequestCondition[]

/** Faults of a request, metadata aside. @param old undefined when it is new */
export function validateSigningRequest(
  request: CertificateSigningRequest,
  old?: CertificateSigningRequest,
): Faults {
  const { spec, status } = request
  const { signerName, expirationSeconds: seconds } = spec
  const isLegacy = signerName === LEGACY_SIGNER && old?.spec.signerName !== LEGACY_SIGNER
  return [
    ...contentFaults(spec.request ?? ''),
    ...usageFaults(spec.usages ?? [], old?.spec.usages ?? []),
    ...(isLegacy
      ? [
          invalidValue(
            'spec.signerName',
            signerName,
            'the legacy signerName is not allowed via this API version',
          ),
        ]
      : signerFaults(signerName ?? '')),
    ...when(seconds !== undefined && seconds < MIN_SECONDS, () =>
      invalidValue(
        'spec.expirationSeconds',
        seconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    ),
    ...conditionFaults(status?.conditions ?? [], old?.status?.conditions ?? []),
    ...(status?.certificate === old?.status?.certificate ? [] : certificateFaults(status?.certificate ?? '')),
  ]
}

function contentFaults(content: string): Faults {
  try {
    const { signatureFault } = parseCertificateRequest(Buffer.from(content, 'base64').toString())
    return signatureFault === undefined ? [] : [invalidValue('spec.request', content, signatureFault)]
  } catch (error) {
    return [
      invalidValue('spec.request', content || null, error instanceof Error ? error.message : String(error)),
    ]
  }
}

function usageFaults(usages: readonly string[], before: readonly string[]): Faults {
  const at = (index: number): string => `spec.usages[${index}]`
  const isUnknown = (usage: string): boolean => !USAGES.includes(usage)
  return [
    ...when(usages.length === 0, () => required('spec.usages')),
    ...(before.some(isUnknown)
      ? []
      : usages.flatMap((usage, index) =>
          when(isUnknown(usage), () => notSupported(at(index), usage, USAGES)),
        )),
    ...(new Set(before).size < before.length
      ? []
      : repeated(usages, (usage) => usage).map((index) => duplicate(at(index), usages[index]))),
  ]
}

/** `example.com/signer-name` */
function signerFaults(name: string): Faults {
  const field = 'spec.signerName'
  if (name === '') return [required(field)]
  const [domain = '', path, ...more] = name.split('/')
  if (path === undefined || more.length > 0) {
    const form = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
    return [invalidValue(field, name, form)]
  }
  const labels = domain.split('.')
  const bad = labels.find((label) => dnsLabelFaults(label).length > 0)
  return [
    ...(bad === undefined
      ? []
      : dnsLabelFaults(bad).map((fault) =>
          invalidValue(field, domain, `validating label ${JSON.stringify(bad)}: ${fault}`),
        )),
    ...when(labels.length < 2, () =>
      invalidValue(field, domain, 'should be a domain with at least two segments separated by dots'),
    ),
    ...invalidTexts(field, path, dnsSubdomainFaults),
  ]
}

function conditionFaults(conditions: Conditions, before: Conditions): Faults {
  const types = (list: Conditions): readonly string[] => list.map(({ type }) => type ?? '')
  const isDecidedTwice = (list: Conditions): boolean => DECISIONS.every((type) => types(list).includes(type))
  const hadDuplicates = new Set(types(before)).size < before.length
  const hadEmpty = types(before).includes('')
  const again = new Set(hadDuplicates ? [] : repeated(conditions, ({ type }) => type ?? ''))
  return conditions.flatMap(({ type = '', status }, index) => {
    const at = `${CONDITIONS}[${index}]`
    const isFinal = LASTING.some((lasting) => lasting === type)
    const other = DECISIONS.find((decision) => decision !== type)
    const isContradiction =
      DECISIONS.some((decision) => decision === type) &&
      types(conditions.slice(0, index)).includes(other ?? '')
    return [
      ...when(type === '' && !hadEmpty, () => required(`${at}.type`)),
      ...choice(`${at}.status`, status, isFinal ? ['True'] : ['False', 'True', 'Unknown']),
      ...when(isContradiction && !isDecidedTwice(before), () =>
        invalidValue(`${at}.type`, type, 'Approved and Denied conditions are mutually exclusive'),
      ),
      ...when(again.has(index), () => duplicate(`${at}.type`, type)),
    ]
  })
}

function certificateFaults(base64: string): Faults {
  if (base64 === '') return []
  const fault = (detail: string): Faults => [invalidValue(CERTIFICATE, '<certificate data>', detail)]
  const pem = Buffer.from(base64, 'base64').toString()
  const blocks = [...pem.matchAll(/-----BEGIN ([^-\n]+)-----[\s\S]*?-----END \1-----/g)]
  if (blocks.length === 0) return fault('must contain at least one CERTIFICATE PEM block')
  const other = blocks.find(([, label]) => label !== 'CERTIFICATE')?.[1]
  if (other !== undefined)
    return fault(`only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(other)}`)
  if (blocks.some(([text]) => text.includes(': '))) return fault('no PEM block headers are permitted')
  return blocks.every(([text]) => isCertificate(text)) ? [] : fault('x509: malformed certificate')
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    // No certificate: that is the answer.
    return false
  }
}

/** What a way of writing may change. */
interface Allowed {
  readonly decisions?: boolean
  readonly certificate?: boolean
}

/** Faults of a changed request, through the object itself, /approval or /status. */
export function validateSigningRequestUpdate(
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
  allowed: Allowed = {},
): Faults {
  const found = (of: CertificateSigningRequest, wanted: string): Conditions =>
    (of.status?.conditions ?? []).filter(({ type }) => type === wanted)
  return [
    ...validateSigningRequest(request, old),
    ...LASTING.flatMap((type) =>
      when(found(request, type).length < found(old, type).length, () =>
        forbiddenField(CONDITIONS, `updates may not remove a condition of type ${JSON.stringify(type)}`),
      ),
    ),
    ...(allowed.decisions
      ? []
      : DECISIONS.flatMap((type) => decisionFaults(type, found(request, type), found(old, type)))),
    ...certificateChangeFaults(request.status?.certificate ?? '', old.status?.certificate ?? '', allowed),
  ]
}

function decisionFaults(type: string, now: Conditions, before: Conditions): Faults {
  const name = JSON.stringify(type)
  if (now.length > before.length)
    return [forbiddenField(CONDITIONS, `updates may not add a condition of type ${name}`)]
  return when(now.length === before.length && !isSameValue(now, before), () =>
    forbiddenField(
      CONDITIONS,
      `updates may not modify a condition of type ${name}\n${changeText(before, now)}`,
    ),
  )
}

function certificateChangeFaults(now: string, before: string, { certificate }: Allowed): Faults {
  if (now === before) return []
  if (!certificate) return [forbiddenField(CERTIFICATE, 'updates may not set certificate content')]
  return when(before !== '', () =>
    forbiddenField(CERTIFICATE, 'updates may not modify existing certificate content'),
  )
}
