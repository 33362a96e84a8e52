/** Defaults of Deployments and ReplicaSets (kubernetes/kubernetes pkg/apis/apps/v1/defaults.go). Pure and idempotent. */

import type { Deployment, DeploymentStrategy, ReplicaSet } from '../generated/apps-v1.ts'
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
