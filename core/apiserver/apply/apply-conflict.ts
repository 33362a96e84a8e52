/**
 * What an applier is told when it would change fields that others own, worded as
 * kubernetes/apimachinery pkg/util/managedfields/internal/conflict.go. Pure.
 */

import { ApiError } from '../../api/api-error.ts'
import type { FieldSet } from './field-set.ts'
import { memberPaths, printedPath } from './field-set.ts'
import type { Manager } from './managers.ts'

export interface Conflict {
  readonly manager: Manager
  readonly fields: FieldSet
}

/** 409 with one cause per field */
export function applyConflict(conflicts: readonly Conflict[]): ApiError {
  const found = conflicts
    .flatMap(({ manager, fields }) =>
      [...memberPaths(fields)].map((path) => ({
        manager: printedManager(manager),
        field: printedPath(path),
      })),
    )
    .sort((a, b) => (a.manager + a.field < b.manager + b.field ? -1 : 1))
  return new ApiError('Conflict', messageOf(found), {
    details: {
      causes: found.map(({ manager, field }) => ({
        reason: 'FieldManagerConflict',
        message: `conflict with ${manager}`,
        field,
      })),
    },
  })
}

function messageOf(found: readonly { readonly manager: string; readonly field: string }[]): string {
  const [only] = found
  if (found.length === 1 && only) {
    return `Apply failed with 1 conflict: conflict with ${only.manager}: ${only.field}`
  }
  const byManager = Map.groupBy(found, ({ manager }) => manager)
  const paragraphs = [...byManager].map(
    ([manager, list]) => `conflicts with ${manager}:\n${list.map(({ field }) => `- ${field}`).join('\n')}`,
  )
  return `Apply failed with ${found.length} conflicts: ${paragraphs.join('\n')}`
}

function printedManager({ name, operation, apiVersion, subresource }: Manager): string {
  const where = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`
  const version = operation === 'Update' ? ` using ${apiVersion}` : ''
  return `${JSON.stringify(name)}${where}${version}`
}
