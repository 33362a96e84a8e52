/**
 * The operations of the API by path: what a client may send where, with the query parameters of each verb. Pure.
 *
 * kubectl reads from them whether the server validates fields and understands dry runs (the PATCH operation of each
 * kind), and which kind a resource has (explain).
 */

import type { ResourceInfo, Subresource } from '../../api/resource.ts'
import { apiVersionOf } from '../../api/resource.ts'
import { messageOfKind } from '../../api/schema/field-table.ts'
import { customDefinitionName } from './custom-schema.ts'
import type { GroupVersionKind } from './schema.ts'
import { definitionName } from './schema.ts'

export interface Parameter {
  readonly name: string
  readonly in: 'query' | 'path'
  readonly type: 'string' | 'integer' | 'boolean'
  readonly required: boolean
}

export const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const
export type Method = (typeof METHODS)[number]

export interface Operation {
  readonly id: string
  readonly action: string
  readonly kind: GroupVersionKind
  readonly parameters: readonly Parameter[]
  readonly consumes: readonly string[]
  /** definition of the request's body, if it has one */
  readonly body: string | undefined
  /** definition of the answer; undefined when it is not a described object */
  readonly answer: string | undefined
}

export interface PathOperations {
  readonly path: string
  /** in the path itself */
  readonly parameters: readonly Parameter[]
  readonly operations: Partial<Readonly<Record<Method, Operation>>>
}

const parameter = (name: string, type: Parameter['type'] = 'string'): Parameter => ({
  name,
  in: 'query',
  type,
  required: false,
})

const WRITE = [parameter('dryRun'), parameter('fieldManager'), parameter('fieldValidation')]
const LIST = [
  parameter('allowWatchBookmarks', 'boolean'),
  parameter('continue'),
  parameter('fieldSelector'),
  parameter('labelSelector'),
  parameter('limit', 'integer'),
  parameter('resourceVersion'),
  parameter('resourceVersionMatch'),
  parameter('sendInitialEvents', 'boolean'),
  parameter('timeoutSeconds', 'integer'),
  parameter('watch', 'boolean'),
]
const DELETE = [
  parameter('dryRun'),
  parameter('gracePeriodSeconds', 'integer'),
  parameter('orphanDependents', 'boolean'),
  parameter('propagationPolicy'),
]
const PRETTY = parameter('pretty')

const PATCH_MEDIA_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]

/** Custom resources have no strategic merge; kubectl reads here whether there is one. */
const CUSTOM_PATCH_MEDIA_TYPES = PATCH_MEDIA_TYPES.filter((type) => !type.includes('strategic'))

/** verb -> method, action word and query parameters */
const OBJECT_VERBS = [
  { verb: 'get', method: 'get', action: 'get', query: [] },
  { verb: 'update', method: 'put', action: 'put', query: WRITE },
  { verb: 'create', method: 'post', action: 'post', query: WRITE },
  { verb: 'delete', method: 'delete', action: 'delete', query: DELETE },
  { verb: 'patch', method: 'patch', action: 'patch', query: [...WRITE, parameter('force', 'boolean')] },
] as const

/** The name of a kind's definition; undefined for one that has none. */
type DefinitionOf = (kind: GroupVersionKind) => string | undefined

/** @returns every path of the resource, its sub-resources included */
export function pathsOf(resource: ResourceInfo, isCustom = false): readonly PathOperations[] {
  const definitionOf: DefinitionOf = (kind) =>
    builtInDefinition(kind) ?? (isCustom ? customDefinitionName(kind) : undefined)
  const kinds = { definitionOf, patches: isCustom ? CUSTOM_PATCH_MEDIA_TYPES : PATCH_MEDIA_TYPES }
  const root = `${resource.group === '' ? '/api' : '/apis'}/${apiVersionOf(resource)}`
  const scope = resource.namespaced ? '/namespaces/{namespace}' : ''
  const collection = `${root}${scope}/${resource.resource}`
  const item = `${collection}/{name}`
  return [
    ...(resource.namespaced
      ? [pathOf(`${root}/${resource.resource}`, listOperations(resource, definitionOf))]
      : []),
    pathOf(collection, {
      ...listOperations(resource, definitionOf),
      ...createOperation(resource, definitionOf),
    }),
    pathOf(item, objectOperations(resource, kinds)),
    ...resource.subresources.map((sub) =>
      pathOf(`${item}/${sub.name}`, objectOperations(resource, kinds, sub)),
    ),
  ]
}

function pathOf(path: string, operations: PathOperations['operations']): PathOperations {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const inPath = names.map((name): Parameter => ({ name, in: 'path', type: 'string', required: true }))
  return { path, parameters: [...inPath, PRETTY], operations }
}

function builtInDefinition(kind: GroupVersionKind): string | undefined {
  const message = messageOfKind(apiVersionOf(kind), kind.kind)
  return message === undefined ? undefined : definitionName(message)
}

function listOperations(resource: ResourceInfo, definitionOf: DefinitionOf): PathOperations['operations'] {
  if (!resource.verbs.includes('list')) return {}
  const { group, version, kind } = resource
  const operation: Operation = {
    id: operationId('list', resource),
    action: 'list',
    kind: { group, version, kind },
    parameters: LIST,
    consumes: [],
    body: undefined,
    answer: definitionOf({ group, version, kind: `${kind}List` }),
  }
  return { get: operation }
}

function createOperation(resource: ResourceInfo, definitionOf: DefinitionOf): PathOperations['operations'] {
  if (!resource.verbs.includes('create')) return {}
  const { group, version, kind } = resource
  const definition = definitionOf({ group, version, kind })
  const operation: Operation = {
    id: operationId('create', resource),
    action: 'post',
    kind: { group, version, kind },
    parameters: WRITE,
    consumes: ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'],
    body: definition,
    answer: definition,
  }
  return { post: operation }
}

function objectOperations(
  resource: ResourceInfo,
  { definitionOf, patches }: { readonly definitionOf: DefinitionOf; readonly patches: readonly string[] },
  sub?: Subresource,
): PathOperations['operations'] {
  const verbs: readonly string[] = sub?.verbs ?? resource.verbs
  const kind: GroupVersionKind = {
    group: sub?.group ?? resource.group,
    version: sub?.version ?? resource.version,
    kind: sub?.kind ?? resource.kind,
  }
  const isWanted = ({ verb }: (typeof OBJECT_VERBS)[number]): boolean =>
    verbs.includes(verb) && (verb !== 'create' || sub !== undefined)
  const entries = OBJECT_VERBS.filter(isWanted).map(({ verb, method, action, query }) => {
    const operation: Operation = {
      id: operationId(verb, resource, sub),
      action,
      kind,
      parameters: query,
      consumes: verb === 'patch' ? patches : [],
      body: verb === 'get' || verb === 'delete' || verb === 'patch' ? undefined : definitionOf(kind),
      answer: definitionOf(kind),
    }
    return [method, operation] as const
  })
  return Object.fromEntries(entries)
}

/** `readCoreV1NamespacedPodStatus` */
function operationId(verb: string, resource: ResourceInfo, sub?: Subresource): string {
  const words = { get: 'read', update: 'replace' }[verb] ?? verb
  const group = (resource.group === '' ? 'core' : (resource.group.split('.')[0] ?? '')).replace(/^./, upper)
  const scope = resource.namespaced ? 'Namespaced' : ''
  const part = sub === undefined ? '' : sub.name.replace(/^./, upper)
  return `${words}${group}${resource.version.replace(/^./, upper)}${scope}${resource.kind}${part}`
}

const upper = (letter: string): string => letter.toUpperCase()
