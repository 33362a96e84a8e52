/** FlowSchemas (kubernetes/kubernetes pkg/apis/flowcontrol/validation/validation.go). Pure. */

import { isSameValue } from '../equality.ts'
import { MANDATORY_FLOW_SCHEMAS } from '../flow-control-defaults.ts'
import type {
  FlowSchema,
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  ServiceAccountSubject,
  Subject,
} from '../generated/flowcontrol-v1.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  forbiddenField,
  invalidTexts,
  invalidValue,
  notSupported,
  repeated,
  required,
  requiredText,
  when,
} from './faults.ts'
import { dnsLabelFaults, dnsSubdomainFaults } from './names.ts'

const MAX_PRECEDENCE = 10_000

/** Faults of a FlowSchema, metadata aside. */
export function validateFlowSchema({ metadata: { name }, spec }: FlowSchema): Faults {
  const fixed = MANDATORY_FLOW_SCHEMAS.find((one) => one.metadata.name === name)
  return [
    ...validateSpec(spec, name),
    ...when(fixed && !isSameValue(spec, fixed.spec), () =>
      invalidValue('spec', shownSpec(spec), `spec of '${name}' must equal the fixed value`),
    ),
  ]
}

export const validateFlowSchemaStatus = ({ status }: FlowSchema): Faults =>
  validateFlowConditions(status?.conditions ?? [])

/** Of a FlowSchema or a priority level: each type is there, and once. */
export function validateFlowConditions(conditions: readonly { readonly type: string }[]): Faults {
  const again = repeated(conditions, ({ type }) => type ?? '')
  return conditions.flatMap(({ type = '' }, index) => {
    const at = `status.conditions[${index}].type`
    return [
      ...when(again.includes(index), () => duplicate(at, type)),
      ...when(type === '', () => required(at)),
    ]
  })
}

function validateSpec(spec: FlowSchemaSpec, name: string): Faults {
  const precedence = spec.matchingPrecedence ?? 0
  const at = 'spec.matchingPrecedence'
  const { distinguisherMethod: method, rules = [] } = spec
  const methods = ['ByNamespace', 'ByUser']
  const levelName = spec.priorityLevelConfiguration.name
  return [
    ...when(precedence <= 0, () => invalidValue(at, precedence, 'must be a positive value')),
    ...when(precedence > MAX_PRECEDENCE, () =>
      invalidValue(at, precedence, `must not be greater than ${MAX_PRECEDENCE}`),
    ),
    ...when(precedence === 1 && name !== 'exempt', () =>
      invalidValue(at, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"),
    ),
    ...when(method && !methods.includes(method.type), () =>
      notSupported('spec.distinguisherMethod.type', { Type: method?.type ?? '' }, methods),
    ),
    ...(levelName
      ? invalidTexts('spec.priorityLevelConfiguration.name', levelName, dnsSubdomainFaults)
      : [required('spec.priorityLevelConfiguration.name', 'must reference a priority level')]),
    ...rules.flatMap((rule, index) => validateRules(rule, `spec.rules[${index}]`)),
  ]
}

function validateRules(rules: PolicyRulesWithSubjects, at: string): Faults {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rules
  return [
    ...subjects.flatMap((subject, index) => validateSubject(subject, `${at}.subjects[${index}]`)),
    ...when(subjects.length === 0, () =>
      required(`${at}.subjects`, 'subjects must contain at least one value'),
    ),
    ...when(resourceRules.length === 0 && nonResourceRules.length === 0, () =>
      required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty'),
    ),
    ...resourceRules.flatMap((rule, index) => validateResourceRule(rule, `${at}.resourceRules[${index}]`)),
    ...nonResourceRules.flatMap((rule, index) =>
      validateNonResourceRule(rule, `${at}.nonResourceRules[${index}]`),
    ),
  ]
}

/** In the order of upstream's messages; of each kind, the field that describes it. */
const SUBJECT_FIELDS = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const
type SubjectKind = keyof typeof SUBJECT_FIELDS
const SUBJECT_KINDS = Object.keys(SUBJECT_FIELDS) as readonly SubjectKind[]

function validateSubject(subject: Subject, at: string): Faults {
  const kind = SUBJECT_KINDS.find((one) => one === subject.kind)
  if (kind === undefined) return [notSupported(`${at}.kind`, subject.kind, SUBJECT_KINDS.toSorted())]
  const others = SUBJECT_KINDS.filter((one) => one !== kind)
  return [
    ...validateWho(subject, kind, `${at}.${SUBJECT_FIELDS[kind]}`),
    ...others.flatMap((other) => {
      const field = SUBJECT_FIELDS[other]
      return when(subject[field], () =>
        forbiddenField(`${at}.${field}`, `${field} is forbidden when subject kind is not '${other}'`),
      )
    }),
  ]
}

function validateWho(subject: Subject, kind: SubjectKind, at: string): Faults {
  const who = subject[SUBJECT_FIELDS[kind]]
  if (who === undefined)
    return [required(at, `${SUBJECT_FIELDS[kind]} is required when subject kind is '${kind}'`)]
  return 'namespace' in who ? validateAccount(who, at) : requiredText(`${at}.name`, who.name)
}

function validateAccount({ name, namespace }: ServiceAccountSubject, at: string): Faults {
  return [
    ...(name === '*' ? [] : requiredText(`${at}.name`, name, dnsSubdomainFaults)),
    ...(namespace
      ? invalidTexts(`${at}.namespace`, namespace, dnsLabelFaults)
      : [required(`${at}.namespace`, 'must specify namespace for service account')]),
  ]
}

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']

function validateVerbs(verbs: readonly string[], at: string): Faults {
  if (verbs.length === 0 || verbs.includes('*'))
    return validateAny(verbs, at, { least: 'verbs must contain at least one value', others: 'verbs' })
  return when(!verbs.every((verb) => VERBS.includes(verb)), () => notSupported(at, verbs, VERBS))
}

/** A list must not be empty, and with '*' in it must hold nothing else; `least` and `others` are upstream's words. */
function validateAny(
  list: readonly string[],
  at: string,
  { least, others }: { readonly least: string; readonly others: string },
): Faults {
  return [
    ...when(list.length === 0, () => required(at, least)),
    ...when(list.includes('*') && list.length > 1, () =>
      invalidValue(at, list, `if '*' is present, must not specify other ${others}`),
    ),
  ]
}

function validateNonResourceRule(
  { verbs = [], nonResourceURLs = [] }: NonResourcePolicyRule,
  at: string,
): Faults {
  const field = `${at}.nonResourceURLs`
  return [
    ...validateVerbs(verbs, `${at}.verbs`),
    ...validateAny(nonResourceURLs, field, {
      least: 'nonResourceURLs must contain at least one value',
      others: 'non-resource URLs',
    }),
    ...(nonResourceURLs.includes('*')
      ? []
      : nonResourceURLs.flatMap((path, index) => {
          const fault = pathFault(path)
          return fault === undefined ? [] : [invalidValue(`${field}[${index}]`, path, fault)]
        })),
  ]
}

/** A path is absolute, without gaps; what begins with it is meant by a last `*`. */
function pathFault(path: string): string | undefined {
  if (path === '') return 'must not be empty'
  if (!path.startsWith('/')) return 'must start with slash'
  if (path.includes(' ')) return 'must not contain white-space'
  if (path.includes('//')) return 'must not contain double slash'
  const wildcard = path.indexOf('*')
  const isSuffix = wildcard === path.length - 1 && path.endsWith('/*')
  return wildcard === -1 || isSuffix ? undefined : 'wildcard can only do suffix matching'
}

function validateResourceRule(rule: ResourcePolicyRule, at: string): Faults {
  const { verbs = [], apiGroups = [], resources = [], namespaces = [], clusterScope } = rule
  const supply = (what: string) => `resource rules must supply at least one ${what}`
  return [
    ...validateVerbs(verbs, `${at}.verbs`),
    ...validateAny(apiGroups, `${at}.apiGroups`, { least: supply('api group'), others: 'api groups' }),
    ...validateAny(resources, `${at}.resources`, { least: supply('resource'), others: 'resources' }),
    ...(namespaces.length === 0 && clusterScope ? [] : validateNamespaces(namespaces, `${at}.namespaces`)),
  ]
}

function validateNamespaces(namespaces: readonly string[], at: string): Faults {
  const least = 'resource rules that are not cluster scoped must supply at least one namespace'
  if (namespaces.length === 0 || namespaces.includes('*'))
    return validateAny(namespaces, at, { least, others: 'namespaces' })
  return namespaces.flatMap((namespace, index) =>
    dnsLabelFaults(namespace).map((fault) =>
      invalidValue(
        `${at}[${index}]`,
        namespace,
        `each member of this list must be '*' or a DNS-1123 label; ${fault}`,
      ),
    ),
  )
}

/** As upstream shows its internal type. */
const shownSpec = (spec: FlowSchemaSpec): unknown => ({
  PriorityLevelConfiguration: { Name: spec.priorityLevelConfiguration.name },
  MatchingPrecedence: spec.matchingPrecedence ?? 0,
  DistinguisherMethod: spec.distinguisherMethod ? { Type: spec.distinguisherMethod.type } : null,
  Rules: spec.rules?.map(shownRules) ?? null,
})

const shownRules = ({ subjects, resourceRules, nonResourceRules }: PolicyRulesWithSubjects): unknown => ({
  Subjects:
    subjects?.map(({ kind, user, group, serviceAccount }) => ({
      Kind: kind,
      User: user ? { Name: user.name } : null,
      Group: group ? { Name: group.name } : null,
      ServiceAccount: serviceAccount
        ? { Namespace: serviceAccount.namespace, Name: serviceAccount.name }
        : null,
    })) ?? null,
  ResourceRules:
    resourceRules?.map(({ verbs, apiGroups, resources, clusterScope, namespaces }) => ({
      Verbs: verbs ?? null,
      APIGroups: apiGroups ?? null,
      Resources: resources ?? null,
      ClusterScope: clusterScope ?? false,
      Namespaces: namespaces ?? null,
    })) ?? null,
  NonResourceRules:
    nonResourceRules?.map(({ verbs, nonResourceURLs }) => ({
      Verbs: verbs ?? null,
      NonResourceURLs: nonResourceURLs ?? null,
    })) ?? null,
})
