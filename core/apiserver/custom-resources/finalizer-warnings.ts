/**
 * What is said of new finalizers of custom resources whose names may collide with others'
 * (kubernetes/apiextensions-apiserver pkg/registry/customresource/validator.go). Pure.
 */

import type { KubernetesObject } from '../../api/object.ts'
import { qualifiedNameFaults } from '../../api/validation/names.ts'

const STANDARD = ['orphan', 'foregroundDeletion', 'kubernetes']
const FIELD = 'metadata.finalizers'

/** @returns texts for `Warning` headers, by the finalizers' names */
export function finalizerWarnings(
  { metadata }: KubernetesObject,
  old: KubernetesObject | undefined,
): readonly string[] {
  const before = old?.metadata.finalizers ?? []
  const added = new Set((metadata.finalizers ?? []).filter((name) => !before.includes(name)))
  return [...added].toSorted().flatMap((name) => {
    const at = `${FIELD}: ${JSON.stringify(name)}`
    const advice = `prefer a domain-qualified finalizer name${name.includes('.') ? ' including a path (/)' : ''}`
    return [
      ...qualifiedNameFaults(name).map((fault) => `${at}: ${fault}`),
      ...(name.includes('/') || STANDARD.includes(name)
        ? []
        : [`${at}: ${advice} to avoid accidental conflicts with other finalizer writers`]),
    ]
  })
}
