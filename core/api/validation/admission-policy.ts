/**
 * ValidatingAdmissionPolicies (kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go). Pure.
 * Expressions are compiled, so that a policy that is stored can be evaluated.
 */

import { checkingEnvironment, variableType, withVariables } from '../cel/admission-environment.ts'
import type { Scope } from '../cel/check/checker.ts'
import type { CelType } from '../cel/check/types.ts'
import { DYN } from '../cel/check/types.ts'
import { checked } from '../cel/compile.ts'
import type {
  AuditAnnotation,
  ParamKind,
  ValidatingAdmissionPolicy,
  Validation,
  Variable,
} from '../generated/admissionregistration-v1.ts'
import { isSameValue } from '../equality.ts'
import { reservedCelWord } from '../cel/values.ts'
import { validateConditions } from './conditions.ts'
import { expressionFaults } from './expressions.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  invalidTexts,
  invalidValue,
  optionalChoice,
  pointedChoice,
  repeated,
  required,
  when,
} from './faults.ts'
import { validateMatchConditions } from './match-conditions.ts'
import { validateMatchResources } from './match-resources.ts'
import { dns1035LabelFaults, dnsSubdomainFaults, qualifiedNameFaults } from './names.ts'

const MAX_ANNOTATIONS = 20
const MAX_ANNOTATION_BYTES = 5 * 1024
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']

type Policy = ValidatingAdmissionPolicy

/** Faults of a policy, metadata aside. */
export function validateAdmissionPolicy(policy: Policy): Faults {
  return policyFaults(policy, { checksConditions: true })
}

/** Match conditions that were good once are not looked at again while nothing about them changes. */
export function validateAdmissionPolicyUpdate(policy: Policy, old: Policy): Faults {
  const { paramKind, matchConditions } = policy.spec
  const isSame =
    isSameValue(paramKind, old.spec.paramKind) && isSameValue(matchConditions, old.spec.matchConditions)
  return policyFaults(policy, { checksConditions: !isSame })
}

function policyFaults(
  { metadata, spec }: Policy,
  { checksConditions }: { readonly checksConditions: boolean },
): Faults {
  const { paramKind, matchConstraints, matchConditions = [], variables = [] } = spec
  const { validations = [], auditAnnotations = [] } = spec
  const expressions = new PolicyExpressions(paramKind !== undefined, variables.length > 0)
  return [
    ...pointedChoice('spec.failurePolicy', spec.failurePolicy, ['Fail', 'Ignore']),
    ...(paramKind ? validateParamKind(paramKind, 'spec.paramKind') : []),
    ...(matchConstraints
      ? [
          ...validateMatchResources(matchConstraints, 'spec.matchConstraints'),
          ...when((matchConstraints.resourceRules ?? []).length === 0, () =>
            required('spec.matchConstraints.resourceRules'),
          ),
        ]
      : [required('spec.matchConstraints')]),
    ...(checksConditions
      ? validateMatchConditions(matchConditions, 'spec.matchConditions', expressions.plain)
      : []),
    ...variables.flatMap((variable, index) =>
      variableFaults(variable, expressions, `spec.variables[${index}]`),
    ),
    ...(validations.length + auditAnnotations.length === 0
      ? ['validations', 'auditAnnotations'].map((name) =>
          required(`spec.${name}`, 'validations or auditAnnotations must contain at least one item'),
        )
      : [
          ...validations.flatMap((validation, index) =>
            validationFaults(validation, expressions, `spec.validations[${index}]`),
          ),
          ...annotationFaults(auditAnnotations, expressions, metadata.name),
        ]),
  ]
}

function validateParamKind({ apiVersion, kind }: ParamKind, at: string): Faults {
  return [
    ...(apiVersion ? versionFaults(apiVersion, `${at}.apiVersion`) : [required(`${at}.apiVersion`)]),
    ...(kind
      ? wrongKind(dns1035LabelFaults(kind.toLowerCase()), kind, `${at}.kind`)
      : [required(`${at}.kind`)]),
  ]
}

const wrongKind = (faults: readonly string[], kind: string, field: string): Faults =>
  when(faults.length > 0, () =>
    invalidValue(field, kind, `may have mixed case, but should otherwise match: ${faults.join(',')}`),
  )

function versionFaults(apiVersion: string, field: string): Faults {
  const parts = apiVersion === '/' ? [''] : apiVersion.split('/')
  if (parts.length > 2)
    return [invalidValue(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)]
  const [group, version] = parts.length === 2 ? parts : ['', parts[0]]
  const joined = (value: string, faults: readonly string[]): Faults =>
    when(faults.length > 0, () => invalidValue(field, value, faults.join(',')))
  return [
    ...(group ? joined(group, dnsSubdomainFaults(group)) : []),
    ...(version
      ? joined(version, dns1035LabelFaults(version))
      : [invalidValue(field, apiVersion, 'version must be specified')]),
  ]
}

/** What an expression of a policy may refer to; every variable that is good is known to those after it. */
class PolicyExpressions {
  readonly #hasVariables: boolean
  /** without variables, which match conditions are not to use */
  readonly plain: Scope
  readonly #unauthorized: Scope
  readonly #types: Record<string, CelType> = {}

  constructor(hasParams: boolean, hasVariables: boolean) {
    this.#hasVariables = hasVariables
    this.plain = checkingEnvironment({ hasParams, hasAuthorizer: true })
    this.#unauthorized = checkingEnvironment({ hasParams, hasAuthorizer: false })
  }

  variable({ name, expression }: Variable, field: string): Faults {
    const outcome = checked(this.#composed(this.plain), expression)
    this.#types[name] = 'type' in outcome ? variableType(outcome.type) : DYN
    return expressionFaults(outcome, expression, field)
  }

  validation(expression: string, field: string): Faults {
    return expressionFaults(checked(this.#composed(this.plain), expression, ['bool']), expression, field)
  }

  /** Messages do without the authorizer. */
  message(expression: string, field: string): Faults {
    return expressionFaults(
      checked(this.#composed(this.#unauthorized), expression, ['string']),
      expression,
      field,
    )
  }

  annotation(expression: string, field: string): Faults {
    const outcome = checked(this.#composed(this.plain), expression.trim(), ['string', 'null'])
    return expressionFaults(outcome, expression, field)
  }

  #composed(scope: Scope): Scope {
    return this.#hasVariables ? withVariables(scope, this.#types) : scope
  }
}

function variableFaults(variable: Variable, expressions: PolicyExpressions, at: string): Faults {
  const { name = '', expression = '' } = variable
  const isName = /^[_a-zA-Z]\w*$/.test(name) && !reservedCelWord(name)
  return [
    ...(name.trim() === ''
      ? [required(`${at}.name`, 'name is not specified')]
      : when(!isName, () => invalidValue(`${at}.name`, name, 'must be a valid CEL identifier'))),
    ...(expression.trim() === ''
      ? [required(`${at}.expression`, 'expression is not specified')]
      : expressions.variable(variable, `${at}.expression`)),
  ]
}

function validationFaults(validation: Validation, expressions: PolicyExpressions, at: string): Faults {
  const { expression = '', message = '', messageExpression = '', reason } = validation
  return [
    ...(expression.trim() === ''
      ? [required(`${at}.expression`, 'expression is not specified')]
      : expressions.validation(expression, `${at}.expression`)),
    ...(messageExpression.trim() === ''
      ? emptyFaults(messageExpression, `${at}.messageExpression`)
      : expressions.message(messageExpression, `${at}.messageExpression`)),
    ...(message.trim() === ''
      ? emptyFaults(message, `${at}.message`)
      : when(/[\n\r]/.test(message.trim()), () =>
          invalidValue(`${at}.message`, message, 'must not contain line breaks'),
        )),
    ...optionalChoice(`${at}.reason`, reason, REASONS),
  ]
}

const emptyFaults = (text: string, field: string): Faults =>
  when(text !== '', () => invalidValue(field, text, 'must be non-empty if specified'))

function annotationFaults(
  annotations: readonly AuditAnnotation[],
  expressions: PolicyExpressions,
  policyName: string,
): Faults {
  const again = repeated(annotations, ({ key }) => key)
  return [
    ...when(annotations.length > MAX_ANNOTATIONS, () =>
      invalidValue(
        'spec.auditAnnotations',
        annotations.map(({ key, valueExpression }) => ({ Key: key, ValueExpression: valueExpression })),
        `must not have more than ${MAX_ANNOTATIONS} auditAnnotations`,
      ),
    ),
    ...annotations.flatMap(({ key = '', valueExpression = '' }, index) => {
      const at = `spec.auditAnnotations[${index}]`
      return [
        ...(policyName
          ? invalidTexts(`${at}.key`, `${policyName}/${key}`, qualifiedNameFaults)
          : [invalidValue(`${at}.key`, key, 'requires metadata.name be non-empty')]),
        ...annotationValueFaults(valueExpression, expressions, `${at}.valueExpression`),
        ...when(again.includes(index), () => duplicate(`${at}.key`, key)),
      ]
    }),
  ]
}

function annotationValueFaults(expression: string, expressions: PolicyExpressions, field: string): Faults {
  const trimmed = expression.trim()
  if (trimmed === '') return [required(field, 'valueExpression is not specified')]
  if (Buffer.byteLength(trimmed) > MAX_ANNOTATION_BYTES)
    return [required(field, `must not exceed ${MAX_ANNOTATION_BYTES} bytes in length`)]
  return expressions.annotation(expression, field)
}

/** Faults of what a controller writes. */
export function validateAdmissionPolicyStatus({ status }: Policy): Faults {
  const warnings = status?.typeChecking?.expressionWarnings ?? []
  return [
    ...warnings.flatMap(({ fieldRef, warning }, index) => {
      const at = `status.typeChecking.expressionWarnings[${index}]`
      return [
        ...when(!warning, () => required(`${at}.warning`)),
        ...when(!fieldRef?.trim(), () => required(`${at}.fieldRef`)),
      ]
    }),
    ...validateConditions(status?.conditions ?? [], 'status.conditions'),
  ]
}
