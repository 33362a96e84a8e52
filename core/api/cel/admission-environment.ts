/**
 * What expressions of admission know: `object`, `oldObject`, `request`, `namespaceObject`, and where there are any
 * `params`, `variables` and `authorizer`. Of what types they are, for checking them, and the environment to evaluate them
 * in, where every value is what it is. Pure.
 *
 * kubernetes/apiserver pkg/admission/plugin/cel/compile.go (BuildRequestType, BuildNamespaceType).
 */

import type { Environment } from '@marcbachmann/cel-js'
import { registerAuthorizer } from './authorizer.ts'
import type { Scope, Structs } from './check/checker.ts'
import type { CelType } from './check/types.ts'
import { DYN, listOf, mapOf, parsedType, structOf } from './check/types.ts'
import { environmentOf } from './library.ts'

export interface Known {
  readonly hasParams: boolean
  readonly hasAuthorizer: boolean
  /** the types that `objectType` and `paramsType` consist of */
  readonly structs?: Structs
  /** of `object` and `oldObject`, and of `params`; absent: nothing is known */
  readonly objectType?: CelType | undefined
  readonly paramsType?: CelType | undefined
}

type Fields = Readonly<Record<string, string>>

const MESSAGES: Readonly<Record<string, Fields>> = {
  'kubernetes.GroupVersionKind': { group: 'string', version: 'string', kind: 'string' },
  'kubernetes.GroupVersionResource': { group: 'string', version: 'string', resource: 'string' },
  'kubernetes.UserInfo': {
    username: 'string',
    uid: 'string',
    groups: 'list(string)',
    extra: 'map(string, list(string))',
  },
  'kubernetes.AdmissionRequest': {
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
  'kubernetes.NamespaceSpec': { finalizers: 'list(string)' },
  'kubernetes.NamespaceCondition': {
    status: 'string',
    type: 'string',
    lastTransitionTime: 'timestamp',
    message: 'string',
    reason: 'string',
  },
  'kubernetes.NamespaceStatus': { conditions: 'list(kubernetes.NamespaceCondition)', phase: 'string' },
  'kubernetes.NamespaceMetadata': {
    name: 'string',
    generateName: 'string',
    namespace: 'string',
    labels: 'map(string, string)',
    annotations: 'map(string, string)',
    UID: 'string',
    creationTimestamp: 'timestamp',
    deletionGracePeriodSeconds: 'int',
    deletionTimestamp: 'timestamp',
    generation: 'int',
    resourceVersion: 'string',
    finalizers: 'list(string)',
  },
  'kubernetes.Namespace': {
    metadata: 'kubernetes.NamespaceMetadata',
    spec: 'kubernetes.NamespaceSpec',
    status: 'kubernetes.NamespaceStatus',
  },
}

const REQUEST_STRUCTS: Structs = new Map(
  Object.entries(MESSAGES).map(([name, fields]) => [
    name,
    new Map(Object.entries(fields).map(([field, type]) => [field, { type: parsedType(type) }])),
  ]),
)

/** @returns what expressions may speak of; its `variables` are added by withVariables() */
export function checkingEnvironment(known: Known): Scope {
  const { hasParams, hasAuthorizer, structs = [], objectType = DYN, paramsType = DYN } = known
  const variables = new Map([
    ['object', objectType],
    ['oldObject', objectType],
    ['request', structOf('kubernetes.AdmissionRequest')],
    ['namespaceObject', structOf('kubernetes.Namespace')],
    ...(hasParams ? [['params', paramsType] as const] : []),
    ...(hasAuthorizer ? AUTHORIZATION : []),
  ])
  return { variables, structs: new Map([...REQUEST_STRUCTS, ...structs]) }
}

/** Upstream, the second is a variable, not a field. */
const AUTHORIZATION: readonly (readonly [string, CelType])[] = [
  ['authorizer', structOf('kubernetes.authorization.Authorizer')],
  ['authorizer.requestResource', structOf('kubernetes.authorization.ResourceCheck')],
]

const PLAIN_TYPES: ReadonlySet<CelType['kind']> = new Set([
  'bool',
  'bytes',
  'double',
  'duration',
  'int',
  'null',
  'string',
  'timestamp',
  'uint',
])

/** @returns what is known of a variable whose expression has the type: of objects nothing */
export function variableType(type: CelType): CelType {
  const { kind, params } = type
  if (PLAIN_TYPES.has(kind)) return type
  const [first = DYN, second = DYN] = params
  if (kind === 'list') return listOf(variableType(first))
  return kind === 'map' ? mapOf(variableType(first), variableType(second)) : DYN
}

/** @returns the scope, with `variables` of these types, by name */
export function withVariables(scope: Scope, types: Readonly<Record<string, CelType>>): Scope {
  const name = 'kubernetes.variables'
  const fields = new Map(Object.entries(types).map(([field, type]) => [field, { type }]))
  return {
    variables: new Map([...scope.variables, ['variables', structOf(name)]]),
    structs: new Map([...scope.structs, [name, fields]]),
  }
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
