/**
 * Defaults of the workloads of apps/v1, and of ReplicationController and PodTemplate
 * (kubernetes/kubernetes pkg/apis/apps/v1/defaults.go, pkg/apis/core/v1/defaults.go). Pure and idempotent.
 */

import type {
  DaemonSet,
  Deployment,
  DeploymentStrategy,
  ReplicaSet,
  StatefulSet,
} from '../generated/apps-v1.ts'
import type { PersistentVolumeClaim, PodTemplate, ReplicationController } from '../generated/core-v1.ts'
import { isSameValue } from '../equality.ts'
import { defaultPodTemplate } from './pod.ts'

export function defaultDeployment(deployment: Deployment): Deployment {
  const { spec } = deployment
  return {
    ...deployment,
    spec: {
      ...spec,
      replicas: spec?.replicas ?? 1,
      template: defaultPodTemplate(spec?.template),
      strategy: defaultStrategy(spec?.strategy ?? {}),
      revisionHistoryLimit: spec?.revisionHistoryLimit ?? 10,
      progressDeadlineSeconds: spec?.progressDeadlineSeconds ?? 600,
    },
  }
}

function defaultStrategy(strategy: DeploymentStrategy): DeploymentStrategy {
  const type = strategy.type || 'RollingUpdate'
  if (type !== 'RollingUpdate') return { ...strategy, type }
  const { maxUnavailable = '25%', maxSurge = '25%' } = strategy.rollingUpdate ?? {}
  return { ...strategy, type, rollingUpdate: { maxUnavailable, maxSurge } }
}

export function defaultReplicaSet(set: ReplicaSet): ReplicaSet {
  const { spec } = set
  return {
    ...set,
    spec: { ...spec, replicas: spec?.replicas ?? 1, template: defaultPodTemplate(spec?.template) },
  }
}

export function defaultStatefulSet(set: StatefulSet): StatefulSet {
  const { spec } = set
  const { updateStrategy = {}, volumeClaimTemplates, persistentVolumeClaimRetentionPolicy: retention } = spec
  const type = updateStrategy.type || 'RollingUpdate'
  // Who names the strategy is given no parameters of it.
  const rollingUpdate = updateStrategy.rollingUpdate ?? (updateStrategy.type ? undefined : {})
  return {
    ...set,
    spec: {
      ...spec,
      replicas: spec.replicas ?? 1,
      podManagementPolicy: spec.podManagementPolicy || 'OrderedReady',
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
      updateStrategy:
        type === 'RollingUpdate' && rollingUpdate
          ? {
              ...updateStrategy,
              type,
              rollingUpdate: { ...rollingUpdate, partition: rollingUpdate.partition ?? 0 },
            }
          : { ...updateStrategy, type },
      persistentVolumeClaimRetentionPolicy: {
        whenDeleted: retention?.whenDeleted || 'Retain',
        whenScaled: retention?.whenScaled || 'Retain',
      },
      template: defaultPodTemplate(spec.template),
      ...(volumeClaimTemplates
        ? { volumeClaimTemplates: volumeClaimTemplates.map(defaultClaimTemplate) }
        : {}),
    },
  }
}

/** Claims in templates are written out like claims. */
function defaultClaimTemplate(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  return {
    ...claim,
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    spec: { ...claim.spec, volumeMode: claim.spec?.volumeMode ?? 'Filesystem' },
    status: { ...claim.status, phase: claim.status?.phase ?? 'Pending' },
  }
}

export function defaultDaemonSet(set: DaemonSet): DaemonSet {
  const { spec } = set
  const { updateStrategy = {} } = spec
  const type = updateStrategy.type || 'RollingUpdate'
  const { maxUnavailable = 1, maxSurge = 0 } = updateStrategy.rollingUpdate ?? {}
  const annotations = { [TEMPLATE_GENERATION]: '0', ...set.metadata.annotations }
  return {
    ...set,
    // As conversion writes it, whose field it is therefore.
    metadata: { ...set.metadata, annotations },
    spec: {
      ...spec,
      updateStrategy:
        type === 'RollingUpdate'
          ? { ...updateStrategy, type, rollingUpdate: { maxUnavailable, maxSurge } }
          : { ...updateStrategy, type },
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
      template: defaultPodTemplate(spec.template),
    },
  }
}

/** Counts the templates there were; of a field that v1 has no more, for clients of older versions. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

/** With the first template counted, or the next one (pkg/registry/apps/daemonset/strategy.go). */
export function withTemplateGeneration(set: DaemonSet, old?: DaemonSet): DaemonSet {
  const counted = Number(old?.metadata.annotations?.[TEMPLATE_GENERATION] ?? 0)
  const isNew = old === undefined || !isSameValue(set.spec.template, old.spec.template)
  const annotations = {
    ...set.metadata.annotations,
    [TEMPLATE_GENERATION]: String(isNew ? counted + 1 : counted),
  }
  return { ...set, metadata: { ...set.metadata, annotations } }
}

/** Its selector and its labels are those of its template. */
export function defaultReplicationController(controller: ReplicationController): ReplicationController {
  const { spec, metadata } = controller
  const { template, selector } = spec
  const labels = template?.metadata?.labels
  const isChosen = selector !== undefined && Object.keys(selector).length > 0
  const isLabelled = metadata.labels !== undefined && Object.keys(metadata.labels).length > 0
  return {
    ...controller,
    metadata: labels && !isLabelled ? { ...metadata, labels } : metadata,
    spec: {
      ...spec,
      ...(labels && !isChosen ? { selector: labels } : {}),
      replicas: spec.replicas ?? 1,
      ...(template ? { template: defaultPodTemplate(template) } : {}),
    },
  }
}

export function defaultPodTemplateObject(object: PodTemplate): PodTemplate {
  return { ...object, template: defaultPodTemplate(object.template) }
}
