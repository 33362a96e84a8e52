/**
 * Acting as somebody else: the Impersonate-* headers, and the permissions they need. Pure.
 * kubernetes/apiserver pkg/endpoints/filters/impersonation.go.
 */

import { badRequest } from '../../api/api-error.ts'
import type { Attributes, Authorizer, ResourceTarget } from '../authorization/attributes.ts'
import { forbiddenTo } from '../authorization/attributes.ts'
import { SERVICE_ACCOUNT_PREFIX } from '../authorization/rbac.ts'
import type { User } from '../requests/request.ts'

const EXTRA_PREFIX = 'impersonate-extra-'

/** Whom the request wants to be. */
interface Wanted {
  readonly name: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/**
 * @param headers name and value in turn, as they came: groups are several headers of one name
 * @returns the user to act as; the asking one without such headers
 * @throws ApiError Forbidden, or BadRequest for headers that name no user
 */
export function impersonated(user: User, headers: readonly string[], authorizer: Authorizer): User {
  const wanted = wantedUser(headers)
  if (wanted === undefined) return user
  for (const target of targetsOf(wanted)) {
    const attributes: Attributes = { user, verb: 'impersonate', target }
    const { allowed, reason } = authorizer.authorize(attributes)
    if (!allowed) throw forbiddenTo(attributes, reason)
  }
  return {
    name: wanted.name,
    groups: groupsOf(wanted),
    ...(wanted.uid ? { uid: wanted.uid } : {}),
    ...(Object.keys(wanted.extra).length > 0 ? { extra: wanted.extra } : {}),
  }
}

function wantedUser(headers: readonly string[]): Wanted | undefined {
  const pairs = headers.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name.toLowerCase(), headers[index + 1] ?? '']] : [],
  )
  const valuesOf = (wanted: string): string[] =>
    pairs.flatMap(([name, value]) => (name === wanted ? [value] : []))
  const [name = ''] = valuesOf('impersonate-user')
  const [uid = ''] = valuesOf('impersonate-uid')
  const groups = valuesOf('impersonate-group')
  const extra: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  for (const [header, value] of pairs) {
    if (!header.startsWith(EXTRA_PREFIX)) continue
    const key = unescaped(header.slice(EXTRA_PREFIX.length))
    extra[key] = [...(extra[key] ?? []), value]
  }
  const isAsked = groups.length > 0 || uid !== '' || Object.keys(extra).length > 0
  if (name === '' && isAsked) throw badRequest('requested groups, uid or extra without impersonating a user')
  return name === '' ? undefined : { name, uid, groups, extra: { ...extra } }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const target = (own: Partial<ResourceTarget>): ResourceTarget => ({
  kind: 'resource',
  group: '',
  version: 'v1',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
  ...own,
})

function targetsOf({ name, uid, groups, extra }: Wanted): readonly ResourceTarget[] {
  const account = accountOf(name)
  const self = account
    ? target({ resource: 'serviceaccounts', namespace: account.namespace, name: account.name })
    : target({ resource: 'users', name })
  const group = 'authentication.k8s.io'
  return [
    self,
    ...groups.map((each) => target({ resource: 'groups', name: each })),
    ...(uid ? [target({ group, resource: 'uids', name: uid })] : []),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => target({ group, resource: 'userextras', subresource: key, name: value })),
    ),
  ]
}

function accountOf(name: string): { readonly namespace: string; readonly name: string } | undefined {
  const [namespace = '', account = '', ...more] = name.startsWith(SERVICE_ACCOUNT_PREFIX)
    ? name.slice(SERVICE_ACCOUNT_PREFIX.length).split(':')
    : []
  return namespace && account && more.length === 0 ? { namespace, name: account } : undefined
}

const ANONYMOUS_NAME = 'system:anonymous'

function groupsOf({ name, groups }: Wanted): readonly string[] {
  const account = groups.length === 0 ? accountOf(name) : undefined
  const own = account ? ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`] : groups
  const proof = name === ANONYMOUS_NAME ? 'system:unauthenticated' : 'system:authenticated'
  const isSaid = own.some((each) => each === 'system:authenticated' || each === 'system:unauthenticated')
  return isSaid ? own : [...own, proof]
}
