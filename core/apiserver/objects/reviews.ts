/** Answers what is asked with POST and never stored: reviews of access, of tokens, of oneself. */

import type { SelfSubjectReview, TokenReview, UserInfo } from '../../api/generated/authentication-v1.ts'
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
} from '../../api/generated/authorization-v1.ts'
import { badRequest } from '../../api/api-error.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { timestamp } from '../../api/timestamp.ts'
import type { ServiceAccountTokens } from '../authentication/service-account-tokens.ts'
import type { StaticTokens } from '../authentication/static-tokens.ts'
import { verifiedStatic } from '../authentication/static-tokens.ts'
import type { Access } from '../authorization/access.ts'
import {
  localSubjectReview,
  rulesReview,
  selfReview,
  subjectReview,
} from '../authorization/access-reviews.ts'
import type { User } from '../requests/request.ts'

export interface Reviewers {
  readonly access: Access
  /** undefined: this server signs no tokens */
  readonly tokens: ServiceAccountTokens | undefined
  readonly staticTokens: StaticTokens
}

export interface Review {
  readonly resource: ResourceInfo
  readonly namespace: string | undefined
  /** decoded */
  readonly object: KubernetesObject
  readonly user: User
  readonly nowMs: number
}

/** @returns the object with its status. Rejects with ApiError */
export async function reviewed(
  reviewers: Reviewers,
  { resource, namespace, object, user, nowMs }: Review,
): Promise<KubernetesObject> {
  const { access } = reviewers
  switch (resource.kind) {
    case 'TokenReview':
      return await tokenReview(reviewers, object as TokenReview)
    case 'SelfSubjectReview':
      return {
        ...object,
        // The one review that says when it was.
        metadata: { ...object.metadata, creationTimestamp: timestamp(nowMs) },
        status: { userInfo: userInfo(user) },
      } as SelfSubjectReview
    case 'SubjectAccessReview':
      return subjectReview(access, object as SubjectAccessReview)
    case 'LocalSubjectAccessReview':
      return localSubjectReview(access, object as LocalSubjectAccessReview, namespace ?? '')
    case 'SelfSubjectAccessReview':
      return selfReview(access, object as SelfSubjectAccessReview, user)
    case 'SelfSubjectRulesReview':
      return rulesReview(access, object as SelfSubjectRulesReview, user)
    default:
      throw new Error(`${resource.kind} is no review`)
  }
}

async function tokenReview(
  { tokens, staticTokens }: Reviewers,
  review: TokenReview,
): Promise<KubernetesObject> {
  const { token, audiences = [] } = review.spec
  if (!token) throw badRequest('token is required for TokenReview in authentication')
  const verdict =
    verifiedStatic(staticTokens.get(token), audiences, tokens?.issuers ?? []) ??
    (await tokens?.judge(token, audiences.length === 0 ? undefined : audiences))
  const status =
    verdict !== undefined && 'user' in verdict
      ? { authenticated: true, user: userInfo(verdict.user), audiences: verdict.audiences }
      : { user: {}, error: refusal(verdict?.fault) }
  return { ...review, status } as KubernetesObject
}

const refusal = (why: string | undefined): string =>
  why === undefined ? 'invalid bearer token' : `[invalid bearer token, ${why}]`

function userInfo({ name, uid, groups, extra }: User): UserInfo {
  const hasExtra = extra !== undefined && Object.keys(extra).length > 0
  return { username: name, ...(uid ? { uid } : {}), groups, ...(hasExtra ? { extra } : {}) }
}
