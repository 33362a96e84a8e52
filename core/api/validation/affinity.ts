/** Where pods may run, and how they are spread (kubernetes/kubernetes pkg/apis/core/validation/validation.go). Pure. */

import type {
  Affinity,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from '../generated/core-v1.ts'
import type { LabelSelector } from '../generated/meta-v1.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  forbiddenField,
  invalidTexts,
  invalidValue,
  notSupported,
  optionalChoice,
  required,
  when,
} from './faults.ts'
import { validateLabelSelector } from './label-selector.ts'
import { dnsLabelFaults, dnsSubdomainFaults, labelValueFaults, qualifiedNameFaults } from './names.ts'

/** Faults of a pod's affinity. */
export function validateAffinity(affinity: Affinity, at: string): Faults {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity
  return [
    ...(nodeAffinity ? validateNodeAffinity(nodeAffinity, `${at}.nodeAffinity`) : []),
    ...(podAffinity ? validatePodAffinity(podAffinity, `${at}.podAffinity`) : []),
    ...(podAntiAffinity ? validatePodAffinity(podAntiAffinity, `${at}.podAntiAffinity`) : []),
  ]
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

function validateNodeAffinity(affinity: NodeAffinity, at: string): Faults {
  const needed = affinity[REQUIRED]
  return [
    ...(needed ? validateNodeSelector(needed, `${at}.${REQUIRED}`) : []),
    ...(affinity[PREFERRED] ?? []).flatMap(({ weight, preference }, index) => [
      ...weightFaults(weight, `${at}.${PREFERRED}[${index}].weight`),
      ...validateTerm(preference, `${at}.${PREFERRED}[${index}].preference`, false),
    ]),
  ]
}

/** Faults of what a node must be like: one of the terms must be true of it. */
export function validateNodeSelector({ nodeSelectorTerms: terms = [] }: NodeSelector, at: string): Faults {
  const field = `${at}.nodeSelectorTerms`
  return [
    ...when(terms.length === 0, () => required(field, 'must have at least one node selector term')),
    ...terms.flatMap((term, index) => validateTerm(term, `${field}[${index}]`, true)),
  ]
}

const weightFaults = (weight: number, field: string): Faults =>
  when(weight <= 0 || weight > 100, () => invalidValue(field, weight, 'must be in the range 1-100'))

/** @param checksValues what is only preferred may name values that no label has */
function validateTerm(term: NodeSelectorTerm, at: string, checksValues: boolean): Faults {
  return [
    ...(term.matchExpressions ?? []).flatMap((each, index) =>
      validateRequirement(each, `${at}.matchExpressions[${index}]`, checksValues),
    ),
    ...(term.matchFields ?? []).flatMap((each, index) =>
      validateFieldRequirement(each, `${at}.matchFields[${index}]`),
    ),
  ]
}

function validateRequirement(
  requirement: NodeSelectorRequirement,
  at: string,
  checksValues: boolean,
): Faults {
  const { key, values = [] } = requirement
  return [
    ...operatorFaults(requirement, at),
    ...invalidTexts(`${at}.key`, key, qualifiedNameFaults),
    ...(checksValues ? values : []).flatMap((value, index) =>
      invalidTexts(`${at}.values[${index}]`, value, labelValueFaults),
    ),
  ]
}

function operatorFaults({ operator, values = [] }: NodeSelectorRequirement, at: string): Faults {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return when(values.length === 0, () =>
        required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"),
      )
    case 'Exists':
    case 'DoesNotExist':
      return when(values.length > 0, () =>
        forbiddenField(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      )
    case 'Gt':
    case 'Lt':
      return when(values.length !== 1, () =>
        required(`${at}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"),
      )
    default:
      return [invalidValue(`${at}.operator`, operator, 'not a valid selector operator')]
  }
}

/** Of a node's fields its name alone can be asked for. */
function validateFieldRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  at: string,
): Faults {
  return [
    ...(operator === 'In' || operator === 'NotIn'
      ? when(values.length !== 1, () =>
          required(
            `${at}.values`,
            "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
          ),
        )
      : [invalidValue(`${at}.operator`, operator, 'not a valid selector operator')]),
    ...(key === 'metadata.name'
      ? values.flatMap((value, index) => invalidTexts(`${at}.values[${index}]`, value, dnsSubdomainFaults))
      : [invalidValue(`${at}.key`, key, 'not a valid field selector key')]),
  ]
}

function validatePodAffinity(affinity: PodAffinity, at: string): Faults {
  return [
    ...(affinity[REQUIRED] ?? []).flatMap((term, index) =>
      validatePodTerm(term, `${at}.${REQUIRED}[${index}]`),
    ),
    ...(affinity[PREFERRED] ?? []).flatMap(({ weight, podAffinityTerm }, index) => [
      ...weightFaults(weight, `${at}.${PREFERRED}[${index}].weight`),
      ...validatePodTerm(podAffinityTerm, `${at}.${PREFERRED}[${index}].podAffinityTerm`),
    ]),
  ]
}

function validatePodTerm(term: PodAffinityTerm, at: string): Faults {
  const { labelSelector, namespaceSelector, namespaces = [], topologyKey } = term
  return [
    ...validateLabelSelector(labelSelector, `${at}.labelSelector`),
    ...validateLabelSelector(namespaceSelector, `${at}.namespaceSelector`),
    ...namespaces.flatMap((namespace) => invalidTexts(`${at}.namespace`, namespace, dnsLabelFaults)),
    ...validateKeys(term, at),
    ...when(!topologyKey, () => required(`${at}.topologyKey`, 'can not be empty')),
    ...invalidTexts(`${at}.topologyKey`, topologyKey, qualifiedNameFaults),
  ]
}

interface Keys {
  readonly labelSelector?: LabelSelector | undefined
  readonly matchLabelKeys?: readonly string[] | undefined
  readonly mismatchLabelKeys?: readonly string[] | undefined
}

/** Keys whose values are taken from the pod itself. */
function validateKeys(
  { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: Keys,
  at: string,
): Faults {
  return [
    ...keyFaults(matchLabelKeys, `${at}.matchLabelKeys`, labelSelector),
    ...keyFaults(mismatchLabelKeys, `${at}.mismatchLabelKeys`, labelSelector),
    ...chosenTwice(labelSelector ?? {}, matchLabelKeys, at),
    ...matchLabelKeys.flatMap((key, index) =>
      when(mismatchLabelKeys.includes(key), () =>
        invalidValue(
          `${at}.matchLabelKeys[${index}]`,
          key,
          'exists in both matchLabelKeys and mismatchLabelKeys',
        ),
      ),
    ),
  ]
}

function keyFaults(keys: readonly string[], field: string, selector: LabelSelector | undefined): Faults {
  if (keys.length === 0) return []
  if (selector === undefined)
    return [forbiddenField(field, 'must not be specified when labelSelector is not set')]
  return keys.flatMap((key, index) => invalidTexts(`${field}[${index}]`, key, qualifiedNameFaults))
}

/** The server adds an expression for each key: one more of it was there before. Upstream's path has no name here. */
function chosenTwice(selector: LabelSelector, keys: readonly string[], at: string): Faults {
  const seen = new Set(Object.keys(selector.matchLabels ?? {}))
  return (selector.matchExpressions ?? []).flatMap(({ key }) => {
    const isAgain = seen.has(key) && keys.includes(key)
    seen.add(key)
    return when(isAgain, () =>
      invalidValue(`${at}[${keys.indexOf(key)}]`, key, 'exists in both matchLabelKeys and labelSelector'),
    )
  })
}

const ACTIONS = ['DoNotSchedule', 'ScheduleAnyway']
const NODE_POLICIES = ['Honor', 'Ignore']

/** Faults of how pods are to be spread. */
export function validateSpread(constraints: readonly TopologySpreadConstraint[], field: string): Faults {
  return constraints.flatMap((constraint, index) => {
    const { topologyKey, whenUnsatisfiable: action, maxSkew, labelSelector } = constraint
    const at = `${field}[${index}]`
    const isAgain = constraints
      .slice(index + 1)
      .some((each) => each.topologyKey === topologyKey && each.whenUnsatisfiable === action)
    return [
      ...positive(`${at}.maxSkew`, maxSkew),
      ...when(!topologyKey, () => required(`${at}.topologyKey`, 'can not be empty')),
      ...when(!ACTIONS.includes(action), () => notSupported(`${at}.whenUnsatisfiable`, action, ACTIONS)),
      ...when(isAgain, () =>
        duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${action}}`),
      ),
      ...domainFaults(constraint, `${at}.minDomains`),
      ...optionalChoice(`${at}.nodeAffinityPolicy`, constraint.nodeAffinityPolicy, NODE_POLICIES),
      ...optionalChoice(`${at}.nodeTaintsPolicy`, constraint.nodeTaintsPolicy, NODE_POLICIES),
      ...validateKeys({ labelSelector, matchLabelKeys: constraint.matchLabelKeys }, at),
      ...validateLabelSelector(labelSelector, `${at}.labelSelector`),
    ]
  })
}

const positive = (field: string, value: number | undefined): Faults =>
  when(value !== undefined && value <= 0, () => invalidValue(field, value, 'must be greater than zero'))

function domainFaults({ minDomains, whenUnsatisfiable }: TopologySpreadConstraint, field: string): Faults {
  return [
    ...positive(field, minDomains),
    ...when(minDomains !== undefined && whenUnsatisfiable !== 'DoNotSchedule', () =>
      invalidValue(
        field,
        minDomains,
        `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`,
      ),
    ),
  ]
}
