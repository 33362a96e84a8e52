/**
 * The options of a DELETE: those of its body or, when it has none, of its query string. Pure.
 *
 * kubernetes/apimachinery pkg/apis/meta/v1 types.go (DeleteOptions) and
 * pkg/apis/meta/v1/validation/validation.go. Differs: a body that cannot be read is 400, upstream 500.
 */

import { badRequest, isApiError } from '../../api/api-error.ts'
import { DELETION_PROPAGATIONS } from '../../api/deletion.ts'
import type { FieldError } from '../../api/field-error.ts'
import { decodingFault, strictDecode } from '../../api/strict-decode.ts'
import { invalidValue, notSupported, when } from '../../api/validation/faults.ts'
import type { DeleteOptions } from '../../client/client.ts'
import { noKind } from './body-kind.ts'
import { isObject } from './json-value.ts'
import { booleanOf, int64Of } from './query-values.ts'
import { dryRunErrors, refuse } from './write-options.ts'

/** As the wire has them. */
interface GivenOptions {
  readonly gracePeriodSeconds?: number | undefined
  readonly propagationPolicy?: string | undefined
  readonly orphanDependents?: boolean | undefined
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined
  readonly dryRun?: readonly string[] | undefined
}

export const DELETE_OPTIONS = { group: '', version: 'v1', kind: 'DeleteOptions' }

/**
 * @param body the value of the request's body; undefined when the request had none: then the query counts
 * @throws ApiError BadRequest for what cannot be read, Invalid for values that are not allowed
 */
export function deleteOptions(query: URLSearchParams, body: unknown): DeleteOptions & { dryRun: boolean } {
  const given = body === undefined ? fromQuery(query) : fromBody(body)
  refuse('DeleteOptions', faults(given))
  const { gracePeriodSeconds, preconditions, dryRun = [] } = given
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    propagationPolicy: propagationPolicy(given),
    ...(preconditions ? { preconditions } : {}),
    dryRun: dryRun.length > 0,
  }
}

function fromBody(body: unknown): GivenOptions {
  const { apiVersion = '', kind = '' } = isObject(body) ? (body as Record<string, string>) : {}
  // Every group has them.
  if (kind !== '' && kind !== DELETE_OPTIONS.kind) throw badRequest(unregistered(apiVersion, kind))
  try {
    return strictDecode(DELETE_OPTIONS, body, { asGiven: true }).object as GivenOptions
  } catch (error) {
    throw isApiError(error, 'BadRequest') ? badRequest(decodingFault(error)) : error
  }
}

const unregistered = (apiVersion: string, kind: string): string =>
  noKind(
    { apiVersion: apiVersion || 'meta.k8s.io/v1', kind },
    'pkg/apis/meta/internalversion/scheme/register.go:27',
  )

function fromQuery(query: URLSearchParams): GivenOptions {
  return {
    gracePeriodSeconds: int64Of(query, 'gracePeriodSeconds'),
    orphanDependents: booleanOf(query, 'orphanDependents'),
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    dryRun: query.getAll('dryRun'),
    ...queryPreconditions(query),
  }
}

/** As the body has them under `preconditions`. */
function queryPreconditions(query: URLSearchParams): Pick<GivenOptions, 'preconditions'> {
  const [uid, resourceVersion] = [query.get('uid'), query.get('resourceVersion')]
  const preconditions = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) }
  return Object.keys(preconditions).length > 0 ? { preconditions } : {}
}

function faults({ orphanDependents, propagationPolicy: policy, dryRun = [] }: GivenOptions): FieldError[] {
  const field = 'propagationPolicy'
  const isBoth = orphanDependents !== undefined && policy !== undefined
  const isKnown = policy === undefined || DELETION_PROPAGATIONS.some((known) => known === policy)
  const both = 'orphanDependents and deletionPropagation cannot be both set'
  return [
    ...when(isBoth, () => invalidValue(field, policy, both)),
    ...when(!isKnown, () => notSupported(field, policy, ['Foreground', 'Background', 'Orphan', 'nil'])),
    ...dryRunErrors(dryRun),
  ]
}

function propagationPolicy(given: GivenOptions): DeleteOptions['propagationPolicy'] {
  if (given.orphanDependents !== undefined) return given.orphanDependents ? 'Orphan' : 'Background'
  return DELETION_PROPAGATIONS.find((policy) => policy === given.propagationPolicy)
}
