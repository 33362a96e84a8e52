/**
 * Files of a volume that are in each other's way, and sources of volumes that bring none
 * (kubernetes/kubernetes pkg/api/pod/warnings.go warningsForOverlappingVirtualPaths). Pure.
 */

import type { PodSpec, Volume, VolumeProjection } from '../generated/core-v1.ts'

/** A path, and what puts a file there; '' where the volume has one source alone. */
interface Placed {
  readonly path: string
  readonly source: string
}

interface Items {
  readonly items?: readonly { readonly path?: string | undefined }[] | undefined
}

const quoted = (text: string | undefined): string => JSON.stringify(text ?? '')

/** @returns `volume "v" (ConfigMap "c"): overlapping paths: "a/b" with "a"`, in the order of volumes and files */
export function volumePathWarnings({ volumes = [] }: PodSpec): readonly string[] {
  return volumes.flatMap((volume) => [...ownWarnings(volume), ...projectedWarnings(volume)])
}

function ownWarnings({ name, configMap, secret, downwardAPI }: Volume): readonly string[] {
  const warned = (what: string, source: Items | undefined): readonly string[] =>
    overlaps(placed(source, '')).map((text) => overlapWarning(name, what, text))
  return [
    ...warned(`ConfigMap ${quoted(configMap?.name)}`, configMap),
    ...warned(`Secret ${quoted(secret?.secretName)}`, secret),
    ...warned('DownwardAPI', downwardAPI),
  ]
}

function projectedWarnings({ name, projected }: Volume): readonly string[] {
  const sources = projected?.sources ?? []
  return [
    ...sources
      .filter((source) => Object.keys(source).length === 0)
      .map(() => `volume ${quoted(name)} (Projected) has no sources provided`),
    ...overlaps(sources.flatMap(projectedPaths)).map((text) => overlapWarning(name, 'Projected', text)),
  ]
}

const overlapWarning = (volume: string, what: string, text: string): string =>
  `volume ${quoted(volume)} (${what}): overlapping paths: ${text}`

const placed = (source: Items | undefined, what: string): readonly Placed[] =>
  (source?.items ?? []).map(({ path = '' }) => ({ path, source: what }))

function projectedPaths(source: VolumeProjection): readonly Placed[] {
  const { configMap, secret, downwardAPI, serviceAccountToken: token } = source
  if (configMap?.items) return placed(configMap, `ConfigMap ${quoted(configMap.name)}`)
  if (secret?.items) return placed(secret, `Secret ${quoted(secret.name)}`)
  if (downwardAPI?.items) return placed(downwardAPI, 'DownwardAPI')
  return token ? [{ path: token.path ?? '', source: 'ServiceAccountToken' }] : []
}

/** One text for each pair, the later path first. */
function overlaps(paths: readonly Placed[]): readonly string[] {
  const trimmed = paths.map(({ path, source }) => ({ path: path.replace(/\/+$/, ''), source }))
  return trimmed.flatMap((later, index) =>
    trimmed
      .slice(0, index)
      .filter((earlier) => later.path !== '' && earlier.path !== '')
      .filter((earlier) => isWithin(later.path, earlier.path) || isWithin(earlier.path, later.path))
      .map((earlier) => `${shown(later)} with ${shown(earlier)}`),
  )
}

const isWithin = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}/`)

const shown = ({ path, source }: Placed): string =>
  source === '' ? quoted(path) : `${quoted(path)} (${source})`
