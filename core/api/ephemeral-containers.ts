/**
 * Writing pods/ephemeralcontainers: containers that join a pod that is there already, as `kubectl debug` adds them
 * (KEP-277; kubernetes/kubernetes pkg/registry/core/pod/strategy.go). Pure.
 */

import { isSameValue } from './equality.ts'
import type { FieldError } from './field-error.ts'
import type { Pod } from './generated/core-v1.ts'
import type { PartRules } from './rules.ts'
import { forbiddenField } from './validation/faults.ts'
import { validateImageSpaces, validatePodSpec } from './validation/pod.ts'

export const EPHEMERAL_CONTAINERS: PartRules<Pod> = {
  prepare: withEphemeralContainers,
  validate: ({ spec }, old) => [
    ...validatePodSpec(spec, 'spec'),
    ...validateImageSpaces(spec, 'spec'),
    ...validateKept(spec, old.spec),
  ],
}

/** All but these containers stays, metadata too. */
function withEphemeralContainers(pod: Pod, old: Pod): Pod {
  const { ephemeralContainers: _, ...spec } = old.spec
  const { ephemeralContainers } = pod.spec
  const { managedFields } = pod.metadata
  return {
    ...old,
    metadata: { ...old.metadata, ...(managedFields ? { managedFields } : {}) },
    spec: { ...spec, ...(ephemeralContainers ? { ephemeralContainers } : {}) },
  }
}

/** They come and stay as they are. Difference: the message does not show what of a container changed. */
function validateKept(
  { ephemeralContainers: now = [] }: Pod['spec'],
  old: Pod['spec'],
): readonly FieldError[] {
  return (old.ephemeralContainers ?? []).flatMap((before) => {
    const after = now.find(({ name }) => name === before.name)
    if (after !== undefined && isSameValue(after, before)) return []
    const refused = after === undefined ? 'removed' : 'changed'
    const detail = `existing ephemeral containers ${JSON.stringify(before.name)} may not be ${refused}\n`
    return [forbiddenField('spec.ephemeralContainers', detail)]
  })
}
