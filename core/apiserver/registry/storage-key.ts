/**
 * Where objects are in the store, laid out as kube-apiserver does: `/registry/RESOURCE/NAMESPACE/NAME` for the built-in
 * kinds, with its historical exceptions; the group in between for custom resources and for the kinds that serve
 * extension (kubernetes/kubernetes pkg/kubeapiserver/default_storage_factory_builder.go, SpecialDefaultResourcePrefixes;
 * kubernetes/apiserver pkg/server/options/etcd.go, SimpleRestOptionsFactory). Pure.
 */

import type { ObjectName } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { SCHEME } from '../../api/scheme.ts'

type Stored = Pick<ResourceInfo, 'group' | 'resource'>

/** `GROUP/RESOURCE` -> folder, where it is not the resource's name */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  '/endpoints': 'services/endpoints',
  '/nodes': 'minions',
  '/replicationcontrollers': 'controllers',
  '/services': 'services/specs',
  'networking.k8s.io/ingresses': 'ingress',
}

/** Groups that servers inside kube-apiserver of their own keep, with the group in the key. */
const OWN_SERVERS = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io'])

const BUILT_IN_GROUPS: ReadonlySet<string> = new Set(SCHEME.map(({ group }) => group))

/** Prefix of all objects of the resource, or of those of one namespace. */
export function storagePrefix(resource: Stored, namespace?: string): string {
  const base = `/registry/${folderOf(resource)}/`
  return namespace === undefined || namespace === '' ? base : `${base}${namespace}/`
}

/** The key of one object. */
export function storageKey(resource: Stored, { namespace, name }: ObjectName): string {
  return storagePrefix(resource, namespace) + name
}

function folderOf({ group, resource }: Stored): string {
  const isPlain = BUILT_IN_GROUPS.has(group) && !OWN_SERVERS.has(group)
  return isPlain ? (EXCEPTIONS[`${group}/${resource}`] ?? resource) : `${group}/${resource}`
}

/** kube-apiserver's --event-ttl */
const EVENT_TTL_SECONDS = 3600

/** How long what is written at the key stays; undefined: until it is deleted. */
export function ttlSecondsAt(key: string): number | undefined {
  return key.startsWith('/registry/events/') ? EVENT_TTL_SECONDS : undefined
}
