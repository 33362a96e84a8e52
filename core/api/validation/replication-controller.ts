/** ReplicationControllers and PodTemplates (kubernetes/kubernetes pkg/apis/core/validation/validation.go). Pure. */

import type { PodTemplate, ReplicationController } from '../generated/core-v1.ts'
import type { Faults } from './faults.ts'
import { nonNegative, required } from './faults.ts'
import { validatePodTemplate } from './pod.ts'
import { validateTemplate } from './workloads.ts'

/** Faults of a ReplicationController, metadata aside. */
export function validateReplicationController({ spec }: ReplicationController): Faults {
  const { selector = {} } = spec
  return [
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...(Object.keys(selector).length === 0 ? [required('spec.selector')] : []),
    ...nonNegative('spec.replicas', spec.replicas),
    ...validateTemplate(
      spec.template,
      { matchLabels: selector },
      { owner: 'ReplicationController', isMap: true },
    ),
  ]
}

/** Faults of a PodTemplate, metadata aside. */
export function validatePodTemplateObject({ template }: PodTemplate): Faults {
  return template ? validatePodTemplate(template, 'template') : [required('template')]
}
