/** RuntimeClasses (kubernetes/kubernetes pkg/apis/node/validation/validation.go). Pure. */

import type { Toleration } from '../generated/core-v1.ts'
import type { RuntimeClass } from '../generated/node-v1.ts'
import type { Faults } from './faults.ts'
import { duplicate, immutable, invalidTexts, repeated, when } from './faults.ts'
import { validateLabels } from './label-selector.ts'
import { dnsLabelFaults } from './names.ts'
import { validateRequirements } from './resource-requirements.ts'
import { validateToleration } from './pod.ts'

/** Faults of a RuntimeClass, metadata aside. */
export function validateRuntimeClass({ handler = '', overhead, scheduling }: RuntimeClass): Faults {
  return [
    ...invalidTexts('handler', handler, dnsLabelFaults),
    // Upstream checks them as limits of a container, and says so.
    ...validateRequirements({ limits: overhead?.podFixed }, 'overhead', {}),
    ...validateLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector'),
    ...validateTolerations(scheduling?.tolerations ?? []),
  ]
}

/** Upstream's paths name the list twice, but for what is there twice. */
function validateTolerations(tolerations: readonly Toleration[]): Faults {
  const again = new Set(repeated(tolerations, (toleration) => JSON.stringify(shown(toleration))))
  return tolerations.flatMap((toleration, index) => [
    ...validateToleration(toleration, `scheduling.tolerations.tolerations[${index}]`),
    ...when(again.has(index), () => duplicate(`scheduling.tolerations[${index}]`, shown(toleration))),
  ])
}

/** As upstream shows its internal type. */
const shown = ({ key = '', operator = '', value = '', effect = '', tolerationSeconds }: Toleration) => ({
  Key: key,
  Operator: operator,
  Value: value,
  Effect: effect,
  TolerationSeconds: tolerationSeconds ?? null,
})

/** Faults of a changed RuntimeClass. */
export function validateRuntimeClassUpdate(value: RuntimeClass, old: RuntimeClass): Faults {
  return [...validateRuntimeClass(value), ...immutable('handler', value.handler, old.handler)]
}
