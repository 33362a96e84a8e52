/**
 * `namespaceObject`: what expressions may know of the namespace a request is in. Pure.
 * kubernetes/apiserver pkg/admission/plugin/cel/{compile,condition}.go (BuildNamespaceType, CreateNamespaceObject).
 */

import { celValue } from '../../api/cel/values.ts'
import type { Namespace } from '../../api/generated/core-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'

const METADATA = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'finalizers',
] as const

/** @returns the value; a part that no expression can ask for is not in it */
export function namespaceView(namespace: KubernetesObject): unknown {
  const { metadata, spec, status } = namespace as Namespace
  const kept = Object.fromEntries(
    METADATA.flatMap((name) => (metadata[name] === undefined ? [] : [[name, metadata[name]]])),
  )
  return celValue({ metadata: kept, spec: spec ?? {}, status: status ?? {} }, undefined)
}
