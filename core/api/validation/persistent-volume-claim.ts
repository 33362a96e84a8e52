/** PersistentVolumeClaims (kubernetes/kubernetes pkg/apis/core/validation/validation.go). Pure. */

import { isSameValue } from '../equality.ts'
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  TypedObjectReference,
} from '../generated/core-v1.ts'
import { milliOf, parseMilli } from '../quantity.ts'
import type { Faults } from './faults.ts'
import {
  forbiddenField,
  immutable,
  invalidTexts,
  invalidValue,
  notSupported,
  optionalText,
  required,
  when,
} from './faults.ts'
import { validateLabelSelector } from './label-selector.ts'
import { dnsLabelFaults, dnsSubdomainFaults, qualifiedNameFaults } from './names.ts'
import {
  accessModeFaults,
  changeText,
  modeFaults,
  oldClassWarnings,
  positiveFaults,
} from './persistent-volume.ts'

/** Faults of a PersistentVolumeClaim, metadata aside. */
export function validatePersistentVolumeClaim({ spec }: PersistentVolumeClaim): Faults {
  return validateClaimSpec(spec ?? {}, 'spec')
}

interface Tolerance {
  /** of the data sources */
  readonly anyGroup?: boolean
}

/** Faults of what is claimed. */
export function validateClaimSpec(
  spec: PersistentVolumeClaimSpec,
  at: string,
  tolerated: Tolerance = {},
): Faults {
  const modes = spec.accessModes ?? []
  const storage = spec.resources?.requests?.['storage']
  const storageField = `${at}.resources[storage]`
  return [
    ...when(modes.length === 0, () => required(`${at}.accessModes`, 'at least 1 access mode is required')),
    ...validateLabelSelector(spec.selector, `${at}.selector`),
    ...accessModeFaults(modes, `${at}.accessModes`),
    ...(storage === undefined ? [required(storageField)] : positiveFaults(storage, storageField)),
    ...optionalText(`${at}.storageClassName`, spec.storageClassName, dnsSubdomainFaults),
    ...modeFaults(spec.volumeMode, `${at}.volumeMode`),
    ...(spec.dataSource ? dataSourceFaults(spec.dataSource, `${at}.dataSource`, tolerated) : []),
    ...(spec.dataSourceRef ? dataSourceFaults(spec.dataSourceRef, `${at}.dataSourceRef`, tolerated) : []),
    ...agreementFaults(spec, at),
    ...optionalText(`${at}.volumeAttributesClassName`, spec.volumeAttributesClassName, dnsSubdomainFaults),
  ]
}

function dataSourceFaults(
  { name, kind, apiGroup = '', namespace }: TypedObjectReference,
  at: string,
  { anyGroup }: Tolerance,
): Faults {
  return [
    ...when(!name, () => required(`${at}.name`)),
    ...when(!kind, () => required(`${at}.kind`)),
    ...when(apiGroup === '' && kind !== 'PersistentVolumeClaim', () =>
      invalidValue(at, kind ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup"),
    ),
    ...(anyGroup ? [] : optionalText(`${at}.apiGroup`, apiGroup, dnsSubdomainFaults)),
    ...(namespace ? invalidTexts(`${at}.namespace`, namespace, dnsLabelFaults) : []),
  ]
}

/** Upstream shows the name of the field as its value. */
function agreementFaults({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, at: string): Faults {
  if (!dataSource || !dataSourceRef) return []
  const fault = (detail: string): Faults => [invalidValue(at, `${at}.dataSource`, detail)]
  if (dataSourceRef.namespace) return fault('may not be specified when dataSourceRef.namespace is specified')
  const { namespace: _, ...ref } = dataSourceRef
  return isSameValue(dataSource, ref) ? [] : fault('must match dataSourceRef')
}

const ATTRIBUTES_CLASS = 'spec.volumeAttributesClassName'

/** Faults of a changed claim: only its size, its class of attributes and, once, its volume may change. */
export function validatePersistentVolumeClaimUpdate(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
): Faults {
  const [now, before] = [claim.spec ?? {}, old.spec ?? {}]
  const [wanted, kept] = [
    comparable(claim, old),
    before.volumeName ? before : { ...before, volumeName: now.volumeName },
  ]
  return [
    ...validateClaimSpec(now, 'spec', { anyGroup: hasGroup(before) }),
    ...when(!isSameValue(wanted, kept), () =>
      forbiddenField(
        'spec',
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound ' +
          `claims\n${changeText(kept, wanted)}`,
      ),
    ),
    ...shrinkFaults(now, old),
    ...immutable('volumeMode', now.volumeMode, before.volumeMode),
    ...attributesClassFaults(now, before),
  ]
}

/** Groups that were given once are not looked at again, whatever becomes of them. */
const hasGroup = ({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec): boolean =>
  (dataSource?.apiGroup ?? dataSourceRef?.apiGroup) !== undefined

/** The wanted spec with what may change as it was. */
function comparable(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): PersistentVolumeClaimSpec {
  const [now, before] = [claim.spec ?? {}, old.spec ?? {}]
  const isClassGiven = before.storageClassName === undefined && now.storageClassName !== undefined
  const { requests } = now.resources ?? {}
  const storage = before.resources?.requests?.['storage']
  const isResized = claim.status?.phase === 'Bound' && requests && storage !== undefined
  return {
    ...now,
    ...(isClassGiven ? { storageClassName: before.storageClassName } : {}),
    ...(isResized ? { resources: { ...now.resources, requests: { ...requests, storage } } } : {}),
    volumeAttributesClassName: before.volumeAttributesClassName,
  }
}

/** A failed expansion may be taken back, down to what the volume has. */
function shrinkFaults(now: PersistentVolumeClaimSpec, old: PersistentVolumeClaim): Faults {
  const size = milliOf(now.resources?.requests?.['storage'])
  const isLess = size < milliOf(old.spec?.resources?.requests?.['storage'])
  return when(isLess && size <= milliOf(old.status?.capacity?.['storage']), () =>
    forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity'),
  )
}

function attributesClassFaults(
  { volumeAttributesClassName: now }: PersistentVolumeClaimSpec,
  { volumeAttributesClassName: before }: PersistentVolumeClaimSpec,
): Faults {
  if (before === undefined || now === before) return []
  if (now === undefined)
    return [forbiddenField(ATTRIBUTES_CLASS, 'update from non-nil value to nil is forbidden')]
  return when(now === '', () =>
    forbiddenField(ATTRIBUTES_CLASS, 'update from non-nil value to an empty string is forbidden'),
  )
}

/** Faults of a claim's status. */
export function validatePersistentVolumeClaimStatus({ spec, status }: PersistentVolumeClaim): Faults {
  return [
    ...when((spec?.accessModes ?? []).length === 0, () => required('Spec.accessModes')),
    ...Object.entries(status?.capacity ?? {}).flatMap(([name, text]) =>
      basicFaults(text, `status.capacity[${name}]`),
    ),
    ...Object.entries(status?.allocatedResourceStatuses ?? {}).flatMap(([name, state]) => [
      ...keyFaults(name, 'status.allocatedResourceStatuses'),
      ...when(!RESIZE_STATES.includes(state), () =>
        notSupported('status.allocatedResourceStatuses', name, RESIZE_STATES),
      ),
    ]),
    ...Object.entries(status?.allocatedResources ?? {}).flatMap(([name, text]) => {
      const field = 'status.allocatedResources'
      const faults = keyFaults(name, field)
      return faults.length > 0 ? faults : basicFaults(text, `${field}[${name}]`)
    }),
  ]
}

const RESIZE_STATES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].toSorted()

/** Of its own resources Kubernetes lets claims have one. */
function keyFaults(name: string, field: string): Faults {
  const faults = invalidTexts(field, name, qualifiedNameFaults)
  const isNative = !name.includes('/') || name.includes('kubernetes.io/')
  return faults.length > 0 || !isNative || name === 'storage'
    ? faults
    : [notSupported(field, name, ['storage'])]
}

const basicFaults = (text: string, field: string): Faults =>
  when(milliOf(text) < 0n, () =>
    invalidValue(field, Number(milliOf(text) / 1000n), 'must be a valid resource quantity'),
  )

/** Warnings of a claim (pkg/api/persistentvolumeclaim/util.go). */
export function persistentVolumeClaimWarnings({ metadata, spec }: PersistentVolumeClaim): readonly string[] {
  const storage = spec?.resources?.requests?.['storage']
  const isFraction = storage !== undefined && (parseMilli(storage) ?? 0n) % 1000n !== 0n
  return [
    ...oldClassWarnings(metadata.annotations),
    ...(isFraction
      ? [
          `spec.resources.requests[storage]: fractional byte value ${JSON.stringify(storage)} is invalid, must be an integer`,
        ]
      : []),
  ]
}
