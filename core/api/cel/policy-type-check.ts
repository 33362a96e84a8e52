/**
 * What is wrong with the expressions of a policy, as far as is known of the objects it is about: warnings, for the status
 * of the policy. Pure. kubernetes/apiserver pkg/admission/plugin/policy/validating/typechecking.go.
 */

import type {
  ExpressionWarning,
  NamedRuleWithOperations,
  ValidatingAdmissionPolicy,
} from '../generated/admissionregistration-v1.ts'
import type { ResourceInfo } from '../resource.ts'
import { apiVersionOf } from '../resource.ts'
import { checkingEnvironment, variableType, withVariables } from './admission-environment.ts'
import type { Scope } from './check/checker.ts'
import { DYN } from './check/types.ts'
import type { CelType } from './check/types.ts'
import { checked, typeFaults } from './compile.ts'
import type { KnownType } from './object-types.ts'

/** A resource and what is known of its objects. */
export interface TypedResource {
  readonly resource: ResourceInfo
  readonly type: () => KnownType | undefined
}

const MAX_TYPES = 10

/** @returns none when nothing is wrong, or nothing is known of what the policy is about */
export function policyWarnings(
  policy: ValidatingAdmissionPolicy,
  resources: readonly TypedResource[],
): readonly ExpressionWarning[] {
  const { validations = [] } = policy.spec
  const scopes = subjects(policy, resources).flatMap((subject) => {
    const scope = scopeOf(policy, subject, resources)
    return scope === undefined ? [] : [{ text: kindText(subject.resource), scope }]
  })
  const warnings = (fieldRef: string, expression: string): readonly ExpressionWarning[] => {
    const texts = scopes.flatMap(({ text, scope }) => {
      const faults = typeFaults(scope, expression)
      return faults === undefined ? [] : [`${text}: ${faults}\n`]
    })
    return texts.length === 0 ? [] : [{ fieldRef, warning: texts.join('\n') }]
  }
  return validations.flatMap(({ expression, messageExpression }, index) => [
    ...warnings(`spec.validations[${index}].expression`, expression),
    ...(messageExpression ? warnings(`spec.validations[${index}].messageExpression`, messageExpression) : []),
  ])
}

/** `apps/v1, Kind=Deployment` */
const kindText = (resource: ResourceInfo): string =>
  `${resource.group === '' ? '/' : ''}${apiVersionOf(resource)}, Kind=${resource.kind}`

/** What the rules name, in order; what they mean by `*` is not looked at. */
function subjects(
  { spec }: ValidatingAdmissionPolicy,
  resources: readonly TypedResource[],
): readonly TypedResource[] {
  const rules = spec.matchConstraints?.resourceRules ?? []
  const isNamed = ({ resource }: TypedResource): boolean => rules.some((rule) => names(rule, resource))
  const key = ({ resource: { group, version, kind } }: TypedResource): string => `${group}/${version}/${kind}`
  return resources
    .filter(isNamed)
    .toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
    .slice(0, MAX_TYPES)
}

function names(rule: NamedRuleWithOperations, { group, version, resource }: ResourceInfo): boolean {
  const { apiGroups = [], apiVersions = [], resources = [] } = rule
  if ([...apiGroups, ...apiVersions].some((each) => each.includes('*'))) return false
  return apiGroups.includes(group) && apiVersions.includes(version) && resources.includes(resource)
}

/** @returns undefined when nothing is known of the subject */
function scopeOf(
  { spec }: ValidatingAdmissionPolicy,
  subject: TypedResource,
  resources: readonly TypedResource[],
): Scope | undefined {
  const object = subject.type()
  if (object === undefined) return undefined
  const { paramKind, variables = [] } = spec
  const params = resources
    .find(
      ({ resource }) => paramKind?.kind === resource.kind && paramKind.apiVersion === apiVersionOf(resource),
    )
    ?.type()
  const plain = checkingEnvironment({
    hasParams: params !== undefined,
    hasAuthorizer: true,
    structs: new Map([...(params?.structs ?? []), ...object.structs]),
    objectType: object.type,
    paramsType: params?.type,
  })
  const known: Record<string, CelType> = {}
  let scope = variables.length > 0 ? withVariables(plain, known) : plain
  for (const { name, expression } of variables) {
    const outcome = checked(scope, expression)
    known[name] = 'type' in outcome ? variableType(outcome.type) : DYN
    scope = withVariables(plain, known)
  }
  return scope
}
