/**
 * How the parts of the control plane are, as objects that are made when they are asked for: v1 ComponentStatus. Pure,
 * given the checks. kubernetes/kubernetes pkg/registry/core/componentstatus/rest.go.
 */

import { ApiError, notFound } from '../../api/api-error.ts'
import type { ComponentCondition, ComponentStatus } from '../../api/generated/core-v1.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { groupResource } from '../../api/resource.ts'
import { COMPONENT_STATUSES } from '../../api/scheme.ts'
import type { Clock } from '../../../host/host.ts'
import { inTime } from './health.ts'
import { checkListQuery } from '../requests/list-query.ts'
import type { ListQuery, ListResult } from '../registry/registry.ts'
import type { RequestVerb } from '../requests/route.ts'
import type { Selection } from '../objects/selection.ts'

export type ComponentHealth = Omit<ComponentCondition, 'type'>

/** Measures. Never rejects: what goes wrong is the answer. */
export type ComponentCheck = () => Promise<ComponentHealth>

/** By the name of the component. */
export type ComponentChecks = Readonly<Record<string, ComponentCheck>>

const TIMEOUT_MS = 20_000

export const isComponentStatus = (resource: ResourceInfo): boolean =>
  groupResource(resource) === groupResource(COMPONENT_STATUSES)

/** @returns the check of something that rejects when it is not well, or does not answer in time */
export function componentCheck(
  healthy: (signal: AbortSignal) => Promise<void>,
  clock: Pick<Clock, 'sleep'>,
): ComponentCheck {
  return async () => {
    try {
      await inTime(healthy, TIMEOUT_MS, { clock, late: 'context deadline exceeded' })
      return { status: 'True', message: 'ok' }
    } catch (error) {
      return { status: 'False', error: error instanceof Error ? error.message : String(error) }
    }
  }
}

/** @returns the object of that name. Rejects with ApiError NotFound */
export async function componentStatus(checks: ComponentChecks, name: string): Promise<ComponentStatus> {
  const check = Object.hasOwn(checks, name) ? checks[name] : undefined
  if (check === undefined) throw notFound({ group: '', resource: COMPONENT_STATUSES.singular }, name)
  return await measured(name, check)
}

/** @returns all that are selected, in the order of their names. Rejects with ApiError Invalid for the query */
export async function componentStatusList(
  checks: ComponentChecks,
  query: ListQuery,
  { matches = () => true }: Selection,
): Promise<ListResult> {
  checkListQuery(query)
  const all = await Promise.all(Object.entries(checks).map(([name, check]) => measured(name, check)))
  const items = all
    .filter((one) => matches(one))
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  return { resourceVersion: '', items }
}

/** @throws ApiError MethodNotAllowed for a watch, which is refused later than what has no handler at all */
export function refuseComponentWatch(verb: RequestVerb): void {
  if (verb !== 'watch') return
  const { resource } = COMPONENT_STATUSES
  const message = `watch is not supported on resources of kind ${JSON.stringify(resource)}`
  throw new ApiError('MethodNotAllowed', message, { details: { kind: resource } })
}

async function measured(name: string, check: ComponentCheck): Promise<ComponentStatus> {
  const conditions = [{ type: 'Healthy', ...(await check()) }]
  return { apiVersion: 'v1', kind: 'ComponentStatus', metadata: { name }, conditions }
}
