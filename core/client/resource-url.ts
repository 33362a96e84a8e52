/** The URL path of a resource's collection, object or sub-resource. Pure. */

import type { ObjectName } from '../api/object.ts'
import type { ResourceInfo } from '../api/resource.ts'
import { apiVersionOf } from '../api/resource.ts'

type Place = Partial<ObjectName> & { readonly subresource?: string | undefined }

/** `/apis/apps/v1/namespaces/default/deployments/web/status`; without a name, the collection */
export function resourcePath(resource: ResourceInfo, place: Place): string {
  const root = `${resource.group === '' ? '/api' : '/apis'}/${apiVersionOf(resource)}`
  const scope =
    place.namespace && resource.namespaced ? `/namespaces/${encodeURIComponent(place.namespace)}` : ''
  const name = place.name === undefined ? '' : `/${encodeURIComponent(place.name)}`
  const part = place.subresource === undefined ? '' : `/${place.subresource}`
  return `${root}${scope}/${resource.resource}${name}${part}`
}

/** `?a=1&b=2` of those that are set; '' when none is */
export function queryText(parameters: Readonly<Record<string, string | boolean | undefined>>): string {
  const set = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== false)
  const query = new URLSearchParams(set.map(([name, value]) => [name, String(value)]))
  return set.length === 0 ? '' : `?${query.toString()}`
}
