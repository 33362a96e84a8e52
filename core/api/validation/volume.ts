/**
 * Volumes of pods (kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateVolumes). Pure. Sources of
 * particular makers of storage are only counted.
 */

import type { CSIVolumeSource, EphemeralVolumeSource, NFSVolumeSource, Volume } from '../generated/core-v1.ts'
import { compareQuantities } from '../quantity.ts'
import { driverNameFaults } from './persistent-volume.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  forbiddenField,
  invalidTexts,
  invalidValue,
  optionalChoice,
  required,
  requiredText,
  when,
} from './faults.ts'
import { validateLabels } from './label-selector.ts'
import { validateAnnotations } from './metadata.ts'
import { dnsLabelFaults, dnsSubdomainFaults } from './names.ts'
import { backstepFaults } from './paths.ts'
import { validateClaimSpec } from './persistent-volume-claim.ts'
import { modeFaults, validateDownwardFiles, validateKeyFiles, validateProjected } from './projected-volume.ts'

export interface JudgedVolumes {
  readonly faults: Faults
  /** by name: those that containers may use, which are the ones without faults */
  readonly usable: ReadonlyMap<string, Volume>
}

/** @param podName of the pod the volumes are of; a template's pods have no names yet */
export function judgeVolumes(volumes: readonly Volume[], field: string, podName?: string): JudgedVolumes {
  const usable = new Map<string, Volume>()
  const claims = new Set(
    podName ? volumes.filter(({ ephemeral }) => ephemeral).map(({ name }) => `${podName}-${name}`) : [],
  )
  const faults = volumes.flatMap((volume, index) => {
    const at = `${field}[${index}]`
    const own = [
      ...validateSource(volume, at, podName),
      ...requiredText(`${at}.name`, volume.name, dnsLabelFaults),
      ...when(usable.has(volume.name), () => duplicate(`${at}.name`, volume.name)),
    ]
    if (own.length === 0) usable.set(volume.name, volume)
    const claim = volume.persistentVolumeClaim?.claimName ?? ''
    return [
      ...own,
      ...when(claims.has(claim), () =>
        invalidValue(
          `${at}.persistentVolumeClaim.claimName`,
          claim,
          'must not reference a PVC that gets created for an ephemeral volume',
        ),
      ),
    ]
  })
  return { faults, usable }
}

function validateSource({ name, ...sources }: Volume, at: string, podName: string | undefined): Faults {
  const given = Object.keys(sources).filter((source) => sources[source as keyof typeof sources] !== undefined)
  return [
    ...when(given.length === 0, () => required(at, 'must specify a volume type')),
    ...given
      .slice(1)
      .map((source) => forbiddenField(`${at}.${source}`, 'may not specify more than 1 volume type')),
    ...validateDirectories(sources, at),
    ...validateContents(sources, at),
    ...(sources.persistentVolumeClaim
      ? requiredText(`${at}.persistentVolumeClaim.claimName`, sources.persistentVolumeClaim.claimName)
      : []),
    ...(sources.csi ? validateCSI(sources.csi, `${at}.csi`) : []),
    ...(sources.ephemeral ? validateEphemeral(sources.ephemeral, { at, name, podName }) : []),
  ]
}

type Sources = Omit<Volume, 'name'>

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

function validateDirectories({ emptyDir, hostPath, nfs }: Sources, at: string): Faults {
  const limit = emptyDir?.sizeLimit
  return [
    ...when(limit !== undefined && compareQuantities(limit, '0') < 0, () =>
      forbiddenField(`${at}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity'),
    ),
    ...(hostPath
      ? hostPath.path
        ? [
            ...backstepFaults(`${at}.hostPath.path`, hostPath.path),
            ...optionalChoice(`${at}.hostPath.type`, hostPath.type, HOST_PATH_TYPES),
          ]
        : [required(`${at}.hostPath.path`)]
      : []),
    ...(nfs ? validateNFS(nfs, `${at}.nfs`) : []),
  ]
}

function validateNFS({ server, path }: NFSVolumeSource, at: string): Faults {
  return [
    ...when(!server, () => required(`${at}.server`)),
    ...when(!path, () => required(`${at}.path`)),
    ...when(!path.startsWith('/'), () => invalidValue(`${at}.path`, path, 'must be an absolute path')),
  ]
}

function validateContents({ configMap, secret, projected, downwardAPI }: Sources, at: string): Faults {
  return [
    ...(secret
      ? [
          ...when(!secret.secretName, () => required(`${at}.secret.secretName`)),
          ...modeFaults(`${at}.secret.defaultMode`, secret.defaultMode),
          ...validateKeyFiles(secret.items ?? [], `${at}.secret.items`),
        ]
      : []),
    ...(configMap
      ? [
          ...when(!configMap.name, () => required(`${at}.configMap.name`)),
          ...modeFaults(`${at}.configMap.defaultMode`, configMap.defaultMode),
          ...validateKeyFiles(configMap.items ?? [], `${at}.configMap.items`),
        ]
      : []),
    ...(downwardAPI
      ? [
          ...modeFaults(`${at}.downwardAPI.defaultMode`, downwardAPI.defaultMode),
          ...validateDownwardFiles(downwardAPI.items ?? [], `${at}.downwardAPI`),
        ]
      : []),
    ...(projected ? validateProjected(projected, `${at}.projected`) : []),
  ]
}

/** The path of a secret's name really lacks what it is of. */
function validateCSI({ driver, nodePublishSecretRef: secret }: CSIVolumeSource, at: string): Faults {
  return [
    ...driverNameFaults(driver, `${at}.driver`),
    ...when(secret && !secret.name, () => required(`${at}.nodePublishSecretRef.name`)),
    ...(secret?.name ? invalidTexts(`${at}.name`, secret.name, dnsSubdomainFaults) : []),
  ]
}

function validateEphemeral(
  { volumeClaimTemplate: template }: EphemeralVolumeSource,
  { at, name, podName }: { readonly at: string; readonly name: string; readonly podName: string | undefined },
): Faults {
  const field = `${at}.ephemeral.volumeClaimTemplate`
  const claim = `${podName}-${name}`
  return [
    ...(template
      ? [
          ...validateLabels(template.metadata?.labels, `${field}.metadata.labels`),
          ...validateAnnotations(template.metadata?.annotations, `${field}.metadata.annotations`),
          ...validateClaimSpec(template.spec, `${field}.spec`),
        ]
      : [required(field)]),
    ...(podName && name ? dnsSubdomainFaults(claim) : []).map((fault) =>
      invalidValue(`${at}.name`, name, `PVC name ${JSON.stringify(claim)}: ${fault}`),
    ),
  ]
}
