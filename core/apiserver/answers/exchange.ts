/** A request for an object or a collection, understood. Types, and the name it is about. */

import type { ObjectName } from '../../api/object.ts'
import type { RequestContext } from '../registry/registry.ts'
import type { ApiRequest } from '../requests/request.ts'
import type { ResourceRoute } from '../requests/route.ts'
import type { View } from './representation.ts'

export interface Exchange {
  readonly request: ApiRequest
  readonly route: ResourceRoute
  readonly view: View
  readonly context: RequestContext
}

/** '' for a collection */
export function objectName(route: ResourceRoute): ObjectName {
  return { namespace: route.namespace, name: route.name ?? '' }
}
