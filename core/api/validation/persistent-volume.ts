/**
 * PersistentVolumes (kubernetes/kubernetes pkg/apis/core/validation/validation.go). Pure. Of the sources, those that
 * clusters still use are looked into; of the others only that there is one.
 */

import { isSameValue } from '../equality.ts'
import type {
  CSIPersistentVolumeSource,
  HostPathVolumeSource,
  NFSVolumeSource,
  NodeSelectorRequirement,
  PersistentVolume,
  PersistentVolumeSpec,
  VolumeNodeAffinity,
} from '../generated/core-v1.ts'
import { parseMilli } from '../quantity.ts'
import type { Faults } from './faults.ts'
import {
  forbiddenField,
  IMMUTABLE,
  immutable,
  invalidTexts,
  invalidValue,
  notSupported,
  optionalChoice,
  optionalText,
  required,
  tooLong,
  when,
} from './faults.ts'
import { operatorFaults } from './label-selector.ts'
import { dnsSubdomainFaults, labelValueFaults, qualifiedNameFaults } from './names.ts'

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']
const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain']
export const VOLUME_MODES = ['Block', 'Filesystem']

/** Faults of a PersistentVolume, metadata aside. */
export function validatePersistentVolume({ spec }: PersistentVolume): Faults {
  return validateVolumeSpec(spec ?? {}, 'spec', false)
}

/**
 * Faults of what a volume is.
 * @param isInline as a VolumeAttachment has it, without a volume of its own
 */
export function validateVolumeSpec(spec: PersistentVolumeSpec, at: string, isInline: boolean): Faults {
  const policyField = `${at}.persistentVolumeReclaimPolicy`
  const isRoot = spec.hostPath && /^\/+(\.\/*)*$/.test(spec.hostPath.path)
  return [
    ...(isInline ? inlineFaults(spec, at) : []),
    ...when((spec.accessModes ?? []).length === 0, () => required(`${at}.accessModes`)),
    ...accessModeFaults(spec.accessModes ?? [], `${at}.accessModes`),
    ...(isInline ? [] : capacityFaults(spec.capacity, `${at}.capacity`)),
    ...(isInline ? [] : optionalChoice(policyField, spec.persistentVolumeReclaimPolicy, RECLAIM_POLICIES)),
    ...(spec.nodeAffinity && !isInline ? affinityFaults(spec.nodeAffinity, `${at}.nodeAffinity`) : []),
    ...sourceFaults(spec, at),
    ...when(isRoot && spec.persistentVolumeReclaimPolicy === 'Recycle', () =>
      forbiddenField(policyField, "may not be 'recycle' for a hostPath mount of '/'"),
    ),
    ...(isInline ? [] : optionalText(`${at}.storageClassName`, spec.storageClassName, dnsSubdomainFaults)),
    ...(isInline ? [] : modeFaults(spec.volumeMode, `${at}.volumeMode`)),
    ...attributesClassFaults(spec, at),
  ]
}

export const modeFaults = (mode: string | undefined, field: string): Faults =>
  when(mode !== undefined && !VOLUME_MODES.includes(mode), () => notSupported(field, mode, VOLUME_MODES))

const INLINE = 'in the context of inline volumes'

function inlineFaults(spec: PersistentVolumeSpec, at: string): Faults {
  const unset = (field: keyof PersistentVolumeSpec, isSet: unknown): Faults =>
    when(isSet, () => forbiddenField(`${at}.${field}`, `may not be specified ${INLINE}`))
  const { persistentVolumeReclaimPolicy: policy, volumeMode = 'Filesystem' } = spec
  return [
    ...unset('claimRef', spec.claimRef),
    ...unset('capacity', Object.keys(spec.capacity ?? {}).length > 0),
    ...when(!spec.csi, () => required(`${at}.csi`, `has to be specified ${INLINE}`)),
    ...when(policy && policy !== 'Retain', () =>
      forbiddenField(`${at}.persistentVolumeReclaimPolicy`, `may only be Retain ${INLINE}`),
    ),
    ...unset('nodeAffinity', spec.nodeAffinity),
    ...unset('storageClassName', spec.storageClassName),
    ...when(volumeMode !== 'Filesystem', () =>
      forbiddenField(`${at}.volumeMode`, `may not specify volumeMode other than Filesystem ${INLINE}`),
    ),
  ]
}

/** Faults of access modes, of volumes and of claims. */
export function accessModeFaults(modes: readonly string[], field: string): Faults {
  const known = modes.filter((mode) => ACCESS_MODES.includes(mode))
  const isMixed = known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod')
  return [
    ...modes.flatMap((mode) =>
      when(!ACCESS_MODES.includes(mode), () => notSupported(field, mode, ACCESS_MODES)),
    ),
    ...when(isMixed, () => forbiddenField(field, 'may not use ReadWriteOncePod with other access modes')),
  ]
}

function capacityFaults(capacity: PersistentVolumeSpec['capacity'], field: string): Faults {
  const names = Object.keys(capacity ?? {})
  return [
    ...when(names.length === 0, () => required(field)),
    ...when(names.length !== 1 || names[0] !== 'storage', () => notSupported(field, capacity, ['storage'])),
    ...Object.entries(capacity ?? {}).flatMap(([name, text]) => [
      ...when(milli(text) < 0n, () =>
        invalidValue(`${field}[${name}]`, Number(milli(text) / 1000n), 'must be a valid resource quantity'),
      ),
      ...positiveFaults(text, `${field}[${name}]`),
    ]),
  ]
}

const milli = (text: string): bigint => parseMilli(text) ?? 0n

export const positiveFaults = (text: string, field: string): Faults =>
  when(milli(text) <= 0n, () => invalidValue(field, text, 'must be greater than zero'))

/** Faults of where a volume can be reached from. */
function affinityFaults({ required: selector }: VolumeNodeAffinity, field: string): Faults {
  if (!selector) return [required(`${field}.required`, 'must specify required node constraints')]
  const at = `${field}.required.nodeSelectorTerms`
  const terms = selector.nodeSelectorTerms ?? []
  return [
    ...when(terms.length === 0, () => required(at, 'must have at least one node selector term')),
    ...terms.flatMap((term, index) => [
      ...(term.matchExpressions ?? []).flatMap((one, place) =>
        requirementFaults(one, `${at}[${index}].matchExpressions[${place}]`),
      ),
      ...(term.matchFields ?? []).flatMap((one, place) =>
        fieldRequirementFaults(one, `${at}[${index}].matchFields[${place}]`),
      ),
    ]),
  ]
}

function requirementFaults({ key, operator, values = [] }: NodeSelectorRequirement, at: string): Faults {
  return [
    ...nodeOperatorFaults(operator, values, at),
    ...invalidTexts(`${at}.key`, key, qualifiedNameFaults),
    ...values.flatMap((value, index) => invalidTexts(`${at}.values[${index}]`, value, labelValueFaults)),
  ]
}

/** Nodes are also selected by numbers. */
function nodeOperatorFaults(operator: string, values: readonly string[], at: string): Faults {
  if (operator !== 'Gt' && operator !== 'Lt') return operatorFaults(operator, values, at)
  return when(values.length !== 1, () =>
    required(`${at}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"),
  )
}

function fieldRequirementFaults({ key, operator, values = [] }: NodeSelectorRequirement, at: string): Faults {
  const isKnown = key === 'metadata.name'
  return [
    ...(operator === 'In' || operator === 'NotIn'
      ? when(values.length !== 1, () =>
          required(
            `${at}.values`,
            "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
          ),
        )
      : [invalidValue(`${at}.operator`, operator, 'not a valid selector operator')]),
    ...when(!isKnown, () => invalidValue(`${at}.key`, key, 'not a valid field selector key')),
    ...(isKnown
      ? values.flatMap((value, index) => invalidTexts(`${at}.values[${index}]`, value, dnsSubdomainFaults))
      : []),
  ]
}

/** Names of the fields that say where the data is, in the order upstream looks at them. */
const SOURCES = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
] as const satisfies readonly (keyof PersistentVolumeSpec)[]

function sourceFaults(spec: PersistentVolumeSpec, at: string): Faults {
  const [first, ...others] = SOURCES.filter((name) => spec[name] !== undefined)
  if (first === undefined) return [required(at, 'must specify a volume type')]
  return [
    ...ownSourceFaults(first, spec, at),
    ...others.map((name) => forbiddenField(`${at}.${name}`, 'may not specify more than 1 volume type')),
  ]
}

function ownSourceFaults(name: (typeof SOURCES)[number], spec: PersistentVolumeSpec, at: string): Faults {
  const { hostPath, nfs, local, csi } = spec
  if (name === 'hostPath' && hostPath) return hostPathFaults(hostPath, `${at}.hostPath`)
  if (name === 'nfs' && nfs) return nfsFaults(nfs, `${at}.nfs`)
  if (name === 'csi' && csi) return csiFaults(csi, `${at}.csi`)
  if (name !== 'local' || !local) return []
  const isPlaced = (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).length > 0
  return [
    ...when(!local.path, () => required(`${at}.local.path`)),
    ...upwardPathFaults(local.path ?? '', `${at}.local.path`),
    ...when(!isPlaced, () => required(`${at}.nodeAffinity`, 'Local volume requires node affinity')),
  ]
}

const upwardPathFaults = (path: string, field: string): Faults =>
  when(path.split('/').includes('..'), () => invalidValue(field, path, "must not contain '..'"))

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]

function hostPathFaults({ path, type = '' }: HostPathVolumeSource, at: string): Faults {
  if (!path) return [required(`${at}.path`)]
  return [
    ...upwardPathFaults(path, `${at}.path`),
    ...when(!HOST_PATH_TYPES.includes(type), () => notSupported(`${at}.type`, type, HOST_PATH_TYPES)),
  ]
}

function nfsFaults({ server, path = '' }: NFSVolumeSource, at: string): Faults {
  return [
    ...when(!server, () => required(`${at}.server`)),
    ...when(path === '', () => required(`${at}.path`)),
    ...when(!path.startsWith('/'), () => invalidValue(`${at}.path`, path, 'must be an absolute path')),
  ]
}

const SECRETS = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const

function csiFaults(csi: CSIPersistentVolumeSource, at: string): Faults {
  return [
    ...driverNameFaults(csi.driver ?? '', `${at}.driver`),
    ...when(!csi.volumeHandle, () => required(`${at}.volumeHandle`)),
    ...SECRETS.flatMap((field) => {
      const secret = csi[field]
      if (!secret) return []
      return [
        ...when(!secret.name, () => required(`${at}.${field}.name`)),
        ...when(!secret.namespace, () => required(`${at}.${field}.namespace`)),
      ]
    }),
  ]
}

const DRIVER_NAME_MAX = 63

/** Faults of the name of a CSI driver, where it is referred to. */
export function driverNameFaults(name: string, field: string): Faults {
  return [
    ...when(name === '', () => required(field)),
    ...when(name.length > DRIVER_NAME_MAX, () => tooLong(field, DRIVER_NAME_MAX)),
    ...dnsSubdomainFaults(name.toLowerCase()).map((detail) => invalidValue(field, name, detail)),
  ]
}

function attributesClassFaults(
  { volumeAttributesClassName: name, csi }: PersistentVolumeSpec,
  at: string,
): Faults {
  if (name === undefined) return []
  const field = `${at}.volumeAttributesClassName`
  return [
    ...(name === ''
      ? [required(field, 'an empty string is disallowed')]
      : invalidTexts(field, name, dnsSubdomainFaults)),
    ...when(!csi, () => required(`${at}.csi`, 'has to be specified when using volumeAttributesClassName')),
  ]
}

/** Faults of a changed PersistentVolume: where its data is stays, and so does its mode. */
export function validatePersistentVolumeUpdate(volume: PersistentVolume, old: PersistentVolume): Faults {
  const [now, before] = [volume.spec ?? {}, old.spec ?? {}]
  const [source, oldSource] = [comparableSource(now, before), sourceOf(before)]
  return [
    ...validatePersistentVolume(volume),
    ...when(!isSameValue(source, oldSource), () =>
      forbiddenField(
        'spec.persistentvolumesource',
        `spec.persistentvolumesource is immutable after creation\n${changeText(oldSource, source)}`,
      ),
    ),
    ...immutable('volumeMode', now.volumeMode, before.volumeMode),
    ...when(before.nodeAffinity && !isSameAffinity(now.nodeAffinity, before.nodeAffinity), () =>
      invalidValue(
        'nodeAffinity',
        now.nodeAffinity,
        `${IMMUTABLE}, except for updating from beta label to GA`,
      ),
    ),
    ...when(
      before.volumeAttributesClassName !== undefined && now.volumeAttributesClassName === undefined,
      () => forbiddenField('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'),
    ),
  ]
}

/** Labels that have been renamed since. */
const RENAMED_LABELS: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
}

/** Whether volumes of the one are where those of the other are: labels may come to be called by their newer names. */
function isSameAffinity(now: VolumeNodeAffinity | undefined, before: VolumeNodeAffinity): boolean {
  const renamed = (
    list: readonly NodeSelectorRequirement[] | undefined,
    wanted: readonly NodeSelectorRequirement[] | undefined,
  ): readonly NodeSelectorRequirement[] | undefined =>
    list?.map((requirement, index) => {
      const key = wanted?.[index]?.key
      // A label without a newer name may also lose the one it has, as upstream's table gives it none.
      return key === (RENAMED_LABELS[requirement.key] ?? '') ? { ...requirement, key } : requirement
    })
  const terms = now?.required?.nodeSelectorTerms
  const required = before.required && {
    ...before.required,
    nodeSelectorTerms: (before.required.nodeSelectorTerms ?? []).map((term, index) => ({
      ...term,
      matchExpressions: renamed(term.matchExpressions, terms?.[index]?.matchExpressions),
      matchFields: renamed(term.matchFields, terms?.[index]?.matchFields),
    })),
  }
  return isSameValue(now, { ...before, required })
}

const sourceOf = (spec: PersistentVolumeSpec): Partial<PersistentVolumeSpec> =>
  Object.fromEntries(SOURCES.flatMap((name) => (spec[name] === undefined ? [] : [[name, spec[name]]])))

/** A secret for expansion may be added later. */
function comparableSource(
  now: PersistentVolumeSpec,
  before: PersistentVolumeSpec,
): Partial<PersistentVolumeSpec> {
  const source = sourceOf(now)
  if (!source.csi || !before.csi || before.csi.controllerExpandSecretRef) return source
  const { controllerExpandSecretRef: _, ...csi } = source.csi
  return { ...source, csi }
}

/** What was and what is to be. Upstream shows Go values here, in a form that is not meant to be relied on. */
export const changeText = (before: unknown, after: unknown): string =>
  `- ${JSON.stringify(before)}\n+ ${JSON.stringify(after)}\n`

const NO_LONGER: Readonly<Record<string, readonly [string, string]>> = {
  photonPersistentDisk: ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  scaleIO: ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  storageos: ['storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  glusterfs: ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  rbd: ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
  cephfs: ['cephFS', 'deprecated in v1.28, non-functional in v1.31+'],
}

/** Warnings of what should not be used any more (pkg/api/persistentvolume/util.go). */
export function persistentVolumeWarnings({ metadata, spec }: PersistentVolume): readonly string[] {
  const source = SOURCES.find((name) => spec?.[name] !== undefined && NO_LONGER[name])
  const [field, text] = (source && NO_LONGER[source]) || []
  return [
    ...oldClassWarnings(metadata.annotations),
    ...(spec?.persistentVolumeReclaimPolicy === 'Recycle'
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended ' +
            'approach is to use dynamic provisioning.',
        ]
      : []),
    ...(field ? [`spec.${field}: ${text}`] : []),
  ]
}

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'

/** The annotation that once named the class. */
export function oldClassWarnings(
  annotations: Readonly<Record<string, string>> | undefined,
): readonly string[] {
  if (annotations?.[CLASS_ANNOTATION] === undefined) return []
  return [
    `metadata.annotations[${CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`,
  ]
}
