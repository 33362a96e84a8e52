/**
 * Which requests for objects are refused before anything is looked up: methods and names that are none, shapes that
 * cannot be had. Pure.
 *
 * kubernetes/apiserver pkg/endpoints/installer.go, pkg/endpoints/handlers/{namer,response}.go.
 */

import { badRequest } from '../../api/api-error.ts'
import { fieldErrorMessage } from '../../api/field-error.ts'
import { goQuoted } from '../../api/go-text.ts'
import { apiVersionOf } from '../../api/resource.ts'
import { invalidValue } from '../../api/validation/faults.ts'
import { goTypeOf } from './body-kind.ts'
import type { RequestVerb, ResourceRoute } from './route.ts'
import { isOwnGroup, methodNotAllowed } from './unrouted.ts'

/** Whether a route is of a custom resource. */
export const isCustom = ({ resource }: ResourceRoute): boolean => !isOwnGroup(resource.group)

/** @returns what a read shows, as Go names it: `*core.ConfigMapList` */
export function shownType(route: ResourceRoute, isList: boolean): string {
  const { resource } = route
  const one = isCustom(route)
    ? 'unstructured.Unstructured'
    : goTypeOf({ apiVersion: apiVersionOf(resource), kind: resource.kind })
  return `*${one}${isList ? 'List' : ''}`
}

/** @throws ApiError BadRequest for what can be no part of a path */
export function refuseName(name: string | undefined): void {
  if (name === undefined) return
  const fault =
    name === '.' || name === '..'
      ? `may not be '${name}'`
      : name.includes('%')
        ? "may not contain '%'"
        : undefined
  if (fault !== undefined) throw badRequest(`Name parameter invalid: ${goQuoted(name)}: ${fault}`)
}

/** 400 for a Table that is to include something unknown of its objects. */
export function unknownInclusion(value: string): Error {
  const fault = invalidValue('includeObject', value, "must be 'Metadata', 'Object', 'None', or empty")
  return badRequest(`Unable to convert to Table as requested: ${fieldErrorMessage(fault)}`)
}

/** @throws ApiError MethodNotAllowed for a verb the resource does not have there */
export function refuseUnsupported(
  { resource, subresource, namespace }: ResourceRoute,
  verb: RequestVerb,
): void {
  const verbs: readonly string[] = subresource?.verbs ?? resource.verbs
  const isEverywhere = resource.namespaced && namespace === undefined
  if (isEverywhere && verb !== 'list' && verb !== 'watch') throw methodNotAllowed()
  if (!verbs.includes(verb)) throw methodNotAllowed()
}
