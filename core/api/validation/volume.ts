/**
 * Volumes of pods (kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateVolumes). Pure. Sources
 * that pods here can use are looked into; of the others only that there is one.
 */

import type { KeyToPath, Volume } from '../generated/core-v1.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  forbiddenField,
  invalidTexts,
  invalidValue,
  repeated,
  required,
  requiredText,
  when,
} from './faults.ts'
import { configKeyFaults, dnsLabelFaults, upwardFaults } from './names.ts'

/** Faults of a pod's volumes. */
export function validateVolumes(volumes: readonly Volume[], field: string): Faults {
  const again = new Set(repeated(volumes, ({ name }) => name))
  return volumes.flatMap((volume, index) => {
    const at = `${field}[${index}]`
    const nameFaults = requiredText(`${at}.name`, volume.name, dnsLabelFaults)
    return [
      ...validateSource(volume, at),
      ...nameFaults,
      ...when(nameFaults.length === 0 && again.has(index), () => duplicate(`${at}.name`, volume.name)),
    ]
  })
}

function validateSource({ name: _name, ...sources }: Volume, at: string): Faults {
  const given = Object.keys(sources).filter((source) => sources[source as keyof typeof sources] !== undefined)
  const { configMap, secret, hostPath, persistentVolumeClaim } = sources
  return [
    ...when(given.length === 0, () => required(at, 'must specify a volume type')),
    ...given
      .slice(1)
      .map((source) => forbiddenField(`${at}.${source}`, 'may not specify more than 1 volume type')),
    ...(configMap
      ? [
          ...requiredText(`${at}.configMap.name`, configMap.name),
          ...validateFiles(configMap, `${at}.configMap`),
        ]
      : []),
    ...(secret
      ? [
          ...requiredText(`${at}.secret.secretName`, secret.secretName),
          ...validateFiles(secret, `${at}.secret`),
        ]
      : []),
    ...(hostPath ? validateHostPath(hostPath.path, `${at}.hostPath.path`) : []),
    ...(persistentVolumeClaim
      ? requiredText(`${at}.persistentVolumeClaim.claimName`, persistentVolumeClaim.claimName)
      : []),
  ]
}

function validateHostPath(path: string | undefined, field: string): Faults {
  if (!path) return [required(field)]
  return when(path.split('/').includes('..'), () => invalidValue(field, path, "must not contain '..'"))
}

const MODE_RANGE = 'must be a number between 0 and 0777 (octal), both inclusive'
const isMode = (mode: number): boolean => mode >= 0 && mode <= 0o777

interface Files {
  readonly items?: readonly KeyToPath[] | undefined
  readonly defaultMode?: number | undefined
}

function validateFiles({ items = [], defaultMode }: Files, at: string): Faults {
  return [
    ...when(defaultMode !== undefined && !isMode(defaultMode), () =>
      invalidValue(`${at}.defaultMode`, defaultMode, MODE_RANGE),
    ),
    ...items.flatMap(({ key, path, mode }, index) => [
      ...requiredText(`${at}.items[${index}].key`, key, configKeyFaults),
      ...(path
        ? validateFilePath(path, `${at}.items[${index}].path`)
        : [required(`${at}.items[${index}].path`)]),
      ...when(mode !== undefined && !isMode(mode), () =>
        invalidValue(`${at}.items[${index}].mode`, mode, MODE_RANGE),
      ),
    ]),
  ]
}

function validateFilePath(path: string, field: string): Faults {
  if (path.startsWith('/')) return [invalidValue(field, path, 'must be a relative path')]
  if (path.split('/').includes('..')) return [invalidValue(field, path, "must not contain '..'")]
  return invalidTexts(field, path, upwardFaults)
}
