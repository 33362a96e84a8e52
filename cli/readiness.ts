/** How far the cluster is: Deployments and bare pods, ready or not, and what is waited for. Pure. */

import type { Deployment } from '../core/api/generated/apps-v1.ts'
import type { Pod } from '../core/api/generated/core-v1.ts'
import { objectKey } from '../core/api/object.ts'
import type { Readiness } from './summary.ts'

const SYSTEM = 'kube-system'

/**
 * @param deployments all of them; those of kube-system are waited for but not counted
 * @param pods all of them; those without an owner are waited for by themselves
 */
export function readinessOf(deployments: readonly Deployment[], pods: readonly Pod[]): Readiness {
  const counted = deployments.filter((one) => one.metadata.namespace !== SYSTEM)
  const bare = pods.filter((pod) => (pod.metadata.ownerReferences ?? []).length === 0 && !isOver(pod))
  return {
    deployments: { ready: counted.filter(isReady).length, total: counted.length },
    waitingFor: [
      ...deployments.filter((one) => !isReady(one)).map(deploymentLine),
      ...bare
        .filter((pod) => !isPodReady(pod))
        .map((pod) => `pod ${objectKey(pod.metadata)}: ${pod.status?.phase ?? 'Pending'}`),
    ],
  }
}

/** As `kubectl rollout status` decides: the newest spec is observed, and all its pods are updated and available. */
function isReady({ metadata, spec, status }: Deployment): boolean {
  const wanted = spec.replicas ?? 1
  return (
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status?.updatedReplicas ?? 0) >= wanted &&
    (status?.availableReplicas ?? 0) >= wanted &&
    (status?.replicas ?? 0) === wanted
  )
}

function deploymentLine({ metadata, spec, status }: Deployment): string {
  return `deployment ${objectKey(metadata)}: ${status?.readyReplicas ?? 0} of ${spec.replicas ?? 1} pods ready`
}

const isOver = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

function isPodReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some(
    (condition) => condition.type === 'Ready' && condition.status === 'True',
  )
}
