/**
 * Which objects have to do with which node: a graph whose edges lead from what a node may read, over what uses it, to
 * the node. Pure.
 *
 * node <- pod <- secret, configmap, serviceaccount, resourceclaim, claim <- volume <- secret; node <- volumeattachment,
 * resourceslice (kubernetes/kubernetes plugin/pkg/auth/authorizer/node/graph.go).
 */

import type { PersistentVolume, Pod } from '../../api/generated/core-v1.ts'
import type { ResourceSlice } from '../../api/generated/resource-v1.ts'
import type { VolumeAttachment } from '../../api/generated/storage-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import {
  claimNames,
  configMapNames,
  isMirrorPod,
  resourceClaimNames,
  secretNames,
  volumeSecrets,
} from '../../api/pod-references.ts'

/** `secret:default/token`; names hold neither colons nor slashes. */
export type Vertex = string

export type VertexKind =
  | 'configmap'
  | 'node'
  | 'pod'
  | 'pv'
  | 'pvc'
  | 'resourceclaim'
  | 'resourceslice'
  | 'secret'
  | 'serviceaccount'
  | 'volumeattachment'

export const vertex = (kind: VertexKind, namespace: string | undefined, name: string): Vertex =>
  `${kind}:${namespace ?? ''}/${name}`

type Edge = readonly [from: Vertex, to: Vertex]

/** Of each pair of objects one alone has an edge between them in its specification. */
export class NodeGraph {
  readonly #next = new Map<Vertex, Set<Vertex>>()

  add(object: KubernetesObject): void {
    for (const [from, to] of edgesOf(object)) {
      const next = this.#next.get(from)
      if (next === undefined) this.#next.set(from, new Set([to]))
      else next.add(to)
    }
  }

  remove(object: KubernetesObject): void {
    for (const [from, to] of edgesOf(object)) {
      const next = this.#next.get(from)
      next?.delete(to)
      if (next?.size === 0) this.#next.delete(from)
    }
  }

  /** Whether there is a way from the object to the node. */
  leadsTo(from: Vertex, nodeName: string): boolean {
    const node = vertex('node', undefined, nodeName)
    const seen = new Set<Vertex>([from])
    // What is added while it is gone through is gone through, too.
    for (const each of seen) {
      if (each === node) return true
      for (const next of this.#next.get(each) ?? []) seen.add(next)
    }
    return false
  }
}

/** @returns the edges that an object of a kind known here makes */
export function edgesOf(object: KubernetesObject): readonly Edge[] {
  switch (object.kind) {
    case 'Pod':
      return podEdges(object as Pod)
    case 'PersistentVolume':
      return volumeEdges(object as PersistentVolume)
    case 'VolumeAttachment':
      return nodeEdge('volumeattachment', object, (object as VolumeAttachment).spec.nodeName)
    case 'ResourceSlice':
      return nodeEdge('resourceslice', object, (object as ResourceSlice).spec.nodeName)
    default:
      return []
  }
}

function nodeEdge(
  kind: VertexKind,
  { metadata }: KubernetesObject,
  nodeName: string | undefined,
): readonly Edge[] {
  return nodeName ? [[vertex(kind, undefined, metadata.name), vertex('node', undefined, nodeName)]] : []
}

/** A pod that is on no node leads nowhere; what a node makes itself must not lead it anywhere. */
function podEdges(pod: Pod): readonly Edge[] {
  const { nodeName, serviceAccountName } = pod.spec
  if (!nodeName) return []
  const { namespace, name } = pod.metadata
  const own = vertex('pod', namespace, name)
  const onNode: Edge = [own, vertex('node', undefined, nodeName)]
  if (isMirrorPod(pod)) return [onNode]
  const used = (kind: VertexKind, names: readonly string[]): readonly Edge[] =>
    names.map((each) => [vertex(kind, namespace, each), own])
  return [
    onNode,
    ...used('serviceaccount', serviceAccountName ? [serviceAccountName] : []),
    ...used('secret', secretNames(pod)),
    ...used('configmap', configMapNames(pod)),
    ...used('pvc', claimNames(pod)),
    ...used('resourceclaim', resourceClaimNames(pod)),
  ]
}

/** A volume without a claim is nobody's. */
function volumeEdges(volume: PersistentVolume): readonly Edge[] {
  const { claimRef } = volume.spec
  if (claimRef === undefined) return []
  const own = vertex('pv', undefined, volume.metadata.name)
  return [
    [own, vertex('pvc', claimRef.namespace, claimRef.name ?? '')],
    ...volumeSecrets(volume).map(({ namespace, name }): Edge => [vertex('secret', namespace, name), own]),
  ]
}
