/** Defaults of volumes (kubernetes/kubernetes pkg/apis/core/v1/defaults.go). Pure and idempotent. */

import type {
  DownwardAPIVolumeFile,
  EphemeralVolumeSource,
  ProjectedVolumeSource,
  Volume,
  VolumeProjection,
} from '../generated/core-v1.ts'

const DEFAULT_MODE = 0o644
const TOKEN_SECONDS = 3600

/** A volume without a source is an empty directory. */
export function defaultVolume(volume: Volume): Volume {
  const { name: _name, ...sources } = volume
  if (Object.values(sources).every((source) => source === undefined)) return { ...volume, emptyDir: {} }
  const { secret, configMap, downwardAPI, projected, hostPath, ephemeral } = volume
  return {
    ...volume,
    ...(secret ? { secret: withMode(secret) } : {}),
    ...(configMap ? { configMap: withMode(configMap) } : {}),
    ...(downwardAPI ? { downwardAPI: withMode({ ...downwardAPI, ...defaultFiles(downwardAPI.items) }) } : {}),
    ...(projected ? { projected: withMode(defaultProjected(projected)) } : {}),
    ...(ephemeral ? { ephemeral: defaultEphemeral(ephemeral) } : {}),
    ...(hostPath ? { hostPath: { ...hostPath, type: hostPath.type ?? '' } } : {}),
  }
}

/** The claim that is made for it has the defaults of claims. */
function defaultEphemeral({ volumeClaimTemplate: template }: EphemeralVolumeSource): EphemeralVolumeSource {
  if (!template) return {}
  const { spec } = template
  const volumeMode = spec.volumeMode ?? 'Filesystem'
  return { volumeClaimTemplate: { ...template, spec: { ...spec, volumeMode } } }
}

function withMode<T extends { readonly defaultMode?: number | undefined }>(source: T): T {
  return { ...source, defaultMode: source.defaultMode ?? DEFAULT_MODE }
}

function defaultProjected(projected: ProjectedVolumeSource): ProjectedVolumeSource {
  return projected.sources ? { ...projected, sources: projected.sources.map(defaultProjection) } : projected
}

function defaultProjection(projection: VolumeProjection): VolumeProjection {
  const { serviceAccountToken: token, downwardAPI } = projection
  return {
    ...projection,
    ...(token
      ? {
          serviceAccountToken: {
            ...token,
            expirationSeconds: token.expirationSeconds ?? TOKEN_SECONDS,
          },
        }
      : {}),
    ...(downwardAPI ? { downwardAPI: { ...downwardAPI, ...defaultFiles(downwardAPI.items) } } : {}),
  }
}

function defaultFiles(items: readonly DownwardAPIVolumeFile[] | undefined): {
  readonly items?: readonly DownwardAPIVolumeFile[]
} {
  if (!items) return {}
  return {
    items: items.map((item) => {
      const { fieldRef } = item
      return fieldRef ? { ...item, fieldRef: { ...fieldRef, apiVersion: fieldRef.apiVersion ?? 'v1' } } : item
    }),
  }
}
