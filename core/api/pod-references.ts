/**
 * Which other objects a pod's specification names: what its node must be able to read. Pure.
 * kubernetes/kubernetes pkg/api/v1/pod/util.go, pkg/api/pod/util.go, pkg/api/v1/persistentvolume/util.go.
 */

import type { PersistentVolume, Pod, Volume } from './generated/core-v1.ts'
import type { ObjectName } from './object.ts'
import { containersOf } from './pod-containers.ts'

/** On pods that a node made of files of its own: what they are made of is hashed in it. */
export const MIRROR_POD = 'kubernetes.io/config.mirror'

export const isMirrorPod = ({ metadata }: Pod): boolean =>
  Object.hasOwn(metadata.annotations ?? {}, MIRROR_POD)

/** Each once, without those that are named by nothing. */
const named = (names: readonly (string | undefined)[]): readonly string[] => [
  ...new Set(names.filter((name): name is string => name !== undefined && name !== '')),
]

/** @returns the names of the Secrets */
export function secretNames(pod: Pod): readonly string[] {
  const { imagePullSecrets = [], volumes = [] } = pod.spec
  return named([
    ...imagePullSecrets.map(({ name }) => name),
    ...containersOf(pod.spec).flatMap(({ env = [], envFrom = [] }) => [
      ...envFrom.map(({ secretRef }) => secretRef?.name),
      ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
    ]),
    ...volumes.flatMap(secretsOfVolume),
  ])
}

function secretsOfVolume(volume: Volume): readonly (string | undefined)[] {
  const { azureFile, cephfs, cinder, flexVolume, projected, rbd, secret, scaleIO, iscsi, storageos, csi } =
    volume
  const references = [cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos].map(
    (source) => source?.secretRef?.name,
  )
  return [
    azureFile?.secretName,
    ...references,
    ...(projected?.sources ?? []).map((source) => source.secret?.name),
    secret?.secretName,
    csi?.nodePublishSecretRef?.name,
  ]
}

/** @returns the names of the ConfigMaps */
export function configMapNames(pod: Pod): readonly string[] {
  return named([
    ...containersOf(pod.spec).flatMap(({ env = [], envFrom = [] }) => [
      ...envFrom.map(({ configMapRef }) => configMapRef?.name),
      ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
    ]),
    ...(pod.spec.volumes ?? []).flatMap(({ configMap, projected }) => [
      configMap?.name,
      ...(projected?.sources ?? []).map((source) => source.configMap?.name),
    ]),
  ])
}

/** @returns the claim that a volume of the pod stands for, '' for none; that of an ephemeral one has its name from both */
export function claimNameOf(pod: Pod, volume: Volume): string {
  if (volume.persistentVolumeClaim) return volume.persistentVolumeClaim.claimName
  return volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : ''
}

/** @returns the names of the PersistentVolumeClaims */
export const claimNames = (pod: Pod): readonly string[] =>
  named((pod.spec.volumes ?? []).map((volume) => claimNameOf(pod, volume)))

/** @returns the names of the ResourceClaims that are there, those made of templates included */
export function resourceClaimNames({ spec, status }: Pod): readonly string[] {
  const made = new Map(
    (status?.resourceClaimStatuses ?? []).map(({ name, resourceClaimName }) => [name, resourceClaimName]),
  )
  return named([
    ...(spec.resourceClaims ?? []).map(({ name, resourceClaimName }) => resourceClaimName ?? made.get(name)),
    status?.extendedResourceClaimStatus?.resourceClaimName,
  ])
}

/**
 * The Secrets that the node needs which a volume is used on; those of controllers are not among them. Old kinds of
 * volumes that name no namespace mean that of the claim.
 */
export function volumeSecrets({ spec }: PersistentVolume): readonly ObjectName[] {
  const { azureFile, cephfs, cinder, csi, flexVolume, iscsi, rbd, scaleIO, storageos } = spec
  const near = [cephfs, flexVolume, rbd, scaleIO, iscsi].map((source) => source?.secretRef)
  const file = azureFile && { name: azureFile.secretName, namespace: azureFile.secretNamespace }
  const far = [
    cinder?.secretRef,
    storageos?.secretRef,
    csi?.nodePublishSecretRef,
    csi?.nodeStageSecretRef,
    csi?.nodeExpandSecretRef,
  ]
  const claimNamespace = spec.claimRef?.namespace ?? ''
  return [
    ...[file, ...near].map((each) => ({ name: each?.name, namespace: each?.namespace || claimNamespace })),
    ...far.map((each) => ({ name: each?.name, namespace: each?.namespace ?? '' })),
  ].flatMap(({ name, namespace }) => (name ? [{ namespace, name }] : []))
}
