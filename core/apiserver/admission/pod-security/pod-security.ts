/**
 * PodSecurity: what a namespace's labels say of the pods in it. Pods that violate the enforced level are refused; for
 * the level that warns, pods and what makes pods get warnings. Pure.
 *
 * KEP-2579; kubernetes/pod-security-admission admission/admission.go. Differs: every version of a level is the current
 * one, and nothing is written to an audit log.
 */

import { forbidden, invalid } from '../../../api/api-error.ts'
import type { Namespace, Pod, PodTemplateSpec } from '../../../api/generated/core-v1.ts'
import type { KubernetesObject } from '../../../api/object.ts'
import { groupResource } from '../../../api/resource.ts'
import { NAMESPACES, PODS } from '../../../api/scheme.ts'
import { invalidValue } from '../../../api/validation/faults.ts'
import type { AdmissionRequest, ClusterView } from '../admission-request.ts'
import type { Level, Violation } from './checks.ts'
import { LEVELS, violations } from './checks.ts'

const PREFIX = 'pod-security.kubernetes.io/'
const MODES = ['enforce', 'audit', 'warn'] as const
type Mode = (typeof MODES)[number]

interface Policy {
  readonly level: Level
  /** `restricted:latest`, as messages name it */
  readonly name: string
}

/** @throws ApiError Forbidden; warns through the request's context */
export function checkPodSecurity(request: AdmissionRequest, cluster: ClusterView): void {
  const { resource, operation, subresource, namespace } = request
  const joins = subresource === 'ephemeralcontainers'
  if (operation === 'delete' || (subresource !== '' && !joins)) return
  if (resource.group === '' && resource.resource === 'namespaces') return checkNamespace(request, cluster)
  if (namespace === undefined) return
  const isPod = resource.group === '' && resource.resource === 'pods'
  // What a pod is judged by does not change after it was made, except for containers that join it.
  if (isPod && operation === 'update' && !joins) return
  const pod = isPod ? (request.object as Pod) : templateOf(request)
  if (pod?.spec === undefined) return
  const labels = cluster.get(NAMESPACES, { name: namespace })?.metadata.labels ?? {}
  if (isPod) refuse(request, pod, policyOf(labels, 'enforce'))
  warn(request, pod, policyOf(labels, 'warn'))
}

/** A level that cannot be read is the strictest there is; none at all is the most lenient. */
function policyOf(labels: Readonly<Record<string, string>>, mode: Mode): Policy {
  const given = labels[PREFIX + mode]
  const version = labels[`${PREFIX}${mode}-version`] ?? 'latest'
  const level = given === undefined ? 'privileged' : (LEVELS.find((each) => each === given) ?? 'restricted')
  return { level, name: `${level}:${version}` }
}

type PodLike = Parameters<typeof violations>[0]

const TEMPLATED = [
  'replicationcontrollers',
  'podtemplates',
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'cronjobs.batch',
]

/** The pod that a workload would make. */
function templateOf({ resource, object }: AdmissionRequest): PodLike | undefined {
  if (!TEMPLATED.includes(groupResource(resource))) return undefined
  type Templated = {
    readonly template?: PodTemplateSpec
    readonly spec?: { readonly template?: PodTemplateSpec; readonly jobTemplate?: Templated }
  }
  const { template, spec } = object as KubernetesObject & Templated
  const found = template ?? spec?.template ?? spec?.jobTemplate?.spec?.template
  const annotations = found?.metadata?.annotations
  return found?.spec && { metadata: { name: '', ...(annotations ? { annotations } : {}) }, spec: found.spec }
}

const textOf = (found: readonly Violation[]): string =>
  found.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ')

function refuse({ resource, object }: AdmissionRequest, pod: PodLike, { level, name }: Policy): void {
  const found = violations(pod, level)
  if (found.length === 0) return
  throw forbidden(
    resource,
    object.metadata.name,
    `violates PodSecurity ${JSON.stringify(name)}: ${textOf(found)}`,
  )
}

function warn({ context }: AdmissionRequest, pod: PodLike, { level, name }: Policy): void {
  const found = violations(pod, level)
  if (found.length > 0) context.warn(`would violate PodSecurity ${JSON.stringify(name)}: ${textOf(found)}`)
}

/** Labels that say nothing are refused; a stricter level warns of the pods that are there already. */
function checkNamespace({ resource, object, old, context }: AdmissionRequest, cluster: ClusterView): void {
  const labels = object.metadata.labels ?? {}
  const wrong = MODES.filter((mode) => {
    const given = labels[PREFIX + mode]
    const isNew = given !== old?.metadata.labels?.[PREFIX + mode]
    return isNew && given !== undefined && !LEVELS.some((level) => level === given)
  })
  if (wrong.length > 0) {
    const errors = wrong.map((mode) =>
      invalidValue(
        `metadata.labels[${PREFIX}${mode}]`,
        labels[PREFIX + mode],
        `must be one of ${LEVELS.join(', ')}`,
      ),
    )
    throw invalid(resource, object.metadata.name, errors)
  }
  if (old === undefined) return
  const now = policyOf(labels, 'enforce')
  const before = policyOf((old as Namespace).metadata.labels ?? {}, 'enforce')
  if (LEVELS.indexOf(now.level) <= LEVELS.indexOf(before.level)) return
  for (const text of existing(object.metadata.name, now, cluster)) context.warn(text)
}

function existing(namespace: string, { level, name }: Policy, cluster: ClusterView): readonly string[] {
  const byReasons = Map.groupBy(
    (cluster.list(PODS, namespace) as readonly Pod[]).filter((pod) => violations(pod, level).length > 0),
    (pod) =>
      violations(pod, level)
        .map(({ reason }) => reason)
        .join(', '),
  )
  if (byReasons.size === 0) return []
  const head = `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(name)}`
  const lines = [...byReasons].map(([reasons, [first, ...others]]) => {
    const more =
      others.length === 0 ? '' : ` (and ${others.length} other pod${others.length === 1 ? '' : 's'})`
    return `${first?.metadata.name ?? ''}${more}: ${reasons}`
  })
  return [head, ...lines.toSorted()]
}
