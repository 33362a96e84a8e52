/**
 * LimitRanges: what containers get when they do not say, and between what their pods must stay. Pure.
 * kubernetes/kubernetes plugin/pkg/admission/limitranger/admission.go.
 */

import { forbidden } from '../../api/api-error.ts'
import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
  ResourceRequirements,
} from '../../api/generated/core-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { amountText, compareQuantities, milliOf } from '../../api/quantity.ts'
import { podAmounts } from '../../api/resource-usage.ts'
import { LIMIT_RANGES } from '../../api/scheme.ts'
import type { AdmissionRequest, ClusterView } from './admission-request.ts'

type Amounts = Readonly<Record<string, string>>

/** Upstream looks at pods when they are made and when they are resized, and at claims whenever they change. */
function concerned({ operation, resource, subresource }: AdmissionRequest): 'pod' | 'claim' | undefined {
  if (resource.group !== '') return undefined
  if (resource.resource === 'pods' && subresource === 'resize') return 'pod'
  if (subresource !== '') return undefined
  if (resource.resource === 'pods' && operation === 'create') return 'pod'
  return resource.resource === 'persistentvolumeclaims' && operation !== 'delete' ? 'claim' : undefined
}

/** In the order of their names, as upstream's lister hands them out. */
function rangesFor({ namespace }: AdmissionRequest, cluster: ClusterView): readonly LimitRange[] {
  return cluster.list(LIMIT_RANGES, namespace) as readonly LimitRange[]
}

const itemsOf = (range: LimitRange, type: string): readonly LimitRangeItem[] =>
  (range.spec?.limits ?? []).filter((item) => item.type === type)

/** @returns the pod with the defaults of the namespace's ranges */
export function setDefaultLimits(request: AdmissionRequest, cluster: ClusterView): KubernetesObject {
  if (concerned(request) !== 'pod') return request.object
  return rangesFor(request, cluster).reduce<Pod>(withDefaults, request.object as Pod)
}

const ANNOTATION = 'kubernetes.io/limit-ranger'

function withDefaults(pod: Pod, range: LimitRange): Pod {
  const items = itemsOf(range, 'Container')
  const requests: Amounts = Object.assign({}, ...items.map((item) => item.defaultRequest ?? {})) as Amounts
  const limits: Amounts = Object.assign({}, ...items.map((item) => item.default ?? {})) as Amounts
  const notes: string[] = []
  const filled = (container: Container, kind: string): Container => {
    const set = (name: 'requests' | 'limits', from: Amounts): Amounts => {
      const own = container.resources?.[name] ?? {}
      const missing = Object.entries(from).filter(([key]) => !Object.hasOwn(own, key))
      if (missing.length > 0) {
        const keys = missing.map(([key]) => key).toSorted()
        notes.push(`${keys.join(', ')} ${name.slice(0, -1)} for ${kind} ${container.name}`)
      }
      return { ...Object.fromEntries(missing), ...own }
    }
    const all = { requests: set('requests', requests), limits: set('limits', limits) }
    const present = Object.fromEntries(
      Object.entries(all).filter(([, amounts]) => Object.keys(amounts).length > 0),
    )
    return { ...container, resources: { ...container.resources, ...present } }
  }
  const { containers, initContainers } = pod.spec
  const spec = {
    ...pod.spec,
    containers: containers.map((container) => filled(container, 'container')),
    ...(initContainers
      ? { initContainers: initContainers.map((container) => filled(container, 'init container')) }
      : {}),
  }
  if (notes.length === 0) return pod
  const annotations = {
    ...pod.metadata.annotations,
    [ANNOTATION]: `LimitRanger plugin set: ${notes.join('; ')}`,
  }
  return { ...pod, metadata: { ...pod.metadata, annotations }, spec }
}

/** @throws ApiError Forbidden with all that is out of range */
export function refuseOutOfRange(request: AdmissionRequest, cluster: ClusterView): void {
  const kind = concerned(request)
  if (kind === undefined) return
  const all = rangesFor(request, cluster).flatMap((range) =>
    kind === 'pod' ? podFaults(request.object as Pod, range) : claimFaults(request.object, range),
  )
  const faults = [...new Set(all)]
  if (faults.length === 0) return
  const text = faults.length === 1 ? (faults[0] ?? '') : `[${faults.join(', ')}]`
  throw forbidden(request.resource, request.object.metadata.name, text)
}

function podFaults(pod: Pod, range: LimitRange): readonly string[] {
  const { containers, initContainers = [] } = pod.spec
  const ofContainers = itemsOf(range, 'Container').flatMap((item) =>
    [...containers, ...initContainers].flatMap(({ resources = {} }) => amountFaults(resources, item)),
  )
  const ofPod = itemsOf(range, 'Pod').flatMap((item) => amountFaults(podTotals(pod), item))
  return [...ofContainers, ...ofPod]
}

function claimFaults(object: KubernetesObject, range: LimitRange): readonly string[] {
  const requests = (object as PersistentVolumeClaim).spec?.resources?.requests
  return itemsOf(range, 'PersistentVolumeClaim').flatMap((item) => [
    ...minFaults({ requests }, item),
    ...Object.entries(item.max ?? {}).flatMap(([name, max]) => {
      const [request, text] = [requests?.[name], `maximum ${name} usage per ${item.type} is ${max}`]
      return request === undefined
        ? [`${text}.  No request is specified`]
        : tooMuch(text, request, max, 'request')
    }),
  ])
}

function podTotals(pod: Pod): ResourceRequirements {
  const total = (kind: 'requests' | 'limits'): Amounts =>
    Object.fromEntries([...podAmounts(pod, kind)].map(([name, milli]) => [name, amountText(milli, name)]))
  return { requests: total('requests'), limits: total('limits') }
}

function amountFaults(resources: ResourceRequirements, item: LimitRangeItem): readonly string[] {
  const { requests = {}, limits = {} } = resources
  return [
    ...minFaults(resources, item),
    ...Object.entries(item.max ?? {}).flatMap(([name, max]) => {
      const [limit, text] = [limits[name], `maximum ${name} usage per ${item.type} is ${max}`]
      if (limit === undefined) return [`${text}.  No limit is specified`]
      const beyond = tooMuch(text, limit, max, 'limit')
      return beyond.length > 0 ? beyond : tooMuch(text, requests[name], max, 'request')
    }),
    ...Object.entries(item.maxLimitRequestRatio ?? {}).flatMap(([name, ratio]) =>
      ratioFault(requests[name], limits[name], { name, ratio, type: item.type }),
    ),
  ]
}

/** Of each resource the first fault is told. */
function minFaults(
  { requests = {}, limits = {} }: ResourceRequirements,
  item: LimitRangeItem,
): readonly string[] {
  return Object.entries(item.min ?? {}).flatMap(([name, min]) => {
    const [request, limit] = [requests[name], limits[name]]
    const text = `minimum ${name} usage per ${item.type} is ${min}`
    if (request === undefined) return [`${text}.  No request is specified`]
    if (compareQuantities(request, min) < 0) return [`${text}, but request is ${request}`]
    return limit !== undefined && compareQuantities(limit, min) < 0 ? [`${text}, but limit is ${limit}`] : []
  })
}

function tooMuch(
  text: string,
  amount: string | undefined,
  max: string,
  what: 'request' | 'limit',
): readonly string[] {
  const isBeyond = amount !== undefined && compareQuantities(amount, max) > 0
  return isBeyond ? [`${text}, but ${what} is ${amount}`] : []
}

function ratioFault(
  request: string | undefined,
  limit: string | undefined,
  of: { readonly name: string; readonly ratio: string; readonly type: string },
): readonly string[] {
  const text = `${of.name} max limit to request ratio per ${of.type} is ${of.ratio}`
  if (!request || milliOf(request) === 0n) return [`${text}, but no request is specified or request is 0`]
  if (!limit || milliOf(limit) === 0n) return [`${text}, but no limit is specified or limit is 0`]
  const ratio = Number(milliOf(limit)) / Number(milliOf(request))
  return ratio > Number(milliOf(of.ratio)) / 1000
    ? [`${text}, but provided ratio is ${ratio.toFixed(6)}`]
    : []
}
