/** What the status of a ValidatingAdmissionPolicy tells of its expressions: kube-controller-manager 1.34's warnings. */

import { describe, expect, it } from 'vitest'
import type { ValidatingAdmissionPolicy } from '../api/generated/admissionregistration-v1.ts'
import type { CustomResourceDefinition } from '../api/generated/apiextensions-v1.ts'
import { admissionPolicyStatusController } from './admission-policy-status.ts'
import { NOTHING } from './controller.ts'

const CRONTABS = {
  metadata: { name: 'crontabs.stable.example.com' },
  spec: {
    group: 'stable.example.com',
    scope: 'Namespaced',
    names: { plural: 'crontabs', kind: 'CronTab' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  replicas: { type: 'integer' },
                  jobs: {
                    type: 'array',
                    items: { type: 'object', properties: { name: { type: 'string' } } },
                  },
                  'free-form': { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  port: { 'x-kubernetes-int-or-string': true },
                  namespace: { type: 'integer' },
                },
              },
            },
          },
        },
      },
    ],
  },
} as unknown as CustomResourceDefinition

const DEPLOYMENTS = { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }
const CUSTOM = { apiGroups: ['stable.example.com'], apiVersions: ['v1'], resources: ['crontabs'] }

function policyOf(
  rule: object,
  expressions: readonly string[],
  more: object = {},
): ValidatingAdmissionPolicy {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'p', generation: 2 },
    spec: {
      matchConstraints: { resourceRules: [{ operations: ['*'], ...rule }] },
      validations: expressions.map((expression) => ({ expression })),
      ...more,
    },
  } as ValidatingAdmissionPolicy
}

/** The status the controller writes. */
function statusOf(policy: ValidatingAdmissionPolicy): ValidatingAdmissionPolicy['status'] {
  const { writes } = admissionPolicyStatusController.plan({ policy, definitions: [CRONTABS] }, 0)
  const write = writes[0]?.write
  return write?.kind === 'updateStatus' ? (write.object as ValidatingAdmissionPolicy).status : undefined
}

/** `1:23: message` of each warning, by the index of its expression. */
const warnings = (policy: ValidatingAdmissionPolicy): readonly string[] =>
  (statusOf(policy)?.typeChecking?.expressionWarnings ?? []).map(
    ({ fieldRef, warning }) =>
      `${/\d+/.exec(fieldRef)?.[0]} ${[...warning.matchAll(/^(.*?): ERROR: <input>:(.*)$/gm)].map(([, kind, text]) => `${kind} ${text}`).join(' & ')}`,
  )

it('an expression that is good is seen, and nothing else said', () => {
  expect(statusOf(policyOf(DEPLOYMENTS, ['object.spec.replicas > 1']))).toEqual({
    observedGeneration: 2,
    typeChecking: {},
  })
})

it('a policy that was seen is left alone', () => {
  const policy = { ...policyOf(DEPLOYMENTS, ['true']), status: { observedGeneration: 2 } }
  expect(admissionPolicyStatusController.plan({ policy, definitions: [] }, 0)).toEqual(NOTHING)
})

it('a warning names the expression, the kind and the place', () => {
  const policy = policyOf(DEPLOYMENTS, [], {
    validations: [
      {
        expression: "object.spec.replicas > '1'",
        messageExpression: "'wants replicas > 1, got ' + object.spec.replicas",
      },
    ],
  })
  expect(statusOf(policy)?.typeChecking?.expressionWarnings).toEqual([
    {
      fieldRef: 'spec.validations[0].expression',
      warning:
        "apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'\n | object.spec.replicas > '1'\n | .....................^\n",
    },
    {
      fieldRef: 'spec.validations[0].messageExpression',
      warning:
        "apps/v1, Kind=Deployment: ERROR: <input>:1:28: found no matching overload for '_+_' applied to '(string, int)'\n | 'wants replicas > 1, got ' + object.spec.replicas\n | ...........................^\n",
    },
  ])
})

describe('of a Deployment', () => {
  it.each([
    ['object.spec.nope == 1', "1:12: undefined field 'nope'"],
    ['has(object.spec.nope)', "1:4: undefined field 'nope'"],
    ['object.metadata.name == 1', "1:22: found no matching overload for '_==_' applied to '(string, int)'"],
    [
      'object.spec.template.spec.containers.all(c, c.image == 1)',
      "1:53: found no matching overload for '_==_' applied to '(string, int)'",
    ],
    [
      'object.metadata.creationTimestamp == "x"',
      "1:35: found no matching overload for '_==_' applied to '(timestamp, string)'",
    ],
    [
      'oldObject.spec.replicas == "1"',
      "1:25: found no matching overload for '_==_' applied to '(int, string)'",
    ],
    [
      'object.spec.template.spec.containers[0].resources.limits["cpu"] == 1',
      "1:50: undefined field 'limits'",
    ],
    ['object.metadata.managedFields[0].fieldsV1.x == 1', "1:42: undefined field 'x'"],
  ])('%s: %s', (expression, expected) => {
    expect(warnings(policyOf(DEPLOYMENTS, [expression]))).toEqual([`0 apps/v1, Kind=Deployment ${expected}`])
  })

  it.each([
    'object.metadata.namespace == "x"',
    'object.metadata.labels.foo == "a"',
    'object.spec.strategy.rollingUpdate.maxSurge == 1',
    'object.spec.strategy.rollingUpdate.maxSurge == "25%"',
  ])('%s is good', (expression) => {
    expect(warnings(policyOf(DEPLOYMENTS, [expression]))).toEqual([])
  })
})

it('every kind is looked at, in order', () => {
  const rule = { apiGroups: ['', 'apps'], apiVersions: ['v1'], resources: ['pods', 'deployments'] }
  expect(warnings(policyOf(rule, ['object.spec.replicas > 1 && object.spec.nodeName == "n"']))).toEqual([
    "0 /v1, Kind=Pod 1:12: undefined field 'replicas' & apps/v1, Kind=Deployment 1:40: undefined field 'nodeName'",
  ])
})

it.each([
  ['wildcards', { ...DEPLOYMENTS, apiGroups: ['*'] }],
  ['sub-resources', { ...DEPLOYMENTS, resources: ['deployments/scale'] }],
  ['what is not served', { ...DEPLOYMENTS, apiGroups: ['nope'] }],
])('nothing is known of %s', (_what, rule) => {
  expect(warnings(policyOf(rule, ['object.nope == 1']))).toEqual([])
})

it('variables and parameters have types, too', () => {
  const policy = policyOf(DEPLOYMENTS, ['variables.r == "a"', 'variables.s.nope == 1', 'params.nope == 1'], {
    variables: [
      { name: 'r', expression: 'object.spec.replicas' },
      { name: 's', expression: 'object.spec' },
    ],
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
  })
  expect(warnings(policy)).toEqual([
    "0 apps/v1, Kind=Deployment 1:13: found no matching overload for '_==_' applied to '(int, string)'",
    "2 apps/v1, Kind=Deployment 1:7: undefined field 'nope'",
  ])
})

it('of a custom resource', () => {
  const policy = policyOf(CUSTOM, [
    "object.spec.replicas > '1'",
    'object.spec.maxRetries == 1',
    'object.spec.jobs.all(j, j.name == 1)',
    'object.spec.port == 1 && object.spec.port == "a"',
    'object.metadata.name == "x" && object.kind == "CronTab"',
    'object.spec.free__dash__form.x == 1',
    'object.spec.namespace == "a" || object.spec.__namespace__ == "a"',
    'object.metadata.labels == 1',
  ])
  const kind = 'stable.example.com/v1, Kind=CronTab'
  expect(warnings(policy)).toEqual([
    `0 ${kind} 1:22: found no matching overload for '_>_' applied to '(int, string)'`,
    `1 ${kind} 1:12: undefined field 'maxRetries'`,
    `2 ${kind} 1:32: found no matching overload for '_==_' applied to '(string, int)'`,
    `5 ${kind} 1:29: undefined field 'x'`,
    `6 ${kind} 1:23: found no matching overload for '_==_' applied to '(int, string)'`,
    `7 ${kind} 1:24: found no matching overload for '_==_' applied to '(map(string, string), int)'`,
  ])
})
