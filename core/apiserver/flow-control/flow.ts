/**
 * Which flow a request is part of: the first FlowSchema that matches it, and what tells flows of that schema apart.
 * Pure. kubernetes/apiserver pkg/util/flowcontrol/rule.go, pkg/util/flowcontrol/apf_controller.go (startRequest).
 */

import type {
  FlowSchema,
  PriorityLevelConfiguration,
  ResourcePolicyRule,
  Subject,
} from '../../api/generated/flowcontrol-v1.ts'
import type { Attributes, ResourceTarget } from '../authorization/attributes.ts'
import type { User } from '../requests/request.ts'

export interface Flow {
  readonly schema: FlowSchema
  readonly level: PriorityLevelConfiguration
  /** the user or namespace where the schema tells them apart, else '' */
  readonly distinguisher: string
}

/** A schema and the level it sends requests to. */
export type Lane = Pick<Flow, 'schema' | 'level'>

/**
 * @returns schemas whose level exists, in the order in which they are tried; those of the same precedence by name. A
 * schema without its level is as if it was not there.
 */
export function lanesOf(
  schemas: readonly FlowSchema[],
  levels: ReadonlyMap<string, PriorityLevelConfiguration>,
): readonly Lane[] {
  const lanes = schemas.flatMap((schema) => {
    const level = levels.get(schema.spec.priorityLevelConfiguration.name)
    return level === undefined ? [] : [{ schema, level }]
  })
  return lanes.sort((a, b) => precedence(a) - precedence(b) || byName(a, b))
}

const precedence = ({ schema }: Lane): number => schema.spec.matchingPrecedence ?? 0
const byName = (a: Lane, b: Lane): number => (nameOf(a) < nameOf(b) ? -1 : 1)
const nameOf = ({ schema }: Lane): string => schema.metadata.name

/** @returns undefined when no lane is for the request */
export function flowOf(lanes: readonly Lane[], attributes: Attributes): Flow | undefined {
  const lane = lanes.find(({ schema }) => matches(schema, attributes))
  return lane && { ...lane, distinguisher: distinguisherOf(lane.schema, attributes) }
}

function matches({ spec }: FlowSchema, { user, verb, target }: Attributes): boolean {
  return (spec.rules ?? []).some(({ subjects = [], resourceRules = [], nonResourceRules = [] }) => {
    if (!subjects.some((subject) => isSubject(user, subject))) return false
    return target.kind === 'path'
      ? nonResourceRules.some(
          ({ verbs = [], nonResourceURLs = [] }) =>
            has(verbs, verb) && nonResourceURLs.some((pattern) => isUnder(pattern, target.path)),
        )
      : resourceRules.some((rule) => has(rule.verbs ?? [], verb) && isOf(target, rule))
  })
}

const SERVICE_ACCOUNT = 'system:serviceaccount:'

function isSubject({ name, groups }: User, { kind, user, group, serviceAccount }: Subject): boolean {
  switch (kind) {
    case 'User':
      return user !== undefined && has([user.name], name)
    case 'Group':
      return group !== undefined && (group.name === '*' || groups.includes(group.name))
    case 'ServiceAccount': {
      if (serviceAccount === undefined) return false
      const all = `${SERVICE_ACCOUNT}${serviceAccount.namespace}:`
      return serviceAccount.name === '*' ? name.startsWith(all) : name === `${all}${serviceAccount.name}`
    }
    default:
      return false
  }
}

function isOf(
  { group, resource, subresource, namespace }: ResourceTarget,
  rule: ResourcePolicyRule,
): boolean {
  const what = subresource === '' ? resource : `${resource}/${subresource}`
  if (!has(rule.resources ?? [], what) || !has(rule.apiGroups ?? [], group)) return false
  return namespace === '' ? rule.clusterScope === true : has(rule.namespaces ?? [], namespace)
}

/** `*` stands alone when it stands for everything; validation sees to that. */
const has = (list: readonly string[], value: string): boolean => list[0] === '*' || list.includes(value)

/** `/healthz` is for what is below it, too, with or without its `/*`. */
function isUnder(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true
  return path.startsWith(pattern.replace(/\*$/, '').replace(/\/?$/, '/'))
}

function distinguisherOf({ spec }: FlowSchema, { user, target }: Attributes): string {
  switch (spec.distinguisherMethod?.type) {
    case 'ByUser':
      return user.name
    case 'ByNamespace':
      return target.kind === 'path' ? '' : target.namespace
    default:
      return ''
  }
}
