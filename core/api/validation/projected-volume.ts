/** Volumes made of what the API holds (kubernetes/kubernetes pkg/apis/core/validation/validation.go). Pure. */

import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../generated/core-v1.ts'
import type { Faults } from './faults.ts'
import { forbiddenField, invalidValue, required, when } from './faults.ts'
import { validateFieldReference, validateResourceReference } from './field-reference.ts'
import { filePathFaults } from './paths.ts'

const MODE_RANGE = 'must be a number between 0 and 0777 (octal), both inclusive'
const FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
]

/** A fault of what is no mode of a file. */
export const modeFaults = (field: string, mode: number | undefined): Faults =>
  when(mode !== undefined && (mode < 0 || mode > 0o777), () => invalidValue(field, mode, MODE_RANGE))

/** Faults of the files that are to be made of keys. */
export function validateKeyFiles(items: readonly KeyToPath[], field: string): Faults {
  return items.flatMap(({ key, path, mode }, index) => {
    const at = `${field}[${index}]`
    return [
      ...when(!key, () => required(`${at}.key`)),
      ...when(!path, () => required(`${at}.path`)),
      ...filePathFaults(`${at}.path`, path),
      ...modeFaults(`${at}.mode`, mode),
    ]
  })
}

/** Faults of the files that tell a pod of itself; upstream gives them all the path of the volume. */
export function validateDownwardFiles(items: readonly DownwardAPIVolumeFile[], at: string): Faults {
  return items.flatMap(({ path, fieldRef, resourceFieldRef, mode }) => [
    ...when(!path, () => required(`${at}.path`)),
    ...filePathFaults(`${at}.path`, path),
    ...(fieldRef ? validateFieldReference(fieldRef, `${at}.fieldRef`, FIELDS) : []),
    ...when(fieldRef && resourceFieldRef, () =>
      invalidValue(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'),
    ),
    ...(!fieldRef && resourceFieldRef
      ? validateResourceReference(resourceFieldRef, `${at}.resourceFieldRef`, true)
      : []),
    ...when(!fieldRef && !resourceFieldRef, () =>
      required(at, 'one of fieldRef and resourceFieldRef is required'),
    ),
    ...modeFaults(`${at}.mode`, mode),
  ])
}

/** Faults of a volume that several sources are projected into. */
export function validateProjected({ sources = [], defaultMode }: ProjectedVolumeSource, at: string): Faults {
  const taken = new Set<string>()
  return [
    ...modeFaults(`${at}.defaultMode`, defaultMode),
    ...sources.flatMap((source, index) =>
      validateProjection(source, `${at}.sources[${index}]`, { at, taken }),
    ),
  ]
}

interface Volume {
  /** path of the volume, where upstream reports what concerns its files */
  readonly at: string
  /** paths of files that are taken */
  readonly taken: Set<string>
}

function validateProjection(source: VolumeProjection, at: string, volume: Volume): Faults {
  const { secret, configMap, downwardAPI, serviceAccountToken } = source
  const given = Object.values(source).filter((each) => each !== undefined)
  return [
    ...(secret ? validateKeys(secret, `${at}.secret`, volume) : []),
    ...(configMap ? validateKeys(configMap, `${at}.configMap`, volume) : []),
    ...(downwardAPI
      ? (downwardAPI.items ?? []).flatMap((file) => [
          ...validateDownwardFiles([file], `${at}.downwardAPI`),
          ...conflictFaults(file.path, file.path, volume),
        ])
      : []),
    ...(serviceAccountToken ? validateToken(serviceAccountToken, `${at}.serviceAccountToken`, volume) : []),
    ...when(given.length > 1, () => forbiddenField(at, 'may not specify more than 1 volume type per source')),
  ]
}

interface Keys {
  readonly name?: string | undefined
  readonly items?: readonly KeyToPath[] | undefined
}

function validateKeys({ name = '', items = [] }: Keys, at: string, volume: Volume): Faults {
  return [
    ...when(!name, () => required(`${at}.name`)),
    ...items.flatMap((item, index) => [
      ...validateKeyFiles([item], `${at}.items`).map((fault) => ({
        ...fault,
        field: fault.field.replace(`${at}.items[0]`, `${at}.items[${index}]`),
      })),
      ...conflictFaults(item.path, name, volume),
    ]),
  ]
}

function conflictFaults(path: string, shown: string, { at, taken }: Volume): Faults {
  if (!path) return []
  const isTaken = taken.has(path)
  taken.add(path)
  return when(isTaken, () => invalidValue(at, shown, 'conflicting duplicate paths'))
}

const MIN_TOKEN_SECONDS = 600
const MAX_TOKEN_SECONDS = 2 ** 32

function validateToken(
  { expirationSeconds: seconds = 3600, path }: ServiceAccountTokenProjection,
  at: string,
  volume: Volume,
): Faults {
  const field = `${at}.expirationSeconds`
  return [
    ...when(seconds < MIN_TOKEN_SECONDS, () =>
      invalidValue(field, seconds, 'may not specify a duration less than 10 minutes'),
    ),
    ...when(seconds > MAX_TOKEN_SECONDS, () =>
      invalidValue(field, seconds, 'may not specify a duration larger than 2^32 seconds'),
    ),
    ...(path ? filePathFaults(`${volume.at}.path`, path) : [required(`${volume.at}.path`)]),
  ]
}
