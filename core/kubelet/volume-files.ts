/**
 * What is in a pod's volumes: files from ConfigMaps, Secrets and the pod itself, empty folders, folders of the host.
 * Pure; ./volumes.io.ts writes it down.
 */

import type {
  ConfigMap,
  KeyToPath,
  Pod,
  Secret,
  ServiceAccountTokenProjection,
  Volume,
  VolumeProjection,
} from '../api/generated/core-v1.ts'
import { fieldValue } from './env.ts'

export interface VolumeFile {
  /** relative to the volume */
  readonly path: string
  readonly content: Uint8Array
  readonly mode: number
}

export type VolumeContent =
  | { readonly kind: 'files'; readonly files: readonly VolumeFile[] }
  | { readonly kind: 'empty' }
  | { readonly kind: 'host'; readonly path: string; readonly type: string }
  /** the pod waits: `configmap "x" not found` */
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'unsupported'; readonly message: string }

export interface VolumeSources {
  readonly configMap: (name: string) => ConfigMap | undefined
  readonly secret: (name: string) => Secret | undefined
  /** undefined: not issued yet */
  readonly token: (source: ServiceAccountTokenProjection) => string | undefined
  readonly podIP: string
  readonly hostIP: string
}

const DEFAULT_MODE = 0o644

export function volumeContent(volume: Volume, pod: Pod, sources: VolumeSources): VolumeContent {
  if (volume.emptyDir) return { kind: 'empty' }
  if (volume.hostPath) return { kind: 'host', path: volume.hostPath.path, type: volume.hostPath.type ?? '' }
  if (volume.configMap) {
    const { name = '', items, optional, defaultMode } = volume.configMap
    return configMapFiles(sources.configMap(name), { name, items, optional, defaultMode })
  }
  if (volume.secret) {
    const { secretName: name = '', items, optional, defaultMode } = volume.secret
    return secretFiles(sources.secret(name), { name, items, optional, defaultMode })
  }
  if (volume.downwardAPI) return downwardFiles(volume.downwardAPI, pod, sources)
  if (volume.projected) return projectedFiles(volume.projected, pod, sources)
  const source = Object.keys(volume).find((key) => key !== 'name') ?? 'volume'
  return { kind: 'unsupported', message: `volumes of type ${source} are not supported` }
}

interface Projection {
  readonly name: string
  readonly items?: readonly KeyToPath[] | undefined
  readonly optional?: boolean | undefined
  readonly defaultMode?: number | undefined
}

function configMapFiles(source: ConfigMap | undefined, wanted: Projection): VolumeContent {
  const text = Object.entries(source?.data ?? {}).map(([key, value]) => [key, Buffer.from(value)] as const)
  const binary = Object.entries(source?.binaryData ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, 'base64')] as const,
  )
  return projected('configmap', source && new Map([...text, ...binary]), wanted)
}

function secretFiles(source: Secret | undefined, wanted: Projection): VolumeContent {
  const entries = Object.entries(source?.data ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, 'base64')] as const,
  )
  return projected('secret', source && new Map(entries), wanted)
}

function projected(
  kind: 'configmap' | 'secret',
  data: ReadonlyMap<string, Uint8Array> | undefined,
  wanted: Projection,
): VolumeContent {
  const { name, items, optional, defaultMode = DEFAULT_MODE } = wanted
  if (data === undefined)
    return optional
      ? { kind: 'files', files: [] }
      : { kind: 'missing', message: `${kind} "${name}" not found` }
  if (!items || items.length === 0) {
    return {
      kind: 'files',
      files: [...data].map(([path, content]) => ({ path, content, mode: defaultMode })),
    }
  }
  const absent = items.find(({ key }) => !data.has(key))
  if (absent && !optional) return { kind: 'missing', message: absentKey(kind, absent.key) }
  return {
    kind: 'files',
    files: items.flatMap(({ key, path, mode }) => {
      const content = data.get(key)
      return content === undefined ? [] : [{ path, content, mode: mode ?? defaultMode }]
    }),
  }
}

/** Upstream's texts differ by kind: pkg/volume/configmap/configmap.go, pkg/volume/secret/secret.go. */
function absentKey(kind: 'configmap' | 'secret', key: string): string {
  return kind === 'configmap'
    ? `configmap references non-existent config key: ${key}`
    : `references non-existent secret key: ${key}`
}

function downwardFiles(
  source: NonNullable<Volume['downwardAPI']>,
  pod: Pod,
  sources: VolumeSources,
): VolumeContent {
  const files = (source.items ?? []).map(({ path, fieldRef, mode }) => ({
    path,
    content: Buffer.from(fieldValue(fieldRef?.fieldPath ?? '', pod, sources)),
    mode: mode ?? source.defaultMode ?? DEFAULT_MODE,
  }))
  return { kind: 'files', files }
}

/** The first source that is missing decides. */
function projectedFiles(
  source: NonNullable<Volume['projected']>,
  pod: Pod,
  sources: VolumeSources,
): VolumeContent {
  const files: VolumeFile[] = []
  for (const projection of source.sources ?? []) {
    const part = projectionFiles(projection, source.defaultMode, pod, sources)
    if (part.kind !== 'files') return part
    files.push(...part.files)
  }
  return { kind: 'files', files }
}

function projectionFiles(
  { configMap, secret, downwardAPI, serviceAccountToken }: VolumeProjection,
  defaultMode: number | undefined,
  pod: Pod,
  sources: VolumeSources,
): VolumeContent {
  if (configMap) {
    const { name = '' } = configMap
    return configMapFiles(sources.configMap(name), { ...configMap, name, defaultMode })
  }
  if (secret) {
    const { name = '' } = secret
    return secretFiles(sources.secret(name), { ...secret, name, defaultMode })
  }
  if (downwardAPI) return downwardFiles({ ...downwardAPI, defaultMode }, pod, sources)
  if (serviceAccountToken) return tokenFile(serviceAccountToken, defaultMode, sources)
  return { kind: 'files', files: [] }
}

function tokenFile(
  source: ServiceAccountTokenProjection,
  mode: number = DEFAULT_MODE,
  sources: VolumeSources,
): VolumeContent {
  const token = sources.token(source)
  if (token === undefined) return { kind: 'missing', message: 'the service account token is not issued yet' }
  return { kind: 'files', files: [{ path: source.path, content: Buffer.from(token), mode }] }
}
