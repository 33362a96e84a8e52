/**
 * RBAC rules: whether one allows a request, and whether some cover others. Pure.
 * kubernetes/kubernetes pkg/apis/rbac/v1/evaluation_helpers.go, component-helpers auth/rbac/validation/policy_comparator.go.
 */

import type { PolicyRule } from '../../api/generated/rbac-v1.ts'
import type { Attributes, ResourceTarget } from './attributes.ts'

const has = (list: readonly string[] | undefined, wanted: string): boolean =>
  list?.some((each) => each === '*' || each === wanted) ?? false

/** Whether the rule allows what is asked; of whom it is does not matter here. */
export function ruleAllows(rule: PolicyRule, { verb, target }: Pick<Attributes, 'verb' | 'target'>): boolean {
  if (!has(rule.verbs, verb)) return false
  if (target.kind === 'path') return (rule.nonResourceURLs ?? []).some((url) => urlMatches(url, target.path))
  return (
    has(rule.apiGroups, target.group) &&
    resourceMatches(rule.resources ?? [], target) &&
    nameMatches(rule.resourceNames ?? [], target.name)
  )
}

/** A star at the end stands for whatever follows. */
function urlMatches(rule: string, path: string): boolean {
  if (rule === '*' || rule === path) return true
  return rule.endsWith('*') && path.startsWith(rule.slice(0, -1))
}

/** `*` is every resource and sub-resource; a star before the slash is that sub-resource of every resource. */
function resourceMatches(
  rule: readonly string[],
  { resource, subresource }: Pick<ResourceTarget, 'resource' | 'subresource'>,
): boolean {
  const combined = subresource === '' ? resource : `${resource}/${subresource}`
  return rule.some(
    (each) => each === '*' || each === combined || (subresource !== '' && each === `*/${subresource}`),
  )
}

const nameMatches = (names: readonly string[], name: string): boolean =>
  names.length === 0 || names.includes(name)

/** The rules of `wanted` that `held` does not cover; empty when all are held. */
export function uncovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] {
  return wanted.flatMap(atoms).filter((atom) => !held.some((rule) => covers(rule, atom)))
}

/** A rule as rules of one verb on one resource of one group, under one name. */
function atoms(rule: PolicyRule): readonly PolicyRule[] {
  const names = rule.resourceNames ?? []
  const ofResources = (rule.verbs ?? []).flatMap((verb) =>
    (rule.apiGroups ?? []).flatMap((group) =>
      (rule.resources ?? []).flatMap((resource): PolicyRule[] => {
        const one = { verbs: [verb], apiGroups: [group], resources: [resource] }
        return names.length === 0 ? [one] : names.map((name) => ({ ...one, resourceNames: [name] }))
      }),
    ),
  )
  const ofPaths = (rule.verbs ?? []).flatMap((verb) =>
    (rule.nonResourceURLs ?? []).map((url): PolicyRule => ({ verbs: [verb], nonResourceURLs: [url] })),
  )
  return [...ofResources, ...ofPaths]
}

function covers(held: PolicyRule, atom: PolicyRule): boolean {
  if (!has(held.verbs, atom.verbs?.[0] ?? '')) return false
  const [url] = atom.nonResourceURLs ?? []
  if (url !== undefined) return (held.nonResourceURLs ?? []).some((each) => urlMatches(each, url))
  const [resource = '', subresource = ''] = (atom.resources?.[0] ?? '').split('/')
  const [name] = atom.resourceNames ?? []
  const heldNames = held.resourceNames ?? []
  return (
    has(held.apiGroups, atom.apiGroups?.[0] ?? '') &&
    resourceMatches(held.resources ?? [], { resource, subresource }) &&
    (heldNames.length === 0 || (name !== undefined && heldNames.includes(name)))
  )
}

/** A rule as upstream's escalation errors print it: `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`. */
export function ruleText(rule: PolicyRule): string {
  const list = (values: readonly string[]): string =>
    `[${values.map((value) => JSON.stringify(value)).join(' ')}]`
  const parts = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ] as const
  const shown = parts.flatMap(([name, values]) => (values?.length ? [`${name}:${list(values)}`] : []))
  return `{${shown.join(', ')}}`
}
