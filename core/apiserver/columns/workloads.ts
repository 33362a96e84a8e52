/**
 * Columns of the apps group's kinds, and of the core group's that are like them. Pure.
 * kubernetes/kubernetes pkg/printers/internalversion/printers.go.
 */

import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '../../api/generated/apps-v1.ts'
import type { PodTemplate, PodTemplateSpec, ReplicationController } from '../../api/generated/core-v1.ts'
import type { LabelSelector } from '../../api/generated/meta-v1.ts'
import type { Column, Printer } from './column.ts'
import { AGE, NAME, column, labelSelectorText, labelsText, wide } from './column.ts'

/** @returns the wide columns that name a template's containers and their images */
export function containerColumns<T>(
  templateOf: (object: T) => PodTemplateSpec | undefined,
): readonly Column<T>[] {
  const containersOf = (object: T) => templateOf(object)?.spec?.containers ?? []
  return [
    wide('Containers', 'Names of each container in the template.', (object) =>
      containersOf(object)
        .map(({ name }) => name)
        .join(','),
    ),
    wide('Images', 'Images referenced by each container in the template.', (object) =>
      containersOf(object)
        .map(({ image }) => image ?? '')
        .join(','),
    ),
  ]
}

interface Workload {
  readonly spec: { readonly template: PodTemplateSpec; readonly selector?: LabelSelector | undefined }
}

const TEMPLATE_COLUMNS: readonly Column<Workload>[] = [
  ...containerColumns<Workload>(({ spec }) => spec.template),
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
    ),
    column('Available', 'Pods ready long enough.', ({ status }) => status?.availableReplicas ?? 0),
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

export const STATEFUL_SET_PRINTER: Printer<StatefulSet> = {
  columns: [
    NAME,
    column('Ready', 'Number of the pod with ready state', ({ spec, status }) => {
      return `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`
    }),
    AGE,
    ...containerColumns<StatefulSet>(({ spec }) => spec.template),
  ],
}

export const DAEMON_SET_PRINTER: Printer<DaemonSet> = {
  columns: [
    NAME,
    column(
      'Desired',
      'Nodes that should run it.',
      ({ status }) => status?.desiredNumberScheduled ?? 0,
      'integer',
    ),
    column('Current', 'Nodes that run it.', ({ status }) => status?.currentNumberScheduled ?? 0, 'integer'),
    column('Ready', 'Nodes where it is ready.', ({ status }) => status?.numberReady ?? 0, 'integer'),
    column(
      'Up-to-date',
      'Nodes with the newest template.',
      ({ status }) => status?.updatedNumberScheduled ?? 0,
      'integer',
    ),
    column(
      'Available',
      'Nodes where it is ready long enough.',
      ({ status }) => status?.numberAvailable ?? 0,
      'integer',
    ),
    column('Node Selector', 'Labels nodes must have.', ({ spec }) =>
      labelsText(spec.template.spec?.nodeSelector),
    ),
    AGE,
    ...(TEMPLATE_COLUMNS as readonly Column<DaemonSet>[]),
  ],
}

export const CONTROLLER_REVISION_PRINTER: Printer<ControllerRevision> = {
  columns: [
    NAME,
    column('Controller', 'What it is a revision of.', ({ metadata }) => {
      const owner = metadata.ownerReferences?.find(({ controller }) => controller)
      if (owner === undefined) return '<none>'
      const [group] = owner.apiVersion.includes('/') ? owner.apiVersion.split('/') : ['']
      return `${owner.kind.toLowerCase()}${group ? `.${group}` : ''}/${owner.name}`
    }),
    column('Revision', 'Its number.', ({ revision }) => revision ?? 0),
    AGE,
  ],
}

export const REPLICATION_CONTROLLER_PRINTER: Printer<ReplicationController> = {
  columns: [
    NAME,
    column('Desired', 'Pods wanted.', ({ spec }) => spec.replicas ?? 0, 'integer'),
    column('Current', 'Pods there are.', ({ status }) => status?.replicas ?? 0, 'integer'),
    column('Ready', 'Pods that are ready.', ({ status }) => status?.readyReplicas ?? 0, 'integer'),
    AGE,
    ...containerColumns<ReplicationController>(({ spec }) => spec.template),
    wide('Selector', 'Labels of its pods.', ({ spec }) => labelsText(spec.selector)),
  ],
}

const shownAlways = <T>(one: Column<T>): Column<T> => ({ ...one, priority: 0 })

export const POD_TEMPLATE_PRINTER: Printer<PodTemplate> = {
  columns: [
    NAME,
    ...containerColumns<PodTemplate>(({ template }) => template).map(shownAlways),
    column('Pod Labels', 'Labels of pods made from it.', ({ template }) =>
      labelsText(template?.metadata?.labels),
    ),
  ],
}
