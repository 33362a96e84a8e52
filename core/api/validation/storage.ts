/**
 * StorageClasses, VolumeAttributesClasses and VolumeAttachments
 * (kubernetes/kubernetes pkg/apis/storage/validation/validation.go). Pure.
 */

import { isSameValue } from '../equality.ts'
import type { TopologySelectorTerm } from '../generated/core-v1.ts'
import type {
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
  VolumeError,
} from '../generated/storage-v1.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  forbiddenField,
  immutable,
  invalidTexts,
  invalidValue,
  optionalChoice,
  pointedChoice,
  repeated,
  required,
  tooLong,
  when,
} from './faults.ts'
import { dnsSubdomainFaults, qualifiedNameFaults } from './names.ts'
import { validateVolumeSpec } from './persistent-volume.ts'
import { immutableStruct } from './go-structs.ts'

const MAX_PARAMETERS = 512
const MAX_PARAMETER_BYTES = 256 * 1024
const MAX_ATTACHMENT_BYTES = 256 * 1024
const MAX_MESSAGE_BYTES = 1024

/** Faults of a StorageClass, metadata aside. */
export function validateStorageClass(storageClass: StorageClass): Faults {
  const { provisioner, parameters = {}, reclaimPolicy, volumeBindingMode, allowedTopologies } = storageClass
  return [
    ...providerFaults('provisioner', provisioner),
    ...parameterFaults(parameters),
    ...(reclaimPolicy ? optionalChoice('reclaimPolicy', reclaimPolicy, ['Delete', 'Retain']) : []),
    ...pointedChoice('volumeBindingMode', volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']),
    ...topologyFaults(allowedTopologies ?? []),
  ]
}

function providerFaults(field: string, name = ''): Faults {
  return name === '' ? [required(field)] : invalidTexts(field, name.toLowerCase(), qualifiedNameFaults)
}

function parameterFaults(parameters: Readonly<Record<string, string>>): Faults {
  const entries = Object.entries(parameters)
  if (entries.length > MAX_PARAMETERS) return [tooLong('parameters', MAX_PARAMETERS)]
  return [
    ...when(Object.hasOwn(parameters, ''), () => invalidValue('parameters', '', 'field can not be empty.')),
    ...when(bytesOf(parameters) > MAX_PARAMETER_BYTES, () => tooLong('parameters', MAX_PARAMETER_BYTES)),
  ]
}

const bytesOf = (texts: Readonly<Record<string, string>>): number =>
  Object.entries(texts)
    .flat()
    .reduce((sum, text) => sum + Buffer.byteLength(text), 0)

function topologyFaults(terms: readonly TopologySelectorTerm[]): Faults {
  const again = new Set(repeated(terms, termKey))
  return terms.flatMap(({ matchLabelExpressions: expressions = [] }, index) => {
    const at = `allowedTopologies[${index}].matchLabelExpressions`
    const sameKey = new Set(repeated(expressions, ({ key }) => key))
    return [
      ...expressions.flatMap(({ key, values = [] }, place) => [
        ...when(values.length === 0, () => required(`${at}[${place}].values`)),
        ...repeated(values, (value) => value).map((twice) =>
          duplicate(`${at}[${place}].values[${twice}]`, values[twice]),
        ),
        ...invalidTexts(`${at}[${place}].key`, key, qualifiedNameFaults),
        ...when(sameKey.has(place), () => duplicate(`${at}[${place}].key`, key)),
      ]),
      // Terms that say nothing are all alike, even a single one.
      ...when(again.has(index) || expressions.length === 0, () => duplicate(at, '')),
    ]
  })
}

/** Terms that allow the same, whatever the order. */
const termKey = ({ matchLabelExpressions = [] }: TopologySelectorTerm): string =>
  matchLabelExpressions
    .map(({ key, values = [] }) => JSON.stringify([key, values.toSorted()]))
    .toSorted()
    .join('\n')

/** Faults of a changed StorageClass: what volumes are made with stays. */
export function validateStorageClassUpdate(storageClass: StorageClass, old: StorageClass): Faults {
  return [
    ...validateStorageClass(storageClass),
    ...fixed('parameters', storageClass.parameters, old.parameters),
    ...fixed('provisioner', storageClass.provisioner, old.provisioner),
    ...fixed('reclaimPolicy', storageClass.reclaimPolicy, old.reclaimPolicy),
    ...immutable('volumeBindingMode', storageClass.volumeBindingMode, old.volumeBindingMode),
  ]
}

const fixed = (field: string, value: unknown, old: unknown): Faults =>
  when(!isSameValue(value, old), () => forbiddenField(field, `updates to ${field} are forbidden.`))

/** Faults of a VolumeAttributesClass, metadata aside. */
export function validateVolumeAttributesClass({
  driverName,
  parameters = {},
}: VolumeAttributesClass): Faults {
  return [
    ...providerFaults('driverName', driverName),
    ...parameterFaults(parameters),
    ...when(Object.keys(parameters).length === 0, () =>
      required('parameters', 'must contain at least one key/value pair'),
    ),
  ]
}

/** Faults of a changed VolumeAttributesClass: nothing may change. */
export function validateVolumeAttributesClassUpdate(
  value: VolumeAttributesClass,
  old: VolumeAttributesClass,
): Faults {
  return [
    ...validateVolumeAttributesClass(value),
    ...fixed('driverName', value.driverName, old.driverName),
    ...fixed('parameters', value.parameters, old.parameters),
  ]
}

/** Faults of a new VolumeAttachment, metadata aside. */
export function validateVolumeAttachment(attachment: VolumeAttachment): Faults {
  const { attacher = '', source } = attachment.spec ?? {}
  const volume = source?.persistentVolumeName
  return [
    ...attachmentFaults(attachment),
    ...dnsSubdomainFaults(attacher).map((detail) => invalidValue('spec.attacher', attacher, detail)),
    ...(volume === undefined
      ? []
      : invalidTexts('spec.source.persistentVolumeName', volume, dnsSubdomainFaults)),
  ]
}

function attachmentFaults({ spec, status }: VolumeAttachment): Faults {
  const nodeName = spec?.nodeName ?? ''
  return [
    ...when(!spec?.attacher, () => required('spec.attacher')),
    ...attachedSourceFaults(spec?.source),
    ...invalidTexts('spec.nodeName', nodeName, dnsSubdomainFaults),
    ...when(bytesOf(status?.attachmentMetadata ?? {}) > MAX_ATTACHMENT_BYTES, () =>
      tooLong('status.attachmentMetadata', MAX_ATTACHMENT_BYTES),
    ),
    ...errorFaults(status?.attachError, 'status.attachError'),
    ...errorFaults(status?.detachError, 'status.detachError'),
  ]
}

function attachedSourceFaults(source: VolumeAttachment['spec']['source'] | undefined): Faults {
  const at = 'spec.source'
  const detail = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = source ?? {}
  if (inline === undefined && name === undefined) return [required(at, detail)]
  if (inline !== undefined && name !== undefined) return [forbiddenField(at, detail)]
  if (inline !== undefined) return validateVolumeSpec(inline, `${at}.inlineVolumeSpec`, true)
  return when(name === '', () =>
    required(`${at}.persistentVolumeName`, 'must specify non empty persistentVolumeName'),
  )
}

/** What is too long is compared with one limit and told another: upstream's. */
function errorFaults(error: VolumeError | undefined, at: string): Faults {
  const code = error?.errorCode ?? 0
  return [
    ...when(Buffer.byteLength(error?.message ?? '') > MAX_MESSAGE_BYTES, () =>
      tooLong(`${at}.message`, MAX_ATTACHMENT_BYTES),
    ),
    ...when(code < 0, () =>
      invalidValue(`${at}.errorCode`, code, 'must be between 0 and 2147483647, inclusive'),
    ),
  ]
}

/** Faults of a changed VolumeAttachment, or of its status: the spec stays. */
export function validateVolumeAttachmentUpdate(attachment: VolumeAttachment, old: VolumeAttachment): Faults {
  return [
    ...attachmentFaults(attachment),
    ...immutableStruct('spec', 'VolumeAttachmentSpec', { value: attachment.spec, old: old.spec }),
  ]
}

/** The status without what upstream keeps only behind a feature gate that is off, unless it was there already. */
export function withoutErrorCodes(attachment: VolumeAttachment, old: VolumeAttachment): VolumeAttachment {
  const kept = (name: 'attachError' | 'detachError'): Partial<NonNullable<VolumeAttachment['status']>> => {
    const error = attachment.status?.[name]
    if (error?.errorCode === undefined || old.status?.[name]?.errorCode !== undefined) return {}
    const { errorCode: _, ...rest } = error
    return { [name]: rest }
  }
  const { status } = attachment
  return status
    ? { ...attachment, status: { ...status, ...kept('attachError'), ...kept('detachError') } }
    : attachment
}
