/** Defaults and faults of ValidatingAdmissionPolicies and their bindings: as kube-apiserver 1.34 says them. */

import { describe, expect, it } from 'vitest'
import { VALIDATING_ADMISSION_POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS } from '../scheme.ts'
import {
  decoded,
  defaulted,
  faultsOf,
  statusFaultsOf,
  updateFaultsOf,
} from '../../../test/support/kind-rules.ts'

const RULE = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }
const MATCH = { resourceRules: [RULE] }
const GOOD = { matchConstraints: MATCH, validations: [{ expression: 'true' }] }

const policy = (more: object = {}): object => ({ spec: { ...GOOD, ...more } })
const ruled = (rule: object): object =>
  policy({ matchConstraints: { resourceRules: [{ ...RULE, ...rule }] } })
const validation = (more: object): object => policy({ validations: [{ expression: 'true', ...more }] })
const annotated = (...auditAnnotations: object[]): object => policy({ auditAnnotations })
const undeclared = (name: string): string =>
  `compilation failed: ERROR: <input>:1:1: undeclared reference to '${name}' (in container '')\n | ${name}\n | ^`

describe('a policy', () => {
  it('fails and matches by default as Go says', () => {
    expect(defaulted(VALIDATING_ADMISSION_POLICIES, policy()).spec).toEqual({
      ...GOOD,
      failurePolicy: 'Fail',
      matchConstraints: {
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: {},
        resourceRules: [{ ...RULE, scope: '*' }],
      },
    })
  })

  it.each<[string, object, string[]]>([
    ['good', policy(), []],
    [
      'empty',
      { spec: {} },
      [
        'spec.matchConstraints: Required value',
        'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
        'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
      ],
    ],
    [
      'another failurePolicy',
      policy({ failurePolicy: 'X' }),
      ['spec.failurePolicy: Unsupported value: "X": supported values: "Fail", "Ignore"'],
    ],
    ['no rules', policy({ matchConstraints: {} }), ['spec.matchConstraints.resourceRules: Required value']],
    [
      'another matchPolicy',
      policy({ matchConstraints: { ...MATCH, matchPolicy: 'X' } }),
      ['spec.matchConstraints.matchPolicy: Unsupported value: "X": supported values: "Equivalent", "Exact"'],
    ],
    [
      'names twice',
      ruled({ resourceNames: ['a', 'a', 'a/b'] }),
      [
        'spec.matchConstraints.resourceRules[0].resourceNames[1]: Duplicate value: "a"',
        'spec.matchConstraints.resourceRules[0].resourceNames[2]: Invalid value: "a/b": may not contain \'/\'',
      ],
    ],
    ['a resource before all', ruled({ resources: ['pods', '*'] }), []],
    [
      'a resource after all',
      ruled({ resources: ['*', 'pods'] }),
      [
        'spec.matchConstraints.resourceRules[0].resources: Invalid value: ["*","pods"]: if \'*\' is present, must not specify other resources without subresources',
      ],
    ],
    [
      'an expression of nothing',
      validation({ expression: ' ' }),
      ['spec.validations[0].expression: Required value: expression is not specified'],
    ],
    [
      'an expression that does not compile',
      validation({ expression: 'foo' }),
      [`spec.validations[0].expression: Invalid value: "foo": ${undeclared('foo')}`],
    ],
    [
      'an expression of another type',
      validation({ expression: '1' }),
      ['spec.validations[0].expression: Invalid value: "1": must evaluate to bool but got int'],
    ],
    [
      'a message of another type',
      validation({ messageExpression: 'object.x' }),
      [
        'spec.validations[0].messageExpression: Invalid value: "object.x": must evaluate to string but got dyn',
      ],
    ],
    [
      'a message that asks who may what',
      validation({ messageExpression: 'authorizer' }),
      [`spec.validations[0].messageExpression: Invalid value: "authorizer": ${undeclared('authorizer')}`],
    ],
    [
      'a message of lines',
      validation({ message: 'a\nb' }),
      ['spec.validations[0].message: Invalid value: "a\\nb": must not contain line breaks'],
    ],
    [
      'a message of blanks',
      validation({ message: ' ' }),
      ['spec.validations[0].message: Invalid value: " ": must be non-empty if specified'],
    ],
    [
      'another reason',
      validation({ reason: 'X' }),
      [
        'spec.validations[0].reason: Unsupported value: "X": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
      ],
    ],
    [
      'parameters nobody declared',
      validation({ expression: 'params' }),
      [`spec.validations[0].expression: Invalid value: "params": ${undeclared('params')}`],
    ],
    [
      'a variable without a name',
      policy({ variables: [{ name: '', expression: '' }] }),
      [
        'spec.variables[0].name: Required value: name is not specified',
        'spec.variables[0].expression: Required value: expression is not specified',
      ],
    ],
    [
      'a variable under a reserved word',
      policy({ variables: [{ name: 'for', expression: '1' }] }),
      ['spec.variables[0].name: Invalid value: "for": must be a valid CEL identifier'],
    ],
    [
      'a variable that does not compile',
      policy({
        variables: [{ name: 'a', expression: 'foo' }],
        validations: [{ expression: 'variables.a == 1' }],
      }),
      [`spec.variables[0].expression: Invalid value: "foo": ${undeclared('foo')}`],
    ],
    [
      'a variable of another type',
      policy({ variables: [{ name: 'a', expression: '1' }], validations: [{ expression: 'variables.a' }] }),
      ['spec.validations[0].expression: Invalid value: "variables.a": must evaluate to bool but got int'],
    ],
    [
      'conditions without names, or twice',
      policy({
        matchConditions: [
          { name: '', expression: '' },
          { name: 'x', expression: 'true' },
          { name: 'x', expression: 'foo' },
        ],
      }),
      [
        'spec.matchConditions[0].expression: Required value',
        'spec.matchConditions[0].name: Required value',
        `spec.matchConditions[2].expression: Invalid value: "foo": ${undeclared('foo')}`,
        'spec.matchConditions[2].name: Duplicate value: "x"',
      ],
    ],
    [
      'no kind of parameters',
      policy({ paramKind: {} }),
      ['spec.paramKind.apiVersion: Required value', 'spec.paramKind.kind: Required value'],
    ],
    [
      'parameters of no version',
      policy({ paramKind: { apiVersion: 'a/b/c', kind: 'X' } }),
      ['spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'],
    ],
    [
      'annotations twice',
      annotated({ key: 'a', valueExpression: '"x"' }, { key: 'a', valueExpression: ' ' }),
      [
        'spec.auditAnnotations[1].valueExpression: Required value: valueExpression is not specified',
        'spec.auditAnnotations[1].key: Duplicate value: "a"',
      ],
    ],
    [
      'an annotation of another type',
      annotated({ key: 'a', valueExpression: '1' }),
      [
        'spec.auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string null_type] but got int',
      ],
    ],
    ['an annotation that may be none', annotated({ key: 'a', valueExpression: 'null' }), []],
  ])('%s', (_name, body, expected) => {
    expect(faultsOf(VALIDATING_ADMISSION_POLICIES, body)).toEqual(expected)
  })

  it('keeps conditions that do not compile, as long as they stay', () => {
    const old = policy({ matchConditions: [{ name: 'a', expression: 'foo' }] })
    expect(updateFaultsOf(VALIDATING_ADMISSION_POLICIES, old, old)).toEqual([])
    const changed = policy({ matchConditions: [{ name: 'b', expression: 'foo' }] })
    expect(updateFaultsOf(VALIDATING_ADMISSION_POLICIES, changed, old)).toHaveLength(1)
  })

  it('has a status whose warnings and conditions are whole', () => {
    const status = {
      typeChecking: { expressionWarnings: [{ fieldRef: '', warning: '' }] },
      conditions: [{ type: 'A b', status: 'Yes', reason: 'no good', message: '' }],
    }
    expect(statusFaultsOf(VALIDATING_ADMISSION_POLICIES, { spec: GOOD, status }, policy())).toEqual([
      'status.typeChecking.expressionWarnings[0].warning: Required value',
      'status.typeChecking.expressionWarnings[0].fieldRef: Required value',
      expect.stringContaining('status.conditions[0].type: Invalid value: "A b"'),
      'status.conditions[0].status: Unsupported value: "Yes": supported values: "False", "True", "Unknown"',
      'status.conditions[0].lastTransitionTime: Required value',
      expect.stringContaining(
        'status.conditions[0].reason: Invalid value: "no good": a condition reason must',
      ),
    ])
  })
})

describe('a binding', () => {
  const binding = (more: object = {}): object => ({
    spec: { policyName: 'p', validationActions: ['Deny'], ...more },
  })

  it('of parameters says no name where there is none', () => {
    const body = binding({ paramRef: { selector: {}, parameterNotFoundAction: 'Allow' } })
    expect(decoded(VALIDATING_ADMISSION_POLICY_BINDINGS, body).spec.paramRef).toEqual({
      selector: {},
      parameterNotFoundAction: 'Allow',
    })
  })

  it.each<[string, object, string[]]>([
    ['good', binding(), []],
    [
      'empty',
      { spec: {} },
      [
        'spec.policyName: Required value',
        'spec.validationActions: Required value: at least one validation action is required',
      ],
    ],
    [
      'actions that contradict',
      binding({ validationActions: ['Deny', 'Warn', 'Deny', 'X'] }),
      [
        'spec.validationActions[2]: Duplicate value: "Deny"',
        'spec.validationActions[3]: Unsupported value: "X": supported values: "Audit", "Deny", "Warn"',
        'spec.validationActions: Invalid value: ["Deny","Warn","Deny","X"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ],
    ],
    [
      'parameters that are none',
      binding({ paramRef: {} }),
      [
        'spec.paramRef: Required value: one of name or selector must be specified',
        'spec.paramRef.parameterNotFoundAction: Required value',
      ],
    ],
    [
      'parameters chosen twice',
      binding({ paramRef: { name: 'a', selector: {}, parameterNotFoundAction: 'X' } }),
      [
        'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
        'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
        'spec.paramRef.parameterNotFoundAction: Unsupported value: "X": supported values: "Deny", "Allow"',
      ],
    ],
    [
      'rules without anything',
      binding({ matchResources: { resourceRules: [{}] } }),
      ['operations', 'apiGroups', 'apiVersions', 'resources'].map(
        (name) => `spec.matchResources.resourceRules[0].${name}: Required value`,
      ),
    ],
  ])('%s', (_name, body, expected) => {
    expect(faultsOf(VALIDATING_ADMISSION_POLICY_BINDINGS, body)).toEqual(expected)
  })
})
