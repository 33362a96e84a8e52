/** Rules of volumes, claims and the group storage.k8s.io. */

import {
  defaultCSIDriver,
  defaultPersistentVolume,
  defaultPersistentVolumeClaim,
  defaultStorageClass,
} from '../defaults/storage.ts'
import { withAgreedSources } from '../claim-data-sources.ts'
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
  withoutErrorCodes,
} from '../validation/storage.ts'
import { validateGenerateName } from '../validation/metadata.ts'
import { dnsSubdomainFaults } from '../validation/names.ts'
import type { RulesEntry } from './row.ts'
import { row } from './row.ts'

export const VOLUME_RULES: readonly RulesEntry[] = [
  row(PERSISTENT_VOLUMES, {
    judgesNamesAgain: true,
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
    judgesNamesAgain: true,
    defaults: defaultPersistentVolumeClaim,
    validate: validatePersistentVolumeClaim,
    validateUpdate: validatePersistentVolumeClaimUpdate,
    validateStatus: validatePersistentVolumeClaimStatus,
    warnings: persistentVolumeClaimWarnings,
    prepareForCreate: (claim) => withAgreedSources(claim),
    prepareForUpdate: withAgreedSources,
    hasStatus: true,
    returnsDeleted: true,
  }),
]

export const STORAGE_RULES: readonly RulesEntry[] = [
  row(STORAGE_CLASSES, {
    judgesNamesAgain: true,
    defaults: defaultStorageClass,
    validate: validateStorageClass,
    validateUpdate: validateStorageClassUpdate,
    returnsDeleted: true,
  }),
  row(VOLUME_ATTACHMENTS, {
    judgesNamesAgain: true,
    validate: validateVolumeAttachment,
    validateUpdate: validateVolumeAttachmentUpdate,
    validateStatus: (attachment, old) => [
      ...validateGenerateName(attachment, dnsSubdomainFaults),
      ...validateVolumeAttachmentUpdate(attachment, old),
    ],
    prepareStatus: withoutErrorCodes,
    hasStatus: true,
    newStatus: { attached: false },
    requiresRevision: true,
    returnsDeleted: true,
  }),
  row(CSI_DRIVERS, {
    defaults: defaultCSIDriver,
    validate: validateCSIDriver,
    validateUpdate: validateCSIDriverUpdate,
    // Only changes are counted: a driver has none before its first.
    hasGeneration: true,
    startsGeneration: false,
    requiresRevision: true,
    returnsDeleted: true,
  }),
  row(CSI_NODES, {
    judgesNamesAgain: true,
    validate: validateCSINode,
    validateUpdate: validateCSINodeUpdate,
    requiresRevision: true,
    returnsDeleted: true,
  }),
  row(CSI_STORAGE_CAPACITIES, {
    judgesNamesAgain: true,
    validate: validateCSIStorageCapacity,
    validateUpdate: validateCSIStorageCapacityUpdate,
    requiresRevision: true,
    returnsDeleted: true,
  }),
  row(VOLUME_ATTRIBUTES_CLASSES, {
    judgesNamesAgain: true,
    validate: validateVolumeAttributesClass,
    validateUpdate: validateVolumeAttributesClassUpdate,
    returnsDeleted: true,
  }),
]
