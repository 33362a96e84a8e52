/**
 * What a pod held back by scheduling gates may change of where it wants to run: what narrows its choice of nodes
 * (kubernetes/kubernetes pkg/apis/core/validation/validation.go, validateNodeSelectorMutation and
 * validateNodeAffinityMutation). Pure.
 */

import { isSameValue } from '../equality.ts'
import type { NodeSelectorTerm, PodSpec } from '../generated/core-v1.ts'
import type { Faults } from './faults.ts'
import { invalidValue, when } from './faults.ts'

/** Faults of the node selector and the node affinity of a pod that had gates. */
export function validatePlacement(spec: PodSpec, old: PodSpec): Faults {
  return [...validateNodeSelector(spec, old), ...validateTerms(spec, old)]
}

function validateNodeSelector(spec: PodSpec, old: PodSpec): Faults {
  const now = spec.nodeSelector ?? {}
  const isKept = Object.entries(old.nodeSelector ?? {}).every(([label, value]) => now[label] === value)
  return when(!isKept, () =>
    invalidValue(
      'spec.nodeSelector',
      spec.nodeSelector ?? null,
      'only additions to spec.nodeSelector are allowed (no mutations or deletions)',
    ),
  )
}

const termsOf = ({ affinity }: PodSpec): readonly NodeSelectorTerm[] | undefined =>
  affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms

/** Terms widen the choice, requirements within one narrow it. */
function validateTerms(spec: PodSpec, old: PodSpec): Faults {
  const field = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'
  const now = termsOf(spec)
  const before = termsOf(old) ?? []
  if (before.length === 0) return []
  if (now?.length !== before.length) {
    const problem = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'
    return [invalidValue(field, now ?? null, problem)]
  }
  return now.flatMap((term, index) =>
    when(!hasOnlyAdditions(term, before[index] ?? {}), () =>
      invalidValue(`${field}[${index}]`, term, 'only additions are allowed (no mutations or deletions)'),
    ),
  )
}

function hasOnlyAdditions(now: NodeSelectorTerm, before: NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const
  // A term without requirements matches nothing, and one more would let it match something.
  if (lists.every((list) => (before[list] ?? []).length === 0))
    return lists.every((list) => (now[list] ?? []).length === 0)
  return lists.every((list) => {
    const kept = before[list] ?? []
    return isSameValue((now[list] ?? []).slice(0, kept.length), kept)
  })
}

/** The spec with the node selector and the node affinity it had, to compare the rest. */
export function withOldPlacement(spec: PodSpec, old: PodSpec): PodSpec {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {}
  const nodeAffinity = old.affinity?.nodeAffinity
  const isOnlyNodes = podAffinity === undefined && podAntiAffinity === undefined
  const isGone = isOnlyNodes && nodeAffinity === undefined && old.affinity === undefined
  return {
    ...spec,
    nodeSelector: old.nodeSelector,
    affinity: isGone ? undefined : { ...spec.affinity, nodeAffinity },
  } as PodSpec
}
