/**
 * Defaults of volumes, claims and the storage group (kubernetes/kubernetes pkg/apis/{core,storage}/v1/defaults.go, and
 * what the registries of these kinds add). Pure and idempotent.
 */

import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeSpec } from '../generated/core-v1.ts'
import type { CSIDriver, StorageClass } from '../generated/storage-v1.ts'

export function defaultPersistentVolume(volume: PersistentVolume): PersistentVolume {
  const { spec = {}, status } = volume
  return {
    ...volume,
    spec: {
      ...spec,
      ...defaultSource(spec),
      persistentVolumeReclaimPolicy: spec.persistentVolumeReclaimPolicy || 'Retain',
      volumeMode: spec.volumeMode ?? 'Filesystem',
    },
    status: { ...status, phase: status?.phase || 'Pending' },
  }
}

function defaultSource(spec: PersistentVolumeSpec): Partial<PersistentVolumeSpec> {
  const { hostPath, iscsi, rbd, azureDisk, scaleIO } = spec
  return {
    ...(hostPath ? { hostPath: { ...hostPath, type: hostPath.type ?? '' } } : {}),
    ...(iscsi ? { iscsi: { ...iscsi, iscsiInterface: iscsi.iscsiInterface || 'default' } } : {}),
    ...(rbd
      ? {
          rbd: {
            ...rbd,
            pool: rbd.pool || 'rbd',
            user: rbd.user || 'admin',
            keyring: rbd.keyring || '/etc/ceph/keyring',
          },
        }
      : {}),
    ...(azureDisk
      ? {
          azureDisk: {
            ...azureDisk,
            cachingMode: azureDisk.cachingMode ?? 'ReadWrite',
            kind: azureDisk.kind ?? 'Shared',
            fsType: azureDisk.fsType ?? 'ext4',
            readOnly: azureDisk.readOnly ?? false,
          },
        }
      : {}),
    ...(scaleIO
      ? {
          scaleIO: {
            ...scaleIO,
            storageMode: scaleIO.storageMode || 'ThinProvisioned',
            fsType: scaleIO.fsType || 'xfs',
          },
        }
      : {}),
  }
}

export function defaultPersistentVolumeClaim(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const { spec = {}, status } = claim
  return {
    ...claim,
    spec: { ...spec, volumeMode: spec.volumeMode ?? 'Filesystem' },
    status: { ...status, phase: status?.phase || 'Pending' },
  }
}

export function defaultStorageClass(storageClass: StorageClass): StorageClass {
  return {
    ...storageClass,
    reclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
    volumeBindingMode: storageClass.volumeBindingMode ?? 'Immediate',
  }
}

export function defaultCSIDriver(driver: CSIDriver): CSIDriver {
  const { spec } = driver
  const modes = spec?.volumeLifecycleModes ?? []
  return {
    ...driver,
    spec: {
      ...spec,
      attachRequired: spec?.attachRequired ?? true,
      podInfoOnMount: spec?.podInfoOnMount ?? false,
      storageCapacity: spec?.storageCapacity ?? false,
      fsGroupPolicy: spec?.fsGroupPolicy ?? 'ReadWriteOnceWithFSType',
      volumeLifecycleModes: modes.length > 0 ? modes : ['Persistent'],
      requiresRepublish: spec?.requiresRepublish ?? false,
      seLinuxMount: spec?.seLinuxMount ?? false,
    },
  }
}
