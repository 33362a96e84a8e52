/**
 * What a request must meet and gets beyond its kind's own rules: pure steps, each looking at the rest of the cluster
 * through a read-only view. First those that change the object; then its kind validates it; then those that judge.
 *
 * kubernetes/kubernetes plugin/pkg/admission has the same steps in the same order. Quotas (./resource-quota.ts) come
 * last, with the write; webhooks (./webhooks) are called in between.
 */

import type { KubernetesObject } from '../../api/object.ts'
import type { AdmissionRequest, AdmissionStep, ClusterView } from './admission-request.ts'
import { addDefaultIngressClass } from './default-ingress-class.ts'
import { addDefaultStorageClass } from './default-storage-class.ts'
import { refuseOutOfRange, setDefaultLimits } from './limit-ranger.ts'
import { refuseNamespaces } from './namespace-lifecycle.ts'
import { alwaysPull, refuseExternalIPs, refuseKeptImages, tolerateDevices } from './optional.ts'
import type { AdmissionPlugin, EnabledPlugins, OptionalPlugin } from './plugins.ts'
import { checkPodSecurity } from './pod-security/pod-security.ts'
import { restrictNode } from './node-restriction.ts'
import { addTolerations, mountToken, requireServiceAccount, resolvePriority } from './pods.ts'
import { applyRuntimeClass, refuseOverhead } from './runtime-class.ts'
import { refuseExpansion } from './volume-expansion.ts'

interface ChangingStep {
  readonly plugin: AdmissionPlugin | OptionalPlugin
  readonly step: AdmissionStep
}

const CHANGING: readonly ChangingStep[] = [
  { plugin: 'NamespaceLifecycle', step: refuseNamespaces },
  { plugin: 'LimitRanger', step: setDefaultLimits },
  { plugin: 'ServiceAccount', step: requireServiceAccount },
  { plugin: 'ServiceAccount', step: mountToken },
  { plugin: 'NodeRestriction', step: restrictNode },
  { plugin: 'AlwaysPullImages', step: alwaysPull },
  { plugin: 'Priority', step: resolvePriority },
  { plugin: 'DefaultTolerationSeconds', step: addTolerations },
  { plugin: 'ExtendedResourceToleration', step: tolerateDevices },
  { plugin: 'DefaultStorageClass', step: addDefaultStorageClass },
  { plugin: 'RuntimeClass', step: applyRuntimeClass },
  { plugin: 'DefaultIngressClass', step: addDefaultIngressClass },
]

interface JudgingStep {
  readonly plugin: AdmissionPlugin | OptionalPlugin
  readonly step: (request: AdmissionRequest, cluster: ClusterView) => void
}

const JUDGING: readonly JudgingStep[] = [
  { plugin: 'LimitRanger', step: refuseOutOfRange },
  { plugin: 'AlwaysPullImages', step: refuseKeptImages },
  { plugin: 'PodSecurity', step: checkPodSecurity },
  { plugin: 'PersistentVolumeClaimResize', step: refuseExpansion },
  { plugin: 'RuntimeClass', step: refuseOverhead },
  { plugin: 'DenyServiceExternalIPs', step: refuseExternalIPs },
]

/** @returns the object, changed by every step that is on. @throws ApiError when one refuses it */
export function changed(
  request: AdmissionRequest,
  cluster: ClusterView,
  plugins: EnabledPlugins,
): KubernetesObject {
  return CHANGING.filter(({ plugin }) => plugins.has(plugin)).reduce(
    (object, { step }) => step({ ...request, object }, cluster),
    request.object,
  )
}

/** @throws ApiError when a step that is on refuses the object, which is as it is to be stored */
export function judge(request: AdmissionRequest, cluster: ClusterView, plugins: EnabledPlugins): void {
  for (const { plugin, step } of JUDGING) if (plugins.has(plugin)) step(request, cluster)
}
