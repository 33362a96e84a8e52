/** RuntimeClasses (kubernetes/kubernetes pkg/apis/node/validation/validation.go). Pure. */

import type { RuntimeClass } from '../generated/node-v1.ts'
import { validateAmount } from './container.ts'
import type { Faults } from './faults.ts'
import { immutable, invalidTexts } from './faults.ts'
import { validateLabels } from './label-selector.ts'
import { dnsLabelFaults } from './names.ts'
import { validateToleration } from './pod.ts'

/** Faults of a RuntimeClass, metadata aside. */
export function validateRuntimeClass({ handler = '', overhead, scheduling }: RuntimeClass): Faults {
  return [
    ...invalidTexts('handler', handler, dnsLabelFaults),
    ...Object.entries(overhead?.podFixed ?? {}).flatMap(([name, text]) =>
      // Upstream checks them as limits of a container, and says so.
      validateAmount(name, text, `overhead.limits[${name}]`),
    ),
    ...validateLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector'),
    ...(scheduling?.tolerations ?? []).flatMap((toleration, index) =>
      validateToleration(toleration, `scheduling.tolerations[${index}]`),
    ),
  ]
}

/** Faults of a changed RuntimeClass. */
export function validateRuntimeClassUpdate(value: RuntimeClass, old: RuntimeClass): Faults {
  return [...validateRuntimeClass(value), ...immutable('handler', value.handler, old.handler)]
}
