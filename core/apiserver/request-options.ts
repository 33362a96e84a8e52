/**
 * The options of a request, from its query string and, for DELETE, its body. Pure.
 *
 * kubernetes/apimachinery pkg/apis/meta/v1 types.go (ListOptions, PatchOptions, DeleteOptions) and
 * kubernetes/apimachinery pkg/apis/meta/v1/validation/validation.go for the messages.
 */

import { badRequest, invalid } from '../api/api-error.ts'
import { DELETION_PROPAGATIONS } from '../api/deletion.ts'
import type { FieldError } from '../api/field-error.ts'
import { FIELD_VALIDATIONS } from '../api/strict-decode.ts'
import type { DeleteOptions } from '../client/client.ts'
import type { ListQuery, RequestContext, WatchQuery } from './registry.ts'
import type { ApiRequest } from './request.ts'
import { isTrue } from './route.ts'

/** @param warn receives the texts for `Warning` headers. Throws ApiError for values that are not allowed. */
export function requestContext(request: ApiRequest, warn: (text: string) => void): RequestContext {
  const { query } = request
  return {
    user: request.user,
    fieldManager: query.get('fieldManager') ?? defaultManager(request.headers['user-agent']),
    dryRun: isDryRun(query.getAll('dryRun')),
    fieldValidation: fieldValidation(query.get('fieldValidation')),
    warn,
  }
}

/** The program's name, as upstream takes it from the User-Agent: `kubectl/v1.32.4 (linux/amd64)` is kubectl. */
function defaultManager(userAgent: string | undefined): string {
  return (userAgent ?? '').split('/')[0]?.slice(0, 128) || 'unknown'
}

function isDryRun(values: readonly string[]): boolean {
  const wrong = values.filter((value) => value !== 'All' && value !== '')
  if (wrong.length > 0) {
    throw refused('WriteOptions', {
      type: 'notSupported',
      field: 'dryRun',
      value: wrong[0],
      detail: 'supported values: "All"',
    })
  }
  return values.includes('All')
}

const refused = (kind: string, error: FieldError): Error =>
  invalid({ group: 'meta.k8s.io', kind }, '', [error])

function fieldValidation(value: string | null): RequestContext['fieldValidation'] {
  const known = FIELD_VALIDATIONS.find((each) => each === value)
  if (known !== undefined || value === null || value === '') return known
  throw refused('WriteOptions', {
    type: 'notSupported',
    field: 'fieldValidation',
    value,
    detail: 'supported values: "Ignore", "Strict", "Warn"',
  })
}

const some = (value: string | null): string | undefined =>
  value === null || value === '' ? undefined : value

/** @returns what a list or deletecollection is restricted to */
export function listQuery(query: URLSearchParams, namespace: string | undefined): ListQuery {
  return {
    namespace,
    labelSelector: some(query.get('labelSelector')),
    fieldSelector: some(query.get('fieldSelector')),
    limit: positive(query, 'limit'),
    continue: some(query.get('continue')),
    resourceVersion: some(query.get('resourceVersion')),
    resourceVersionMatch: some(query.get('resourceVersionMatch')),
  }
}

/** @returns what a watch shows */
export function watchQuery(query: URLSearchParams, namespace: string | undefined): WatchQuery {
  const { limit: _limit, continue: _continue, ...restriction } = listQuery(query, namespace)
  return {
    ...restriction,
    sendInitialEvents: query.has('sendInitialEvents') ? isTrue(query.get('sendInitialEvents')) : undefined,
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
  }
}

/** @returns a whole number above 0; undefined when absent, empty or 0. Throws ApiError BadRequest for text. */
export function positive(query: URLSearchParams, name: string): number | undefined {
  const value = some(query.get(name))
  if (value === undefined) return undefined
  if (!/^-?\d+$/.test(value)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`)
  }
  return Number(value) > 0 ? Number(value) : undefined
}

type DeleteBody = {
  readonly gracePeriodSeconds?: unknown
  readonly propagationPolicy?: unknown
  readonly orphanDependents?: unknown
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | null
  readonly dryRun?: readonly string[] | null
}

/** @param body the decoded DeleteOptions, undefined when the request had none: then the query counts */
export function deleteOptions(query: URLSearchParams, body: unknown): DeleteOptions {
  const given = isRecord(body) ? (body as DeleteBody) : fromQuery(query)
  const dryRun = isDryRun([...(given.dryRun ?? []), ...query.getAll('dryRun')])
  const { gracePeriodSeconds, preconditions } = given
  return {
    ...(typeof gracePeriodSeconds === 'number' ? { gracePeriodSeconds } : {}),
    propagationPolicy: propagationPolicy(given),
    ...(preconditions ? { preconditions } : {}),
    dryRun,
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function fromQuery(query: URLSearchParams): DeleteBody {
  const seconds = some(query.get('gracePeriodSeconds'))
  const orphan = query.get('orphanDependents')
  return {
    gracePeriodSeconds: seconds === undefined ? undefined : Number(seconds),
    propagationPolicy: some(query.get('propagationPolicy')),
    orphanDependents: orphan === null ? undefined : isTrue(orphan),
  }
}

function propagationPolicy(given: DeleteBody): DeleteOptions['propagationPolicy'] {
  if (given.orphanDependents === true) return 'Orphan'
  if (given.orphanDependents === false) return 'Background'
  const { propagationPolicy: wanted } = given
  const known = DELETION_PROPAGATIONS.find((policy) => policy === wanted)
  if (known !== undefined || wanted === undefined || wanted === null || wanted === '') return known
  throw refused('DeleteOptions', {
    type: 'notSupported',
    field: 'propagationPolicy',
    value: wanted,
    detail: 'supported values: "Background", "Foreground", "Orphan"',
  })
}
