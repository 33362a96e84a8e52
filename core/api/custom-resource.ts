/**
 * What a CustomResourceDefinition makes the server serve: a row of the scheme for each served version. Pure.
 * kubernetes/apiextensions-apiserver pkg/apiserver/customresource_handler.go, pkg/controller/status.
 */

import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from './generated/apiextensions-v1.ts'
import type { ResourceInfo, Subresource } from './resource.ts'
import { VERBS } from './resource.ts'

export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io'

export const hasCondition = ({ status }: CustomResourceDefinition, type: string): boolean =>
  status?.conditions?.some((each) => each.type === type && each.status === 'True') ?? false

/** @returns a row per served version, the preferred one first; none before it is established */
export function servedRows(crd: CustomResourceDefinition): readonly ResourceInfo[] {
  if (!hasCondition(crd, 'Established')) return []
  return (crd.spec.versions ?? [])
    .filter(({ served }) => served)
    .toSorted((a, b) => compareVersions(a.name, b.name))
    .map((version) => rowOf(crd, version))
}

/** @returns the row of one version */
export function rowOf(crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion): ResourceInfo {
  const { group, scope } = crd.spec
  const { plural, singular, kind, shortNames, categories } = crd.status?.acceptedNames ?? crd.spec.names
  const isEnding = crd.metadata.deletionTimestamp !== undefined
  return Object.freeze({
    group,
    version: version.name,
    resource: plural,
    singular: singular || kind.toLowerCase(),
    kind,
    namespaced: scope === 'Namespaced',
    shortNames: shortNames ?? [],
    categories: categories ?? [],
    // Nothing new while what there is goes.
    verbs: isEnding ? VERBS.filter((verb) => verb !== 'create') : VERBS,
    subresources: subresourcesOf(kind, version),
    storageVersion: `${group}/${storageVersion(crd)?.name ?? version.name}`,
  })
}

function subresourcesOf(
  kind: string,
  { subresources }: CustomResourceDefinitionVersion,
): readonly Subresource[] {
  const verbs = ['get', 'patch', 'update']
  return [
    ...(subresources?.status ? [{ name: 'status', kind, verbs }] : []),
    ...(subresources?.scale
      ? [{ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs }]
      : []),
  ]
}

/** @returns the version objects are stored in */
export function storageVersion(crd: CustomResourceDefinition): CustomResourceDefinitionVersion | undefined {
  return crd.spec.versions?.find(({ storage }) => storage)
}

/**
 * Kubernetes' order of versions, the most stable and newest first: v2 > v1 > v1beta2 > v1beta1 > v1alpha1 > others.
 * kubernetes/apimachinery pkg/version/helpers.go.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [stability(a), stability(b)]
  if (left === undefined || right === undefined) {
    return left === right ? (a < b ? -1 : 1) : left === undefined ? 1 : -1
  }
  for (const [index, value] of left.entries()) {
    const other = right[index] ?? 0
    if (value !== other) return other - value
  }
  return 0
}

/** Stability, major, minor; undefined for names of another form. */
function stability(name: string): readonly number[] | undefined {
  const [match, major, level, minor] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(name) ?? []
  if (match === undefined) return undefined
  return [level === undefined ? 2 : level === 'beta' ? 1 : 0, Number(major), Number(minor ?? 0)]
}
