import { describe, expect, it } from 'vitest'
import { ApiError } from '../../core/api/api-error.ts'
import { parseCertificateRequest } from '../../core/api/certificate-request.ts'
import { CERTIFICATE_SIGNING_REQUESTS as REQUESTS } from '../../core/api/scheme.ts'
import {
  ED25519_REQUEST,
  JANE_REQUEST,
  MASTERS_REQUEST,
  RSA_REQUEST,
} from '../support/certificate-requests.ts'
import type { Loose } from './fixture.ts'
import { fixture } from './fixture.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const CLIENT = 'kubernetes.io/kube-apiserver-client'
const body = (spec: object = {}): Loose => ({
  metadata: { name: 'Jane' },
  spec: { request: base64(JANE_REQUEST), signerName: CLIENT, usages: ['client auth'], ...spec },
})

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'done'
  } catch (error) {
    if (error instanceof ApiError) return error.message
    throw error
  }
}

describe('what a request says', () => {
  it.each([
    [JANE_REQUEST, 'jane', ['dev']],
    [MASTERS_REQUEST, 'jane', ['system:masters']],
    [RSA_REQUEST, 'rsa', []],
    [ED25519_REQUEST, 'ed', []],
  ])('is read, and its signature is right', (pem, commonName, organizations) => {
    expect(parseCertificateRequest(pem)).toEqual({ commonName, organizations, signatureFault: undefined })
  })

  it('is not believed when something was changed', () => {
    const [, inner = ''] = /REQUEST-----\n([\s\S]*?)-----END/.exec(JANE_REQUEST) ?? []
    const bytes = Buffer.from(inner, 'base64')
    const at = bytes.indexOf('jane')
    bytes.write('joan', at)
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
    expect(parseCertificateRequest(pem).signatureFault).toBe('x509: ECDSA verification failure')
  })

  it('is read to no end but one, however it is cut', () => {
    const [, inner = ''] = /REQUEST-----\n([\s\S]*?)-----END/.exec(JANE_REQUEST) ?? []
    const bytes = Buffer.from(inner, 'base64')
    for (let length = 1; length < bytes.length; length += 1) {
      const cut = bytes.subarray(0, length).toString('base64')
      const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${cut}\n-----END CERTIFICATE REQUEST-----\n`
      expect(() => parseCertificateRequest(pem)).toThrow(/^asn1: /)
    }
  })
})

describe('a certificate signing request', () => {
  it('is of whoever made it, and undecided', async () => {
    const { create, names } = await fixture()
    const made = await create(REQUESTS, {
      ...body({ username: 'somebody', groups: ['all'] }),
      status: { certificate: base64('x') },
    })
    expect(made.spec).toMatchObject({ username: 'test', groups: ['system:masters'] })
    expect(made.status).toEqual({})
    expect(names(REQUESTS, { fieldSelector: `spec.signerName=${CLIENT}` })).toEqual(['Jane'])
  })

  it.each<[object, string]>([
    [
      { request: base64('x') },
      'spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST',
    ],
    [{ usages: [] }, 'spec.usages: Required value'],
    [{ usages: ['fun'] }, 'spec.usages[0]: Unsupported value: "fun": supported values: "any", "cert sign"'],
    [{ usages: ['any', 'any'] }, 'spec.usages[1]: Duplicate value: "any"'],
    [{ signerName: '' }, 'spec.signerName: Required value'],
    [
      { signerName: 'x' },
      `spec.signerName: Invalid value: "x": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
    ],
    [
      { signerName: 'kubernetes.io/legacy-unknown' },
      'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
    ],
    [
      { expirationSeconds: 1 },
      'spec.expirationSeconds: Invalid value: 1: may not specify a duration less than 600 seconds (10 minutes)',
    ],
    [
      { request: base64(MASTERS_REQUEST) },
      `certificatesigningrequests.certificates.k8s.io "Jane" is forbidden: use of ${CLIENT} signer with system:masters group is not allowed`,
    ],
  ])('with %j is refused', async (spec, message) => {
    const { create } = await fixture()
    expect(await refusal(create(REQUESTS, body(spec)))).toContain(message)
  })

  it('is approved through /approval, once and for all', async () => {
    const { create, update } = await fixture()
    const made = await create(REQUESTS, body())
    const approve = { ...made, status: { conditions: [{ type: 'Approved', status: 'True', reason: 'r' }] } }
    expect((await update(REQUESTS, approve)).status).toEqual({})
    const approved = await update(REQUESTS, approve, 'approval')
    expect(approved.status.conditions).toEqual([
      {
        type: 'Approved',
        status: 'True',
        reason: 'r',
        lastUpdateTime: '2026-01-01T00:00:00Z',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ])
    const taken = { ...approved, status: { conditions: [] } }
    expect(await refusal(update(REQUESTS, taken, 'approval'))).toContain(
      'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
    )
    const both = [...approved.status.conditions, { type: 'Denied', status: 'True' }]
    expect(
      await refusal(update(REQUESTS, { ...approved, status: { conditions: both } }, 'approval')),
    ).toContain(
      'status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    )
  })

  it('is not approved through /status, nor given no certificate there', async () => {
    const { create, update } = await fixture()
    const made = await create(REQUESTS, body())
    const approve = { ...made, status: { conditions: [{ type: 'Approved', status: 'True' }] } }
    expect(await refusal(update(REQUESTS, approve, 'status'))).toContain(
      'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
    )
    expect(
      await refusal(update(REQUESTS, { ...made, status: { certificate: base64('x') } }, 'status')),
    ).toContain(
      'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
    )
  })

  it('is approved by those who may approve for its signer', async () => {
    const { create, registry, context } = await fixture()
    const made = await create(REQUESTS, body())
    const approve = { ...made, status: { conditions: [{ type: 'Approved', status: 'True' }] } }
    const user = { name: 'joe', groups: [] }
    const asked = registry.update(REQUESTS, { name: 'Jane', subresource: 'approval' }, approve, {
      ...context,
      user,
    })
    expect(await refusal(asked)).toBe(
      `certificatesigningrequests.certificates.k8s.io "Jane" is forbidden: user not permitted to approve requests with signerName "${CLIENT}"`,
    )
  })
})
