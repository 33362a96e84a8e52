/** Requests for ComponentStatuses, which are made when they are asked for. Nothing of them is stored, or watched. */

import { selectionOf } from '../objects/selection.ts'
import type { ServedKinds } from '../registry/kinds.ts'
import { listQuery, watchQuery } from '../requests/list-options.ts'
import { watchPoint } from '../requests/list-query.ts'
import { refuseOtherNumber } from '../requests/negotiate.ts'
import type { ApiResponse } from '../requests/request.ts'
import { shownType } from '../requests/resource-refusals.ts'
import type { RequestVerb } from '../requests/route.ts'
import type { ComponentChecks } from './component-statuses.ts'
import { componentStatus, componentStatusList, refuseComponentWatch } from './component-statuses.ts'
import type { Exchange } from './exchange.ts'
import { objectName } from './exchange.ts'
import { listText } from './representation.ts'
import { shown, whole } from './whole-answers.ts'

export interface ComponentOptions {
  readonly components: ComponentChecks
  readonly kinds: ServedKinds
}

/** Rejects with ApiError. */
export async function componentAnswer(
  { request, route, view }: Exchange,
  verb: RequestVerb,
  { components, kinds }: ComponentOptions,
): Promise<ApiResponse> {
  if (route.name !== undefined) {
    const object = await componentStatus(components, objectName(route).name)
    refuseOtherNumber(view.representation.shape, false, shownType(route, false))
    return shown(200, object, view)
  }
  const isWatch = verb === 'watch'
  const query = isWatch ? watchQuery(request.query, undefined) : listQuery(request.query, undefined)
  if (isWatch) watchPoint({ ...query, resourceVersion: undefined }, 0)
  const selection = selectionOf({ kinds }, route.resource, query)
  refuseComponentWatch(verb)
  const list = await componentStatusList(components, query, selection)
  refuseOtherNumber(view.representation.shape, true, shownType(route, true))
  return whole(200, listText(route.resource, list, view), view)
}
