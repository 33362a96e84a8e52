/**
 * The rules of every kind of the scheme: defaults, validation, generations, selectable fields. Pure.
 * A further kind is a row in ./kind-rules, by group.
 */

import { ACCESS_RULES } from './kind-rules/access.ts'
import { CLUSTER_RULES } from './kind-rules/cluster.ts'
import { CORE_RULES } from './kind-rules/core.ts'
import { DEVICE_RULES } from './kind-rules/devices.ts'
import { NETWORKING_RULES } from './kind-rules/networking.ts'
import { WORKLOAD_RULES } from './kind-rules/workloads.ts'
import type { ResourceInfo } from './resource.ts'
import { versionedResource } from './resource.ts'
import type { KindRules } from './rules.ts'

const TABLE: ReadonlyMap<string, KindRules> = new Map([
  ...CORE_RULES,
  ...WORKLOAD_RULES,
  ...NETWORKING_RULES,
  ...CLUSTER_RULES,
  ...DEVICE_RULES,
  ...ACCESS_RULES,
])

/** @returns the rules of a resource of the scheme; throws for one that has none */
export function rulesFor(resource: ResourceInfo): KindRules {
  const rules = TABLE.get(versionedResource(resource))
  if (rules === undefined) throw new Error(`no rules for ${versionedResource(resource)}`)
  return rules
}
