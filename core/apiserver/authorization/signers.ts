/**
 * Who may approve, sign or make certificate signing requests. Pure.
 * kubernetes/kubernetes plugin/pkg/admission/certificates/{approval,signing,subjectrestriction}.
 */

import { forbidden } from '../../api/api-error.ts'
import { parseCertificateRequest } from '../../api/certificate-request.ts'
import { isSameValue } from '../../api/equality.ts'
import type { CertificateSigningRequest } from '../../api/generated/certificates-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { groupResource } from '../../api/resource.ts'
import { CERTIFICATE_SIGNING_REQUESTS } from '../../api/scheme.ts'
import type { EnabledPlugins } from '../admission/plugins.ts'
import type { User } from '../requests/request.ts'
import type { Authorizer } from './attributes.ts'

export interface SigningChange {
  readonly user: User
  readonly resource: ResourceInfo
  readonly subresource: string | undefined
  readonly object: KubernetesObject
  /** undefined: it is new */
  readonly old: KubernetesObject | undefined
  /** which of these questions are asked at all */
  readonly plugins: EnabledPlugins
}

const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client'
const MASTERS = 'system:masters'

/** @throws ApiError Forbidden for an approval, signature or request that is not the user's to make */
export function refuseSigning(authorizer: Authorizer, change: SigningChange): void {
  if (groupResource(change.resource) !== groupResource(CERTIFICATE_SIGNING_REQUESTS)) return
  const request = change.object as CertificateSigningRequest
  const old = change.old as CertificateSigningRequest | undefined
  const { signerName } = request.spec
  const { user, plugins } = change
  const refuse = (reason: string): Error => forbidden(change.resource, request.metadata.name, reason)
  if (old === undefined) {
    const isJudged = plugins.has('CertificateSubjectRestriction') && signerName === CLIENT_SIGNER
    if (isJudged && isOfMasters(request))
      throw refuse(`use of ${CLIENT_SIGNER} signer with ${MASTERS} group is not allowed`)
    return
  }
  const isApproval = plugins.has('CertificateApproval') && change.subresource === 'approval'
  if (isApproval && !mayUse(authorizer, { user, verb: 'approve', signerName }))
    throw refuse(`user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`)
  const isSigning =
    plugins.has('CertificateSigning') && change.subresource === 'status' && hasNewOutcome(request, old)
  if (isSigning && !mayUse(authorizer, { user, verb: 'sign', signerName }))
    throw refuse(`user not permitted to sign requests with signerName ${JSON.stringify(signerName)}`)
}

function isOfMasters({ spec }: CertificateSigningRequest): boolean {
  return parseCertificateRequest(Buffer.from(spec.request, 'base64').toString()).organizations.includes(
    MASTERS,
  )
}

function hasNewOutcome(request: CertificateSigningRequest, old: CertificateSigningRequest): boolean {
  const failures = ({ status }: CertificateSigningRequest): unknown =>
    (status?.conditions ?? []).filter(({ type }) => type === 'Failed')
  return (
    (request.status?.certificate ?? '') !== (old.status?.certificate ?? '') ||
    !isSameValue(failures(request), failures(old))
  )
}

/** By the signer's name, or all of its domain. */
function mayUse(
  authorizer: Authorizer,
  { user, verb, signerName }: { readonly user: User; readonly verb: string; readonly signerName: string },
): boolean {
  const domain = signerName.split('/')[0] ?? ''
  return [signerName, `${domain}/*`].some(
    (name) =>
      authorizer.authorize({
        user,
        verb,
        target: {
          kind: 'resource',
          group: CERTIFICATE_SIGNING_REQUESTS.group,
          version: '*',
          resource: 'signers',
          subresource: '',
          namespace: '',
          name,
        },
      }).allowed,
  )
}
