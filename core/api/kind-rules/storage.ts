/** Rules of volumes, claims and the group storage.k8s.io. */

import {
  defaultCSIDriver,
  defaultPersistentVolume,
  defaultPersistentVolumeClaim,
  defaultStorageClass,
} from '../defaults/storage.ts'
import { pendingVolume, volumeInPhase } from '../persistent-volume.ts'
import {
  CSI_DRIVERS,
  CSI_NODES,
  CSI_STORAGE_CAPACITIES,
  STORAGE_CLASSES,
  VOLUME_ATTACHMENTS,
  VOLUME_ATTRIBUTES_CLASSES,
} from '../scheme/cluster.ts'
import { PERSISTENT_VOLUMES, PERSISTENT_VOLUME_CLAIMS } from '../scheme/core.ts'
import {
  validateCSIDriver,
  validateCSIDriverUpdate,
  validateCSINode,
  validateCSINodeUpdate,
  validateCSIStorageCapacity,
  validateCSIStorageCapacityUpdate,
} from '../validation/csi.ts'
import {
  persistentVolumeClaimWarnings,
  validatePersistentVolumeClaim,
  validatePersistentVolumeClaimStatus,
  validatePersistentVolumeClaimUpdate,
} from '../validation/persistent-volume-claim.ts'
import {
  persistentVolumeWarnings,
  validatePersistentVolume,
  validatePersistentVolumeUpdate,
} from '../validation/persistent-volume.ts'
import {
  validateStorageClass,
  validateStorageClassUpdate,
  validateVolumeAttachment,
  validateVolumeAttachmentUpdate,
  validateVolumeAttributesClass,
  validateVolumeAttributesClassUpdate,
} from '../validation/storage.ts'
import type { RulesEntry } from './row.ts'
import { row } from './row.ts'

export const VOLUME_RULES: readonly RulesEntry[] = [
  row(PERSISTENT_VOLUMES, {
    defaults: defaultPersistentVolume,
    validate: validatePersistentVolume,
    validateUpdate: validatePersistentVolumeUpdate,
    warnings: persistentVolumeWarnings,
    prepareForCreate: pendingVolume,
    parts: { status: { prepare: volumeInPhase, validate: () => [] } },
    hasStatus: true,
    returnsDeleted: true,
  }),
  row(PERSISTENT_VOLUME_CLAIMS, {
    defaults: defaultPersistentVolumeClaim,
    validate: validatePersistentVolumeClaim,
    validateUpdate: validatePersistentVolumeClaimUpdate,
    validateStatus: validatePersistentVolumeClaimStatus,
    warnings: persistentVolumeClaimWarnings,
    hasStatus: true,
    returnsDeleted: true,
  }),
]

export const STORAGE_RULES: readonly RulesEntry[] = [
  row(STORAGE_CLASSES, {
    defaults: defaultStorageClass,
    validate: validateStorageClass,
    validateUpdate: validateStorageClassUpdate,
    returnsDeleted: true,
  }),
  row(VOLUME_ATTACHMENTS, {
    validate: validateVolumeAttachment,
    validateUpdate: validateVolumeAttachmentUpdate,
    validateStatus: validateVolumeAttachmentUpdate,
    hasStatus: true,
    newStatus: { attached: false },
    requiresRevision: true,
    returnsDeleted: true,
  }),
  row(CSI_DRIVERS, {
    defaults: defaultCSIDriver,
    validate: validateCSIDriver,
    validateUpdate: validateCSIDriverUpdate,
    hasGeneration: true,
    requiresRevision: true,
    returnsDeleted: true,
  }),
  row(CSI_NODES, {
    validate: validateCSINode,
    validateUpdate: validateCSINodeUpdate,
    requiresRevision: true,
    returnsDeleted: true,
  }),
  row(CSI_STORAGE_CAPACITIES, {
    validate: validateCSIStorageCapacity,
    validateUpdate: validateCSIStorageCapacityUpdate,
    requiresRevision: true,
    returnsDeleted: true,
  }),
  row(VOLUME_ATTRIBUTES_CLASSES, {
    validate: validateVolumeAttributesClass,
    validateUpdate: validateVolumeAttributesClassUpdate,
    returnsDeleted: true,
  }),
]
