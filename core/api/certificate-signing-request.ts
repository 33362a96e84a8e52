/**
 * What a write may change of a CertificateSigningRequest, and what the server fills in. Pure.
 * kubernetes/kubernetes pkg/registry/certificates/certificates/strategy.go.
 */

import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from './generated/certificates-v1.ts'
import type { Requester } from './rules.ts'

type Request = CertificateSigningRequest
type Condition = CertificateSigningRequestCondition

/** A new request is of whoever made it, whatever it says. */
export function requestOf(request: Request, user: Requester): Request {
  const { username: _name, uid: _uid, groups: _groups, extra: _extra, ...spec } = request.spec
  const { name, uid, groups, extra } = user
  return {
    ...request,
    spec: {
      ...spec,
      username: name,
      ...(uid ? { uid } : {}),
      ...(groups.length > 0 ? { groups } : {}),
      ...(extra ? { extra } : {}),
    },
    status: {},
  }
}

/** Once made, a request is changed through /approval and /status only. */
export const keptRequest = (request: Request, old: Request): Request => ({ ...request, spec: old.spec })

/** /approval: conditions change, all else stays. */
export function approvedRequest(request: Request, old: Request, now: string): Request {
  const conditions = timed(request.status?.conditions ?? [], old, now)
  const { conditions: _, ...rest } = old.status ?? {}
  return { ...request, spec: old.spec, status: { ...rest, ...(conditions.length > 0 ? { conditions } : {}) } }
}

/** /status: what was decided stays, as long as there is as much of it. */
export function signedRequest(request: Request, old: Request, now: string): Request {
  const before = old.status?.conditions ?? []
  const kept = ['Approved', 'Denied'].reduce(
    (conditions, type) => withInstances(conditions, before, type),
    request.status?.conditions ?? [],
  )
  const conditions = timed(kept, old, now)
  const status = { ...request.status, ...(conditions.length > 0 ? { conditions } : {}) }
  return { ...request, spec: old.spec, status }
}

function withInstances(
  now: readonly Condition[],
  before: readonly Condition[],
  type: string,
): readonly Condition[] {
  const kept = before.filter((condition) => condition.type === type)
  if (now.filter((condition) => condition.type === type).length !== kept.length) return now
  let next = 0
  return now.map((condition) => (condition.type === type ? (kept[next++] ?? condition) : condition))
}

function timed(conditions: readonly Condition[], old: Request, now: string): readonly Condition[] {
  return conditions.map((condition) => {
    const { type, status, lastUpdateTime, lastTransitionTime } = condition
    const same = old.status?.conditions?.find(
      (each) => each.type === type && each.status === status && each.lastTransitionTime,
    )
    return {
      ...condition,
      lastUpdateTime: lastUpdateTime ?? now,
      lastTransitionTime: lastTransitionTime ?? same?.lastTransitionTime ?? now,
    }
  })
}
