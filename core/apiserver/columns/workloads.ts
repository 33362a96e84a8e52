/**
 * Columns of the apps group's kinds. Pure.
 * kubernetes/kubernetes pkg/printers/internalversion/printers.go.
 */

import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts'
import type { PodTemplateSpec } from '../../api/generated/core-v1.ts'
import type { LabelSelector } from '../../api/generated/meta-v1.ts'
import type { Column, Printer } from './column.ts'
import { AGE, NAME, column, labelSelectorText, wide } from './column.ts'

interface Workload {
  readonly spec: { readonly template: PodTemplateSpec; readonly selector?: LabelSelector | undefined }
}

const TEMPLATE_COLUMNS: readonly Column<Workload>[] = [
  wide('Containers', 'Names of each container in the template.', ({ spec }) =>
    (spec.template.spec?.containers ?? []).map(({ name }) => name).join(','),
  ),
  wide('Images', 'Images referenced by each container in the template.', ({ spec }) =>
    (spec.template.spec?.containers ?? []).map(({ image }) => image ?? '').join(','),
  ),
  wide('Selector', 'Label selector for pods.', ({ spec }) => labelSelectorText(spec.selector)),
]

export const DEPLOYMENT_PRINTER: Printer<Deployment> = {
  columns: [
    NAME,
    column('Ready', 'Number of the pod with ready state', ({ spec, status }) => {
      return `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`
    }),
    column(
      'Up-to-date',
      'Pods that have the desired template.',
      ({ status }) => status?.updatedReplicas ?? 0,
      'integer',
    ),
    column('Available', 'Pods ready long enough.', ({ status }) => status?.availableReplicas ?? 0, 'integer'),
    AGE,
    ...TEMPLATE_COLUMNS,
  ],
}

export const REPLICA_SET_PRINTER: Printer<ReplicaSet> = {
  columns: [
    NAME,
    column('Desired', 'Pods wanted.', ({ spec }) => spec.replicas ?? 0, 'integer'),
    column('Current', 'Pods there are.', ({ status }) => status?.replicas ?? 0, 'integer'),
    column('Ready', 'Pods that are ready.', ({ status }) => status?.readyReplicas ?? 0, 'integer'),
    AGE,
    ...(TEMPLATE_COLUMNS as readonly Column<ReplicaSet>[]),
  ],
}
