/** How containers use the volumes of their pod (kubernetes/kubernetes pkg/apis/core/validation/validation.go). Pure. */

import type { Container, Volume, VolumeDevice, VolumeMount } from '../generated/core-v1.ts'
import type { Faults } from './faults.ts'
import {
  forbiddenField,
  invalidValue,
  notFoundValue,
  optionalChoice,
  repeated,
  required,
  when,
} from './faults.ts'
import { backstepFaults, descendingPathFaults } from './paths.ts'

type Volumes = ReadonlyMap<string, Volume>

/** Faults of a container's volumeMounts. */
export function validateMounts(container: Container, at: string, volumes: Volumes): Faults {
  const { volumeMounts: mounts = [], volumeDevices: devices = [] } = container
  const again = new Set(repeated(mounts, ({ mountPath }) => mountPath))
  const field = `${at}.volumeMounts`
  return mounts.flatMap((mount, index) => {
    const { name, mountPath } = mount
    const one = `${field}[${index}]`
    return [
      ...when(!name, () => required(`${one}.name`)),
      ...when(!volumes.has(name), () => notFoundValue(`${one}.name`, name)),
      ...when(!mountPath, () => required(`${one}.mountPath`)),
      ...when(again.has(index), () => invalidValue(`${one}.mountPath`, mountPath, 'must be unique')),
      ...when(
        devices.some((device) => device.name === name),
        () => invalidValue(`${one}.name`, name, 'must not already exist in volumeDevices'),
      ),
      ...when(
        devices.some(({ devicePath }) => devicePath === mountPath),
        () =>
          invalidValue(`${one}.mountPath`, mountPath, 'must not already exist as a path in volumeDevices'),
      ),
      ...partFaults(mount, field, one),
      ...propagationFaults(mount, container, field),
    ]
  })
}

/** Upstream gives some of them the path of the list. */
function partFaults({ subPath = '', subPathExpr = '' }: VolumeMount, field: string, one: string): Faults {
  return [
    ...descendingPathFaults(`${field}.subPath`, subPath),
    ...when(subPath && subPathExpr, () =>
      invalidValue(`${one}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'),
    ),
    ...descendingPathFaults(`${field}.subPathExpr`, subPathExpr),
  ]
}

function propagationFaults(mount: VolumeMount, container: Container, field: string): Faults {
  const { mountPropagation: propagation, recursiveReadOnly: recursive, readOnly } = mount
  const isRecursive = recursive === 'Enabled' || recursive === 'IfPossible'
  const at = `${field}.recursiveReadOnly`
  return [
    ...optionalChoice(`${field}.mountPropagation`, propagation, ['Bidirectional', 'HostToContainer', 'None']),
    ...when(propagation === 'Bidirectional' && !container.securityContext?.privileged, () =>
      forbiddenField(
        `${field}.mountPropagation`,
        'Bidirectional mount propagation is available only to privileged containers',
      ),
    ),
    ...optionalChoice(at, recursive, ['Disabled', 'Enabled', 'IfPossible']),
    ...when(isRecursive && !readOnly, () =>
      forbiddenField(at, 'may only be specified when readOnly is true'),
    ),
    ...when(isRecursive && propagation !== undefined && propagation !== 'None', () =>
      forbiddenField(at, 'may only be specified when mountPropagation is None or not specified'),
    ),
  ]
}

/** Faults of a container's volumeDevices. */
export function validateDevices(container: Container, at: string, volumes: Volumes): Faults {
  const { volumeMounts: mounts = [], volumeDevices: devices = [] } = container
  const sameName = new Set(repeated(devices, ({ name }) => name || undefined))
  const samePath = new Set(repeated(devices, ({ devicePath }) => devicePath))
  return devices.flatMap((device, index) => {
    const { name, devicePath } = device
    const one = `${at}.volumeDevices[${index}]`
    return [
      ...when(!name, () => required(`${one}.name`)),
      ...when(sameName.has(index), () => invalidValue(`${one}.name`, name, 'must be unique')),
      ...volumeFaults(device, `${one}.name`, volumes),
      ...when(!devicePath, () => required(`${one}.devicePath`)),
      ...when(samePath.has(index), () => invalidValue(`${one}.devicePath`, devicePath, 'must be unique')),
      ...when(backstepFaults('', devicePath).length > 0, () =>
        invalidValue(`${one}.devicePath`, devicePath, "can not contain backsteps ('..')"),
      ),
      ...when(
        mounts.some((mount) => mount.name === name),
        () => invalidValue(`${one}.name`, name, 'must not already exist in volumeMounts'),
      ),
      ...when(
        mounts.some(({ mountPath }) => mountPath === devicePath),
        () =>
          invalidValue(`${one}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'),
      ),
    ]
  })
}

function volumeFaults({ name }: VolumeDevice, field: string, volumes: Volumes): Faults {
  const volume = volumes.get(name)
  if (volume === undefined) return [notFoundValue(field, name)]
  return when(!volume.persistentVolumeClaim && !volume.ephemeral, () =>
    invalidValue(
      field,
      name,
      'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
    ),
  )
}
