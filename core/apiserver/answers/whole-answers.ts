/** Answers to requests for objects that are written at once: an object, a list, a Status. Pure. */

import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import type { KindRules } from '../../api/rules.ts'
import type { DeleteResult } from '../registry/registry.ts'
import type { ApiResponse } from '../requests/request.ts'
import type { View } from './representation.ts'
import { objectText } from './representation.ts'

export function whole(code: number, body: string, view: View): ApiResponse {
  return { kind: 'whole', code, headers: { 'Content-Type': view.representation.mediaType }, body }
}

export function shown(code: number, object: KubernetesObject, view: View): ApiResponse {
  return whole(code, objectText(object, view), view)
}

/** Success without an object. Statuses are never shown as Tables. */
export function success(view: View, code: number, details?: Readonly<Record<string, unknown>>): ApiResponse {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    ...(details === undefined ? { code } : { details }),
  }
  return whole(code, `${JSON.stringify(status)}\n`, {
    ...view,
    representation: { ...view.representation, mediaType: 'application/json' },
  })
}

/** What was deleted, or is going to be, or that it was. */
export function deleted(
  resource: ResourceInfo,
  rules: KindRules,
  result: DeleteResult,
  view: View,
): ApiResponse {
  const { object } = result
  if (result.kind === 'pending' || rules.returnsDeleted) return shown(200, object, view)
  return success(view, 200, {
    name: object.metadata.name,
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.resource,
    uid: object.metadata.uid,
  })
}
