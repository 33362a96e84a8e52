/**
 * What the server serves, as discovery documents: plain (/api, /apis, /apis/G, /apis/G/V) and aggregated
 * (APIGroupDiscoveryList v2 and v2beta1). Pure, from the scheme alone.
 *
 * kubernetes/apiserver pkg/endpoints/discovery; KEP-3352 for the aggregated form.
 */

import type { ResourceInfo, Subresource } from '../api/resource.ts'
import { apiVersionOf } from '../api/resource.ts'
import type { AggregatedVersion } from './negotiate.ts'

type Document = Readonly<Record<string, unknown>>

/** Groups other than core, in the scheme's order, each with its versions, preferred first. */
export function groupsOf(scheme: readonly ResourceInfo[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const { group, version } of scheme) {
    const versions = groups.get(group) ?? []
    if (!versions.includes(version)) versions.push(version)
    groups.set(group, versions)
  }
  return groups
}

/** /api */
export function apiVersions(scheme: readonly ResourceInfo[], serverAddress: string): Document {
  return {
    kind: 'APIVersions',
    versions: groupsOf(scheme).get('') ?? [],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  }
}

/** /apis */
export function apiGroupList(scheme: readonly ResourceInfo[]): Document {
  const names = [...groupsOf(scheme).keys()].filter((group) => group !== '')
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: names.map((name) => groupBody(scheme, name)) }
}

/** /apis/G; undefined when the group is not served */
export function apiGroup(scheme: readonly ResourceInfo[], group: string): Document | undefined {
  if (group === '' || !groupsOf(scheme).has(group)) return undefined
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupBody(scheme, group) }
}

function groupBody(scheme: readonly ResourceInfo[], name: string): Document {
  const versions = (groupsOf(scheme).get(name) ?? []).map((version) => ({
    groupVersion: `${name}/${version}`,
    version,
  }))
  return { name, versions, preferredVersion: versions[0] }
}

/** /api/V and /apis/G/V; undefined when the version is not served */
export function apiResourceList(
  scheme: readonly ResourceInfo[],
  group: string,
  version: string,
): Document | undefined {
  const rows = scheme.filter((row) => row.group === group && row.version === version)
  if (rows.length === 0) return undefined
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: rows.flatMap((row) => [
      resourceEntry(row),
      ...row.subresources.map((sub) => subEntry(row, sub)),
    ]),
  }
}

function resourceEntry(row: ResourceInfo): Document {
  return {
    name: row.resource,
    singularName: row.singular,
    namespaced: row.namespaced,
    kind: row.kind,
    verbs: row.verbs,
    ...(row.shortNames.length > 0 ? { shortNames: row.shortNames } : {}),
    ...(row.categories.length > 0 ? { categories: row.categories } : {}),
  }
}

function subEntry(row: ResourceInfo, sub: Subresource): Document {
  return {
    name: `${row.resource}/${sub.name}`,
    singularName: '',
    namespaced: row.namespaced,
    ...(sub.group === undefined ? {} : { group: sub.group, version: sub.version }),
    kind: sub.kind,
    verbs: sub.verbs,
  }
}

/** /api (`core`) and /apis (`named`) for clients that want all in one answer */
export function aggregatedDiscoveryList(
  scheme: readonly ResourceInfo[],
  part: 'core' | 'named',
  version: AggregatedVersion,
): Document {
  const groups = [...groupsOf(scheme)].filter(([group]) => (group === '') === (part === 'core'))
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(([group, versions]) => ({
      metadata: { name: group === '' ? undefined : group, creationTimestamp: null },
      versions: versions.map((each) => ({
        version: each,
        resources: scheme
          .filter((row) => row.group === group && row.version === each)
          .map(aggregatedResource),
        freshness: 'Current',
      })),
    })),
  }
}

function aggregatedResource(row: ResourceInfo): Document {
  return {
    resource: row.resource,
    responseKind: responseKind(row.group, row.version, row.kind),
    scope: row.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: row.singular,
    verbs: row.verbs,
    ...(row.shortNames.length > 0 ? { shortNames: row.shortNames } : {}),
    ...(row.categories.length > 0 ? { categories: row.categories } : {}),
    ...(row.subresources.length > 0
      ? {
          subresources: row.subresources.map((sub) => ({
            subresource: sub.name,
            responseKind: responseKind(sub.group ?? row.group, sub.version ?? row.version, sub.kind),
            verbs: sub.verbs,
          })),
        }
      : {}),
  }
}

/** Aggregated discovery leaves group and version out where they are the resource's own. */
function responseKind(group: string, version: string, kind: string): Document {
  return { group, version, kind }
}

/** `/apis/apps/v1` -> apps, v1; the paths under which a group-version is listed */
export function groupVersionPath(row: ResourceInfo): string {
  return `${row.group === '' ? '/api' : '/apis'}/${apiVersionOf(row)}`
}
