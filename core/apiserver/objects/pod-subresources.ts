/** Binding pods to nodes (kubernetes/kubernetes pkg/registry/core/pod/storage/storage.go, BindingREST). */

import { badRequest, conflict, invalid, notFound } from '../../api/api-error.ts'
import type { Pod, PodCondition } from '../../api/generated/core-v1.ts'
import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import { PODS } from '../../api/scheme.ts'
import { timestamp } from '../../api/timestamp.ts'
import type { PartAdmission } from './admit-part.ts'
import type { Environment } from '../registry/environment.ts'
import { decodeSubresourceBody, withRequestNamespace } from '../requests/decode-body.ts'
import type { RequestContext } from '../registry/registry.ts'
import type { Wanted } from './update.ts'
import { updateObject } from './update.ts'

const BINDING = { group: '', resource: 'pods/binding' }

const BINDING_KIND = { group: '', version: 'v1', kind: 'Binding' }

interface Binding {
  readonly metadata?: { readonly name?: string; readonly uid?: string; readonly annotations?: object }
  readonly target?: { readonly kind?: string; readonly name?: string }
}

/** Sets spec.nodeName, once. */
export async function bindPod(
  env: Environment,
  name: ObjectName,
  body: unknown,
  context: RequestContext,
  admission: PartAdmission,
): Promise<void> {
  const given = decodeSubresourceBody(BINDING_KIND, body, context)
  const binding = await admission.change(withRequestNamespace(given, name.namespace) as Binding)
  if (binding.metadata?.name !== name.name)
    throw badRequest('name in URL does not match name in Binding object')
  const nodeName = checkedTarget(binding, name)
  await admission.judge(binding)
  const wanted = (current: KubernetesObject | undefined): Wanted => {
    if (current === undefined) throw notFound(PODS, name.name)
    const pod = current as Pod
    const refusal = bindingRefusal(pod, binding)
    if (refusal) throw conflict(BINDING, name.name, refusal)
    return { object: bound(pod, binding, nodeName, timestamp(env.clock.now())), isFinal: true }
  }
  await updateObject(env, { resource: PODS, name, subresource: 'binding', context, wanted })
}

function checkedTarget({ target }: Binding, name: ObjectName): string {
  const errors = []
  if (target?.kind && target.kind !== 'Node') {
    const detail = 'supported values: "Node", "<empty>"'
    errors.push({ type: 'notSupported', field: 'target.kind', value: target.kind, detail } as const)
  }
  if (!target?.name) errors.push({ type: 'required', field: 'target.name' } as const)
  if (errors.length > 0) throw invalid({ group: '', kind: 'Binding' }, name.name, errors)
  return target?.name ?? ''
}

function bindingRefusal(pod: Pod, binding: Binding): string | undefined {
  const { name, uid, deletionTimestamp } = pod.metadata
  if (binding.metadata?.uid && binding.metadata.uid !== uid) {
    return `Precondition failed: UID in precondition: ${binding.metadata.uid}, UID in object meta: ${uid ?? ''}`
  }
  if (deletionTimestamp !== undefined) return `pod ${name} is being deleted, cannot be assigned to a host`
  const { nodeName } = pod.spec
  return nodeName ? `pod ${name} is already assigned to node ${JSON.stringify(nodeName)}` : undefined
}

function bound(pod: Pod, binding: Binding, nodeName: string, now: string): KubernetesObject {
  const annotations = { ...pod.metadata.annotations, ...binding.metadata?.annotations }
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: now } as PodCondition
  const metadata = Object.keys(annotations).length > 0 ? { ...pod.metadata, annotations } : pod.metadata
  return {
    ...pod,
    metadata,
    spec: { ...pod.spec, nodeName },
    status: { ...pod.status, conditions: withCondition(pod.status?.conditions ?? [], scheduled) },
  } as KubernetesObject
}

/** The conditions with that of its type replaced, or added. */
export function withCondition(
  conditions: readonly PodCondition[],
  condition: PodCondition,
): readonly PodCondition[] {
  const index = conditions.findIndex(({ type }) => type === condition.type)
  return index < 0 ? [...conditions, condition] : conditions.with(index, condition)
}
