/**
 * What expressions of admission know: `object`, `oldObject`, `request`, `namespaceObject`, and where there are any
 * `params`, `variables` and `authorizer`. One environment to check them in, which knows types, and one to evaluate them
 * in, where every value is what it is. Pure.
 *
 * kubernetes/apiserver pkg/admission/plugin/cel/compile.go (BuildRequestType, BuildNamespaceType).
 */

import type { Environment } from '@marcbachmann/cel-js'
import { AUTHORIZER_TYPE, registerAuthorizer } from './authorizer.ts'
import { environmentOf } from './library.ts'

/** A type of objects: the names of its fields with the types they have. */
export interface ObjectType {
  readonly name: string
  readonly fields: Readonly<Record<string, string>>
}

export interface Known {
  readonly hasParams: boolean
  readonly hasAuthorizer: boolean
  /** what may be known of objects and parameters: types in the order in which they refer to each other */
  readonly types?: readonly ObjectType[]
  /** the name of the type of `object` and `oldObject`, and of `params`; absent: nothing is known */
  readonly objectType?: string | undefined
  readonly paramsType?: string | undefined
}

/** Whose values may be compared with null, though they are never null to the checker. */
const MESSAGES: readonly ObjectType[] = [
  { name: 'kubernetes.GroupVersionKind', fields: { group: 'string', version: 'string', kind: 'string' } },
  {
    name: 'kubernetes.GroupVersionResource',
    fields: { group: 'string', version: 'string', resource: 'string' },
  },
  {
    name: 'kubernetes.UserInfo',
    fields: {
      username: 'string',
      uid: 'string',
      groups: 'list<string>',
      extra: 'map<string, list<string>>',
    },
  },
  {
    name: 'kubernetes.AdmissionRequest',
    fields: {
      kind: 'kubernetes.GroupVersionKind',
      resource: 'kubernetes.GroupVersionResource',
      subResource: 'string',
      requestKind: 'kubernetes.GroupVersionKind',
      requestResource: 'kubernetes.GroupVersionResource',
      requestSubResource: 'string',
      name: 'string',
      namespace: 'string',
      operation: 'string',
      userInfo: 'kubernetes.UserInfo',
      dryRun: 'bool',
      options: 'dyn',
    },
  },
  { name: 'kubernetes.NamespaceSpec', fields: { finalizers: 'list<string>' } },
  {
    name: 'kubernetes.NamespaceCondition',
    fields: {
      status: 'string',
      type: 'string',
      lastTransitionTime: 'google.protobuf.Timestamp',
      message: 'string',
      reason: 'string',
    },
  },
  {
    name: 'kubernetes.NamespaceStatus',
    fields: { conditions: 'list<kubernetes.NamespaceCondition>', phase: 'string' },
  },
  {
    name: 'kubernetes.NamespaceMetadata',
    fields: {
      name: 'string',
      generateName: 'string',
      namespace: 'string',
      labels: 'map<string, string>',
      annotations: 'map<string, string>',
      UID: 'string',
      creationTimestamp: 'google.protobuf.Timestamp',
      deletionGracePeriodSeconds: 'int',
      deletionTimestamp: 'google.protobuf.Timestamp',
      generation: 'int',
      resourceVersion: 'string',
      finalizers: 'list<string>',
    },
  },
  {
    name: 'kubernetes.Namespace',
    fields: {
      metadata: 'kubernetes.NamespaceMetadata',
      spec: 'kubernetes.NamespaceSpec',
      status: 'kubernetes.NamespaceStatus',
    },
  },
]

/** @returns an environment to check expressions in; its `variables` are added by withVariables() */
export function checkingEnvironment(known: Known): Environment {
  const environment = environmentOf([])
  registerAuthorizer(environment)
  for (const { name, fields } of [...MESSAGES, ...(known.types ?? [])]) {
    environment.registerType(name, { fields })
    environment.registerOperator(`${name} == null`, isNull)
  }
  environment
    .registerVariable('object', known.objectType ?? 'dyn')
    .registerVariable('oldObject', known.objectType ?? 'dyn')
    .registerVariable('request', 'kubernetes.AdmissionRequest')
    .registerVariable('namespaceObject', 'kubernetes.Namespace')
  if (known.hasParams) environment.registerVariable('params', known.paramsType ?? 'dyn')
  if (known.hasAuthorizer) environment.registerVariable('authorizer', AUTHORIZER_TYPE)
  return environment
}

const isNull = (a: unknown, b: unknown): boolean => a === b

const PLAIN_TYPES: ReadonlySet<string> = new Set([
  'bool',
  'bytes',
  'double',
  'int',
  'null',
  'string',
  'uint',
  'google.protobuf.Duration',
  'google.protobuf.Timestamp',
])

/** @returns what is known of a variable whose expression has the type: of objects nothing */
export function variableType(type: string): string {
  if (PLAIN_TYPES.has(type)) return type
  const list = /^list<(.*)>$/.exec(type)?.[1]
  if (list !== undefined) return `list<${variableType(list)}>`
  const [, key, value] = /^map<(\w+), (.*)>$/.exec(type) ?? []
  if (key !== undefined && value !== undefined) return `map<${variableType(key)}, ${variableType(value)}>`
  return 'dyn'
}

/** @returns the environment, knowing `variables` of these types, by name */
export function withVariables(
  environment: Environment,
  variables: Readonly<Record<string, string>>,
): Environment {
  return environment
    .clone()
    .registerType('kubernetes.variables', { fields: { ...variables } })
    .registerVariable('variables', 'kubernetes.variables')
}

/** @returns the environment in which every expression of admission is evaluated, once checked */
export function evaluatingEnvironment(): Environment {
  const environment = environmentOf([
    'object',
    'oldObject',
    'request',
    'namespaceObject',
    'params',
    'variables',
  ])
  registerAuthorizer(environment)
  environment.registerVariable('authorizer', 'dyn')
  return environment
}
