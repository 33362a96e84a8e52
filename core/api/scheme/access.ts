/** Rows of the groups that answer questions about access: asked with POST, answered at once, never stored. */

import type { SelfSubjectReview, TokenReview } from '../generated/authentication-v1.ts'
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
} from '../generated/authorization-v1.ts'
import type { ResourceInfo, Verb } from '../resource.ts'
import { define } from './define.ts'

const CREATE: readonly Verb[] = ['create']
const AUTHENTICATION = { group: 'authentication.k8s.io', clusterScoped: true, verbs: CREATE }
const AUTHORIZATION = { group: 'authorization.k8s.io', verbs: CREATE }

export const TOKEN_REVIEWS = define<TokenReview>({
  ...AUTHENTICATION,
  resource: 'tokenreviews',
  singular: 'tokenreview',
  kind: 'TokenReview',
})
export const SELF_SUBJECT_REVIEWS = define<SelfSubjectReview>({
  ...AUTHENTICATION,
  resource: 'selfsubjectreviews',
  singular: 'selfsubjectreview',
  kind: 'SelfSubjectReview',
})
export const SUBJECT_ACCESS_REVIEWS = define<SubjectAccessReview>({
  ...AUTHORIZATION,
  resource: 'subjectaccessreviews',
  singular: 'subjectaccessreview',
  kind: 'SubjectAccessReview',
  clusterScoped: true,
})
export const LOCAL_SUBJECT_ACCESS_REVIEWS = define<LocalSubjectAccessReview>({
  ...AUTHORIZATION,
  resource: 'localsubjectaccessreviews',
  singular: 'localsubjectaccessreview',
  kind: 'LocalSubjectAccessReview',
})
export const SELF_SUBJECT_ACCESS_REVIEWS = define<SelfSubjectAccessReview>({
  ...AUTHORIZATION,
  resource: 'selfsubjectaccessreviews',
  singular: 'selfsubjectaccessreview',
  kind: 'SelfSubjectAccessReview',
  clusterScoped: true,
})
export const SELF_SUBJECT_RULES_REVIEWS = define<SelfSubjectRulesReview>({
  ...AUTHORIZATION,
  resource: 'selfsubjectrulesreviews',
  singular: 'selfsubjectrulesreview',
  kind: 'SelfSubjectRulesReview',
  clusterScoped: true,
})

/** In the order of discovery documents. */
export const ACCESS_RESOURCES: readonly ResourceInfo[] = [
  TOKEN_REVIEWS,
  SELF_SUBJECT_REVIEWS,
  SUBJECT_ACCESS_REVIEWS,
  LOCAL_SUBJECT_ACCESS_REVIEWS,
  SELF_SUBJECT_ACCESS_REVIEWS,
  SELF_SUBJECT_RULES_REVIEWS,
]
