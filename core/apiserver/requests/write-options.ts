/**
 * What the query string of a write says besides the object: dryRun, fieldManager, fieldValidation, force. Pure.
 *
 * kubernetes/apimachinery pkg/apis/meta/v1 types.go (CreateOptions, UpdateOptions, PatchOptions) and
 * pkg/apis/meta/v1/validation/validation.go.
 */

import { invalid } from '../../api/api-error.ts'
import type { FieldError } from '../../api/field-error.ts'
import { FIELD_VALIDATIONS } from '../../api/strict-decode.ts'
import { fieldManagerErrors } from '../../api/validation/managed-fields.ts'
import type { PatchType } from '../../client/client.ts'
import { isPrintable } from '../../api/go-text.ts'
import { booleanOf } from './query-values.ts'
import type { RequestContext } from '../registry/registry.ts'
import type { ApiRequest } from './request.ts'

export type WriteOptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'

/** Who asks, with what is needed by requests that write nothing. @param warn receives texts for `Warning` headers */
export function readContext(request: ApiRequest, warn: (text: string) => void): RequestContext {
  return { user: request.user, fieldManager: defaultManager(request.headers['user-agent']), warn }
}

/**
 * @param kind as the refusal names the options
 * @param patchType of a PATCH
 * @throws ApiError Invalid, with all that is wrong
 */
export function writeContext(
  request: ApiRequest,
  reading: RequestContext,
  { kind, patchType }: { readonly kind: WriteOptionsKind; readonly patchType?: PatchType },
): RequestContext {
  const { query } = request
  const dryRun = query.getAll('dryRun')
  const given = query.get('fieldManager') ?? ''
  const fieldValidation = query.get('fieldValidation') ?? ''
  refuse(kind, [
    ...(patchType === undefined ? [] : patchErrors(patchType, query)),
    ...fieldManagerErrors(given, 'fieldManager'),
    ...dryRunErrors(dryRun),
    ...fieldValidationErrors(fieldValidation),
  ])
  return {
    ...reading,
    // Who applies says by what name, or was refused.
    fieldManager: given || reading.fieldManager,
    dryRun: dryRun.length > 0,
    fieldValidation: FIELD_VALIDATIONS.find((each) => each === fieldValidation),
  }
}

function patchErrors(type: PatchType, query: URLSearchParams): readonly FieldError[] {
  if (type !== 'apply') {
    const detail = 'may not be specified for non-apply patch'
    return query.has('force') ? [{ type: 'forbidden', field: 'force', detail }] : []
  }
  const detail = 'is required for apply patch'
  return query.get('fieldManager') ? [] : [{ type: 'required', field: 'fieldManager', detail }]
}

/** Of the only value there is, given once or more. */
export function dryRunErrors(values: readonly string[]): readonly FieldError[] {
  if (values.every((value) => value === 'All')) return []
  return [{ type: 'notSupported', field: 'dryRun', value: values, detail: 'supported values: "All"' }]
}

function fieldValidationErrors(value: string): readonly FieldError[] {
  if (value === '' || FIELD_VALIDATIONS.some((each) => each === value)) return []
  const detail = 'supported values: "", "Ignore", "Strict", "Warn"'
  return [{ type: 'notSupported', field: 'fieldValidation', value, detail }]
}

/** @throws ApiError Invalid, unless there is nothing to refuse */
export function refuse(kind: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors)
}

/** Whether an apply takes fields over from others. */
export const isForced = (query: URLSearchParams): boolean | undefined => booleanOf(query, 'force')

const MAX_MANAGER_BYTES = 128

/** The program's name, as upstream takes it from the User-Agent: `kubectl/v1.32.4 (linux/amd64)` is kubectl. */
function defaultManager(userAgent: string | undefined): string {
  const name = (userAgent ?? '').split('/')[0] ?? ''
  return Array.from(name).filter(isPrintable).join('').slice(0, MAX_MANAGER_BYTES) || 'unknown'
}
