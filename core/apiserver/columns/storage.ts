/**
 * Columns of volumes, claims and the storage group. Pure.
 * kubernetes/kubernetes pkg/printers/internalversion/printers.go.
 */

import type { PersistentVolume, PersistentVolumeClaim } from '../../api/generated/core-v1.ts'
import type {
  CSIDriver,
  CSINode,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../../api/generated/storage-v1.ts'
import type { Printer } from './column.ts'
import { AGE, NAME, column, wide } from './column.ts'

const SHORT_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

/** In upstream's order, each once. */
const modesText = (modes: readonly string[] | undefined): string =>
  Object.entries(SHORT_MODES)
    .flatMap(([mode, short]) => (modes?.includes(mode) ? [short] : []))
    .join(',')

const UNSET = '<unset>'

/** The annotation of old, where there is one, goes before the field. */
const classOf = ({ metadata, spec }: PersistentVolume | PersistentVolumeClaim): string =>
  metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? ''

export const PERSISTENT_VOLUME_PRINTER: Printer<PersistentVolume> = {
  columns: [
    NAME,
    column('Capacity', 'How much it holds.', ({ spec }) => spec?.capacity?.['storage'] ?? ''),
    column('Access Modes', 'Who may use it at once.', ({ spec }) => modesText(spec?.accessModes)),
    column('Reclaim Policy', 'What becomes of it.', ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? ''),
    column('Status', 'Whether it is used.', ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Terminating',
    ),
    column('Claim', 'Who uses it.', ({ spec }) =>
      spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '',
    ),
    column('StorageClass', 'Of what class it is.', classOf),
    column(
      'VolumeAttributesClass',
      'How it performs.',
      ({ spec }) => spec?.volumeAttributesClassName ?? UNSET,
    ),
    column('Reason', 'Why it is in that state.', ({ status }) => status?.reason ?? ''),
    AGE,
    wide('VolumeMode', 'Files or blocks.', ({ spec }) => spec?.volumeMode ?? UNSET),
  ],
}

export const PERSISTENT_VOLUME_CLAIM_PRINTER: Printer<PersistentVolumeClaim> = {
  columns: [
    NAME,
    column('Status', 'Whether it has a volume.', ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Terminating',
    ),
    column('Volume', 'Its volume.', ({ spec }) => spec?.volumeName ?? ''),
    column('Capacity', 'How much it holds.', ({ spec, status }) =>
      spec?.volumeName ? (status?.capacity?.['storage'] ?? '0') : '',
    ),
    column('Access Modes', 'Who may use it at once.', ({ spec, status }) =>
      spec?.volumeName ? modesText(status?.accessModes) : '',
    ),
    column('StorageClass', 'Of what class it is to be.', classOf),
    column(
      'VolumeAttributesClass',
      'How it performs.',
      ({ spec }) => spec?.volumeAttributesClassName ?? UNSET,
    ),
    AGE,
    wide('VolumeMode', 'Files or blocks.', ({ spec }) => spec?.volumeMode ?? UNSET),
  ],
}

const IS_DEFAULT = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]

export const STORAGE_CLASS_PRINTER: Printer<StorageClass> = {
  columns: [
    {
      ...NAME,
      cell: ({ metadata }) =>
        IS_DEFAULT.some((key) => metadata.annotations?.[key] === 'true')
          ? `${metadata.name} (default)`
          : metadata.name,
    },
    column('Provisioner', 'Who makes its volumes.', ({ provisioner }) => provisioner),
    column('ReclaimPolicy', 'What becomes of them.', ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete'),
    column(
      'VolumeBindingMode',
      'When they are made.',
      ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate',
    ),
    column(
      'AllowVolumeExpansion',
      'Whether they may grow.',
      ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false,
    ),
    AGE,
  ],
}

export const VOLUME_ATTACHMENT_PRINTER: Printer<VolumeAttachment> = {
  columns: [
    { ...NAME },
    { ...column('Attacher', 'Who attaches it.', ({ spec }) => spec.attacher), format: 'name' },
    column('PV', 'The volume.', ({ spec }) => spec.source?.persistentVolumeName ?? ''),
    column('Node', 'Where it goes.', ({ spec }) => spec.nodeName),
    column('Attached', 'Whether it is there.', ({ status }) => status?.attached ?? false, 'boolean'),
    AGE,
  ],
}

export const CSI_NODE_PRINTER: Printer<CSINode> = {
  columns: [
    NAME,
    column('Drivers', 'How many drivers it has.', ({ spec }) => spec?.drivers?.length ?? 0, 'integer'),
    AGE,
  ],
}

export const CSI_DRIVER_PRINTER: Printer<CSIDriver> = {
  columns: [
    NAME,
    column(
      'AttachRequired',
      'Whether volumes are attached.',
      ({ spec }) => spec.attachRequired ?? true,
      'boolean',
    ),
    column(
      'PodInfoOnMount',
      'Whether it is told of pods.',
      ({ spec }) => spec.podInfoOnMount ?? false,
      'boolean',
    ),
    column(
      'StorageCapacity',
      'Whether capacity counts.',
      ({ spec }) => spec.storageCapacity ?? false,
      'boolean',
    ),
    column('TokenRequests', 'Tokens it wants.', ({ spec }) => {
      return (spec.tokenRequests ?? []).map(({ audience }) => audience).join(',') || UNSET
    }),
    column(
      'RequiresRepublish',
      'Whether it is asked again.',
      ({ spec }) => spec.requiresRepublish ?? false,
      'boolean',
    ),
    column(
      'Modes',
      'How volumes live.',
      ({ spec }) => (spec.volumeLifecycleModes ?? []).join(',') || '<none>',
    ),
    AGE,
  ],
}

export const VOLUME_ATTRIBUTES_CLASS_PRINTER: Printer<VolumeAttributesClass> = {
  columns: [NAME, column('DriverName', 'Whose volumes it is for.', ({ driverName }) => driverName), AGE],
}
