/**
 * The scale sub-resource: autoscaling/v1 Scale as a view of a workload's replicas.
 * kubernetes/kubernetes pkg/registry/apps/deployment/storage/storage.go (ScaleREST).
 */

import { conflict, internalError, invalid, notFound } from '../../api/api-error.ts'
import type { Scale } from '../../api/generated/autoscaling-v1.ts'
import type { CustomResourceSubresourceScale } from '../../api/generated/apiextensions-v1.ts'
import type { LabelSelector } from '../../api/generated/meta-v1.ts'
import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import type { Requirement } from '../../api/selectors.ts'
import { selectorOf } from '../../api/selectors.ts'
import { invalidValue } from '../../api/validation/faults.ts'
import { refuseOtherKind } from '../apply/decode-configuration.ts'
import { textOf } from '../custom-resources/json-path.ts'
import type { AnyObject, Environment } from '../registry/environment.ts'
import { isObject } from '../requests/json-value.ts'
import { getObject } from './list.ts'
import { decodePatchedSubresource, decodeSubresourceBody, withGivenName } from '../requests/decode-body.ts'
import { patchFault, patchedDocument } from './patch.ts'
import type { PatchRequest, RequestContext } from '../registry/registry.ts'
import { SchemaTypes } from '../registry/schema-type.ts'
import { updateObject } from './update.ts'

const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' }

type Workload = AnyObject & {
  readonly spec: { readonly selector?: LabelSelector }
}

/** @throws ApiError NotFound; InternalError for a custom resource that does not say how many it wants */
export function getScale(env: Environment, resource: ResourceInfo, name: ObjectName): Scale {
  const { scale } = env.kinds.of(resource)
  const object = getObject(env, resource, name)
  if (scale && valueAt(object, namesOf(scale.specReplicasPath)) === undefined) {
    throw internalError(`the spec replicas field ${JSON.stringify(scale.specReplicasPath)} does not exist`)
  }
  return scaleOf(object, scale)
}

/** PUT of a Scale. @returns the Scale after it */
export async function updateScale(
  env: Environment,
  resource: ResourceInfo,
  name: ObjectName,
  body: unknown,
  context: RequestContext,
): Promise<Scale> {
  const scale = withGivenName(decodeSubresourceBody(SCALE, body, context), name)
  return writeScale(env, resource, name, context, () => scale)
}

/** PATCH of a Scale. @returns the Scale after it */
export async function patchScale(
  env: Environment,
  resource: ResourceInfo,
  name: ObjectName,
  request: PatchRequest,
  context: RequestContext,
): Promise<Scale> {
  const type = new SchemaTypes().ofKind('autoscaling/v1', 'Scale')
  if (request.type === 'apply') refuseOtherKind(SCALE, request.patch)
  const document = request.type === 'apply' ? { ...request, type: 'merge' as const } : request
  return writeScale(env, resource, name, context, (current) => {
    const patched = patchedDocument(current, document, type)
    const fault = patchFault(document, patched, current)
    return withGivenName(decodePatchedSubresource(SCALE, patched, { context, ...fault }), name)
  })
}

async function writeScale(
  env: Environment,
  resource: ResourceInfo,
  name: ObjectName,
  context: RequestContext,
  wantedScale: (current: Scale) => KubernetesObject,
): Promise<Scale> {
  const paths = env.kinds.of(resource).scale ?? USUAL_PATHS
  const wanted = (current: KubernetesObject | undefined): { object: KubernetesObject } => {
    if (current === undefined) throw notFound(resource, name.name)
    return { object: scaled(current, wantedScale(scaleOf(current, paths))) }
  }
  const scaled = (current: KubernetesObject, scale: KubernetesObject): KubernetesObject => {
    const { replicas, resourceVersion, uid } = readScale(scale, name, paths !== USUAL_PATHS)
    if (resourceVersion && resourceVersion !== current.metadata.resourceVersion)
      throw conflict(resource, name.name)
    const changed = withValue(current, namesOf(paths.specReplicasPath), replicas) as KubernetesObject
    // Who names another object than there is does not get this one.
    return uid ? { ...changed, metadata: { ...changed.metadata, uid } } : changed
  }
  const show = (object: KubernetesObject): KubernetesObject => scaleOf(object, paths)
  const view = { show, change: scaled }
  const request = { resource, name, subresource: 'scale', context, wanted, view }
  const { object } = await updateObject(env, request)
  return scaleOf(object, paths)
}

/** @throws ApiError Invalid for less than none */
function readScale(
  scale: KubernetesObject,
  name: ObjectName,
  isCustom: boolean,
): { replicas: number; resourceVersion: string | undefined; uid: string | undefined } {
  const { metadata, spec } = scale as Partial<Scale>
  const replicas = spec?.replicas ?? 0
  // Of custom resources the object itself is judged.
  if (replicas < 0 && !isCustom) {
    throw invalid(SCALE, name.name, [
      invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ])
  }
  return { replicas, resourceVersion: metadata?.resourceVersion, uid: metadata?.uid }
}

/** Where the numbers are in workloads; custom resources say it in their definition. */
const USUAL_PATHS: CustomResourceSubresourceScale = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
}

function scaleOf(object: KubernetesObject, paths: CustomResourceSubresourceScale = USUAL_PATHS): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const replicas = (path: string): number => Number(valueAt(object, namesOf(path)) ?? 0)
  // What is 0 or '' is not shown, but for the number that there are.
  const wanted = replicas(paths.specReplicasPath)
  const selector = selectorText(object, paths)
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: wanted === 0 ? {} : { replicas: wanted },
    status: {
      replicas: replicas(paths.statusReplicasPath),
      ...(selector === '' ? {} : { selector }),
    },
  }
}

function selectorText(object: KubernetesObject, paths: CustomResourceSubresourceScale): string {
  if (paths !== USUAL_PATHS) {
    const { labelSelectorPath } = paths
    return labelSelectorPath ? textOf(valueAt(object, namesOf(labelSelectorPath))) : ''
  }
  return printedSelector((object as Workload).spec.selector ?? {})
}

/** `.spec.replicas` -> spec, replicas */
const namesOf = (path: string): readonly string[] => path.split('.').filter((name) => name !== '')

const valueAt = (value: unknown, names: readonly string[]): unknown =>
  names.reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), value)

function withValue(value: unknown, [name, ...rest]: readonly string[], to: unknown): unknown {
  if (name === undefined) return to
  const object = isObject(value) ? value : {}
  return { ...object, [name]: withValue(object[name], rest, to) }
}

/** A selector in query-string syntax, sorted by key: `app=web,tier in (a,b)`. */
function printedSelector(selector: LabelSelector): string {
  return [...selectorOf(selector)]
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(printedRequirement)
    .join(',')
}

function printedRequirement({ key, operator, values }: Requirement): string {
  const list = [...values].sort().join(',')
  switch (operator) {
    case 'In':
      return values.length === 1 ? `${key}=${list}` : `${key} in (${list})`
    case 'NotIn':
      return values.length === 1 ? `${key}!=${list}` : `${key} notin (${list})`
    case 'Exists':
      return key
    case 'DoesNotExist':
      return `!${key}`
    case 'GreaterThan':
      return `${key}>${list}`
    case 'LessThan':
      return `${key}<${list}`
  }
}
