/**
 * What a request that a policy refuses is answered. Pure.
 * kubernetes/apiserver pkg/admission/plugin/policy/validating/{dispatcher,policy_decision}.go.
 */

import { ApiError } from '../../../api/api-error.ts'
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../api/generated/admissionregistration-v1.ts'
import { groupResource } from '../../../api/resource.ts'
import type { AdmissionRequest } from '../admission-request.ts'
import { requestedName } from '../matching.ts'
import type { Denial } from './compiled-policy.ts'

export interface PolicyDenial extends Denial {
  readonly policy: ValidatingAdmissionPolicy
  /** undefined: the policy itself cannot be used */
  readonly binding: ValidatingAdmissionPolicyBinding | undefined
}

const REASONS = ['Unauthorized', 'Forbidden', 'RequestEntityTooLarge', 'Invalid'] as const

/** `configmaps "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ...`, 422 unless the policy says so */
export function denied(request: AdmissionRequest, denial: PolicyDenial): ApiError {
  const { policy, binding } = denial
  const by = binding === undefined ? '' : ` with binding '${binding.metadata.name}'`
  const message = `ValidatingAdmissionPolicy '${policy.metadata.name}'${by} denied request: ${denial.message}`
  const { resource } = request
  const name = requestedName(request) || 'Unknown'
  const reason = REASONS.find((each) => each === denial.reason) ?? 'Invalid'
  return new ApiError(reason, `${groupResource(resource)} ${JSON.stringify(name)} is forbidden: ${message}`, {
    details: {
      name,
      ...(resource.group === '' ? {} : { group: resource.group }),
      kind: resource.resource,
      causes: [{ message }],
    },
  })
}
