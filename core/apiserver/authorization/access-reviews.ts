/**
 * Questions about access, answered at once: may this user do that, what may I do here. Pure, given who decides.
 * kubernetes/kubernetes pkg/registry/authorization, pkg/apis/authorization/validation/validation.go.
 */

import { invalid } from '../../api/api-error.ts'
import type { FieldError } from '../../api/field-error.ts'
import type {
  LocalSubjectAccessReview,
  NonResourceAttributes,
  ResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewStatus,
  SubjectRulesReviewStatus,
} from '../../api/generated/authorization-v1.ts'
import { badRequest } from '../../api/api-error.ts'
import type { ObjectMeta } from '../../api/generated/meta-v1.ts'
import { invalidValue, when } from '../../api/validation/faults.ts'
import type { User } from '../requests/request.ts'
import type { Access } from './access.ts'
import type { Attributes } from './attributes.ts'
import { faultsText } from './rbac.ts'
import type { AskedSelectors } from './review-selectors.ts'
import { askedSelectors, selectorFaults } from './review-selectors.ts'

interface Question {
  readonly resourceAttributes?: ResourceAttributes | undefined
  readonly nonResourceAttributes?: NonResourceAttributes | undefined
}

/** @returns the review with its status. @throws ApiError Invalid */
export function selfReview(
  access: Access,
  review: SelfSubjectAccessReview,
  user: User,
): SelfSubjectAccessReview {
  refuse([...questionFaults(review.spec), ...metadataFaults(review, false)])
  return { ...review, status: statusOf(access, review.spec, user) }
}

/** @returns the review with its status. @throws ApiError Invalid */
export function subjectReview(access: Access, review: SubjectAccessReview): SubjectAccessReview {
  refuse([...questionFaults(review.spec), ...subjectFaults(review), ...metadataFaults(review, false)])
  return { ...review, status: statusOf(access, review.spec, subjectOf(review)) }
}

/** @returns the review with its status. @throws ApiError Invalid, BadRequest */
export function localSubjectReview(
  access: Access,
  review: LocalSubjectAccessReview,
  namespace: string,
): LocalSubjectAccessReview {
  const { spec } = review
  refuse([
    ...questionFaults(spec),
    ...subjectFaults(review),
    ...when(spec.nonResourceAttributes !== undefined, () =>
      invalidValue(
        'spec.nonResourceAttributes',
        spec.nonResourceAttributes,
        'disallowed on this kind of request',
      ),
    ),
    ...metadataFaults(review, true),
  ])
  const asked = spec.resourceAttributes?.namespace ?? ''
  if (asked !== namespace) {
    throw badRequest(
      `spec.resourceAttributes.namespace must match namespace: ${JSON.stringify(asked)} vs ${JSON.stringify(namespace)}`,
    )
  }
  return { ...review, status: statusOf(access, spec, subjectOf(review)) }
}

/** @returns the review with all that the user may do in its namespace. @throws ApiError BadRequest */
export function rulesReview(
  access: Access,
  review: SelfSubjectRulesReview,
  user: User,
): SelfSubjectRulesReview {
  const { namespace } = review.spec
  if (!namespace) throw badRequest('no namespace on request')
  const { rules, faults, isIncomplete } = access.rulesFor(user, namespace)
  const status: SubjectRulesReviewStatus = {
    resourceRules: rules.flatMap(({ verbs, apiGroups, resources, resourceNames, nonResourceURLs = [] }) =>
      nonResourceURLs.length > 0
        ? []
        : [{ verbs, apiGroups, resources, ...(resourceNames ? { resourceNames } : {}) }],
    ),
    nonResourceRules: rules.flatMap(({ verbs, nonResourceURLs = [] }) =>
      nonResourceURLs.length > 0 ? [{ verbs, nonResourceURLs }] : [],
    ),
    incomplete: isIncomplete,
    ...(faults.length === 0 ? {} : { evaluationError: faultsText(faults) }),
  }
  // What was asked is not said again.
  return { ...review, spec: {} as SelfSubjectRulesReview['spec'], status }
}

function statusOf(access: Access, question: Question, user: User): SubjectAccessReviewStatus {
  const { resourceAttributes } = question
  const selectors = resourceAttributes && askedSelectors(resourceAttributes)
  const { allowed, reason } = access.authorize(attributesOf(question, user, selectors))
  const faults = selectors?.faults ?? []
  return {
    allowed,
    ...(reason === '' ? {} : { reason }),
    ...(faults.length === 0 ? {} : { evaluationError: faults.join('; ') }),
  }
}

function attributesOf(
  { resourceAttributes, nonResourceAttributes }: Question,
  user: User,
  selectors: AskedSelectors | undefined,
): Attributes {
  if (resourceAttributes === undefined) {
    const { path = '', verb = '' } = nonResourceAttributes ?? {}
    return { user, verb, target: { kind: 'path', path } }
  }
  const {
    verb = '',
    group = '',
    version = '',
    resource = '',
    subresource = '',
    name = '',
  } = resourceAttributes
  const { namespace = '' } = resourceAttributes
  const { fieldSelector } = selectors ?? {}
  const named = { group, version, resource, subresource, namespace, name }
  return { user, verb, target: { kind: 'resource', ...named, fieldSelector } }
}

function subjectOf({ spec }: SubjectAccessReview | LocalSubjectAccessReview): User {
  const { user: name = '', groups = [], uid, extra } = spec
  return { name, groups, uid, extra }
}

function questionFaults({ resourceAttributes, nonResourceAttributes }: Question): readonly FieldError[] {
  return [
    ...when(resourceAttributes !== undefined && nonResourceAttributes !== undefined, () =>
      invalidValue(
        'spec.nonResourceAttributes',
        nonResourceAttributes,
        'cannot be specified in combination with resourceAttributes',
      ),
    ),
    ...when(resourceAttributes === undefined && nonResourceAttributes === undefined, () =>
      invalidValue(
        'spec.resourceAttributes',
        undefined,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    ),
    ...(resourceAttributes ? selectorFaults(resourceAttributes) : []),
  ]
}

function subjectFaults({ spec }: SubjectAccessReview | LocalSubjectAccessReview): readonly FieldError[] {
  return when(!spec.user && (spec.groups ?? []).length === 0, () =>
    invalidValue('spec.user', spec.user ?? '', 'at least one of user or group must be specified'),
  )
}

/** Reviews are stored nowhere: a name means nothing. The namespace of a local one is that of the request. */
function metadataFaults(
  { metadata }: { readonly metadata?: object },
  isLocal: boolean,
): readonly FieldError[] {
  const { managedFields: _, namespace, ...rest } = { ...metadata } as ObjectMeta
  const isEmpty = Object.keys(rest).length === 0 && (isLocal || namespace === undefined)
  const detail = isLocal ? 'must be empty except for namespace' : 'must be empty'
  return when(!isEmpty, () =>
    invalidValue('metadata', { ...rest, ...(namespace ? { namespace } : {}) }, detail),
  )
}

/** Upstream has lost the kind by then. */
function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: 'authorization.k8s.io', kind: '' }, '', errors)
}
