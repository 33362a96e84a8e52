/**
 * What the server serves, as discovery documents: plain (/api, /apis, /apis/G, /apis/G/V) and aggregated
 * (APIGroupDiscoveryList v2 and v2beta1). Pure, from the scheme and what extension API servers serve.
 *
 * kubernetes/apiserver pkg/endpoints/discovery; kubernetes/kube-aggregator pkg/apiserver/handler_apis.go; KEP-3352 for
 * the aggregated form.
 */

import { createHash } from 'node:crypto'
import type { DiscoveryPriority } from '../../api/group-priority.ts'
import {
  AGGREGATOR_GROUP,
  AGGREGATOR_PRIORITY,
  CUSTOM_PRIORITY,
  builtInPriority,
} from '../../api/group-priority.ts'
import { compareVersions } from '../../api/custom-resource.ts'
import type { ResourceInfo, Subresource } from '../../api/resource.ts'
import { apiVersionOf } from '../../api/resource.ts'
import { isBuiltIn, isStored } from '../../api/scheme.ts'
import type { RemoteVersion } from '../aggregation/remotes.ts'
import type { AggregatedVersion } from '../requests/negotiate.ts'

type Document = Readonly<Record<string, unknown>>

/** One version of a group. */
export interface DiscoveredVersion {
  readonly group: string
  readonly version: string
  readonly priority: DiscoveryPriority
  readonly resources: readonly ResourceInfo[]
  /** false: it is another server's, which does not answer now */
  readonly isCurrent: boolean
}

/** @returns all versions of all groups, in the order of discovery documents */
export function discoveredVersions(
  scheme: readonly ResourceInfo[],
  remotes: readonly RemoteVersion[],
): readonly DiscoveredVersion[] {
  const found = new Map<string, DiscoveredVersion & { readonly resources: ResourceInfo[] }>()
  for (const row of scheme) {
    const { group, version } = row
    const key = `${group}/${version}`
    const known = found.get(key)
    if (known !== undefined) known.resources.push(row)
    else found.set(key, { group, version, priority: priorityOf(row), resources: [row], isCurrent: true })
  }
  const local = [...found.values()].filter(
    ({ group, version }) => !remotes.some((each) => each.group === group && each.version === version),
  )
  return inOrder([...local.map(withSortedResources), ...remotes])
}

/** Those of Kubernetes itself are told of by their names; others as they are defined. */
function withSortedResources(one: DiscoveredVersion): DiscoveredVersion {
  const isOwn = one.resources.every((row) => isBuiltIn(row))
  const byName = (a: ResourceInfo, b: ResourceInfo): number => (a.resource < b.resource ? -1 : 1)
  return isOwn ? { ...one, resources: one.resources.toSorted(byName) } : one
}

const priorityOf = (row: ResourceInfo): DiscoveryPriority =>
  row.group === AGGREGATOR_GROUP ? AGGREGATOR_PRIORITY : (builtInPriority(row) ?? CUSTOM_PRIORITY)

/** Groups by the highest priority one of their versions gives them, then by name; versions as they are numbered. */
function inOrder(versions: readonly DiscoveredVersion[]): readonly DiscoveredVersion[] {
  const priorities = new Map<string, number>()
  for (const { group, priority } of versions) {
    priorities.set(group, Math.max(priority.group, priorities.get(group) ?? 0))
  }
  const of = (group: string): number => priorities.get(group) ?? 0
  return versions.toSorted(
    (a, b) =>
      of(b.group) - of(a.group) ||
      (a.group === b.group ? 0 : a.group < b.group ? -1 : 1) ||
      b.priority.version - a.priority.version ||
      compareVersions(a.version, b.version),
  )
}

/** Groups other than core, each with its versions, preferred first. */
function groupsOf(versions: readonly DiscoveredVersion[]): ReadonlyMap<string, readonly DiscoveredVersion[]> {
  return Map.groupBy(
    versions.filter(({ group }) => group !== ''),
    ({ group }) => group,
  )
}

/** /api */
export function apiVersions(versions: readonly DiscoveredVersion[], serverAddress: string): Document {
  return {
    kind: 'APIVersions',
    versions: versions.filter(({ group }) => group === '').map(({ version }) => version),
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  }
}

/** /apis */
export function apiGroupList(versions: readonly DiscoveredVersion[]): Document {
  const groups = [...groupsOf(versions)].map(([name, own]) => groupBody(name, own))
  return { kind: 'APIGroupList', apiVersion: 'v1', groups }
}

/** /apis/G; undefined when the group is not served */
export function apiGroup(versions: readonly DiscoveredVersion[], group: string): Document | undefined {
  const own = groupsOf(versions).get(group)
  return own && { kind: 'APIGroup', apiVersion: 'v1', ...groupBody(group, own) }
}

function groupBody(name: string, own: readonly DiscoveredVersion[]): Document {
  const versions = own.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions, preferredVersion: versions[0] }
}

/** /api/V and /apis/G/V; undefined when the version is not served */
export function apiResourceList(
  versions: readonly DiscoveredVersion[],
  group: string,
  version: string,
): Document | undefined {
  const found = versions.find((each) => each.group === group && each.version === version)
  if (found === undefined) return undefined
  return {
    kind: 'APIResourceList',
    // The oldest of all documents says no version.
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: found.resources.flatMap((row) => [
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
    ...(isStored(row) ? { storageVersionHash: storageVersionHash(row) } : {}),
  }
}

/** Another one means that objects are kept in another version (kubernetes/apiserver pkg/endpoints/discovery/storageversionhash.go). */
function storageVersionHash(row: ResourceInfo): string {
  const version = row.storageVersion ?? apiVersionOf(row)
  const qualified = version.includes('/') ? version : `/${version}`
  return createHash('sha256').update(`${qualified}/${row.kind}`).digest().subarray(0, 8).toString('base64')
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
  versions: readonly DiscoveredVersion[],
  part: 'core' | 'named',
  version: AggregatedVersion,
): Document {
  const wanted = versions.filter(({ group }) => (group === '') === (part === 'core'))
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: [...Map.groupBy(wanted, ({ group }) => group)].map(([group, own]) => ({
      metadata: group === '' ? {} : { name: group },
      versions: own.map((each) => ({
        version: each.version,
        resources: each.resources.map(aggregatedResource),
        freshness: each.isCurrent ? 'Current' : 'Stale',
      })),
    })),
  }
}

function aggregatedResource(row: ResourceInfo): Document {
  return {
    resource: row.resource,
    responseKind: responseKind(row, row),
    scope: row.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: row.singular,
    verbs: row.verbs,
    ...(row.shortNames.length > 0 ? { shortNames: row.shortNames } : {}),
    ...(row.categories.length > 0 ? { categories: row.categories } : {}),
    ...(row.subresources.length > 0
      ? {
          subresources: row.subresources.map((sub) => ({
            subresource: sub.name,
            responseKind: responseKind(row, sub),
            verbs: sub.verbs,
          })),
        }
      : {}),
  }
}

/** What is of the resource's own group and version is said to be of none, unless it is a custom resource's. */
function responseKind(row: ResourceInfo, { group, version, kind }: Subresource | ResourceInfo): Document {
  const own = isBuiltIn(row) ? { group: '', version: '' } : row
  const isOther = (group ?? row.group) !== row.group || (version ?? row.version) !== row.version
  const of = isOther ? { group: group ?? row.group, version: version ?? row.version } : own
  return { group: of.group, version: of.version, kind }
}
