/**
 * IPAddress objects: each ClusterIP has one, written and removed together with its Service. Pure.
 * KEP-1880; kubernetes/kubernetes pkg/registry/core/service/ipallocator/ipallocator.go.
 */

import type { Service } from '../../api/generated/core-v1.ts'
import type { IPAddress } from '../../api/generated/networking-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { IP_ADDRESSES } from '../../api/scheme.ts'
import { timestamp } from '../../api/timestamp.ts'
import { familyOf } from '../../net/ip.ts'
import type { AlsoWritten } from '../registry/commit-object.ts'
import type { Environment } from '../registry/environment.ts'
import { storageKey } from '../registry/storage-key.ts'
import { HEADLESS } from './service-fields.ts'
import { isService } from './with-allocations.ts'

/** @returns what is to be written with a Service that changes from `before` to `after` (undefined: there is none) */
export function ipAddressWrites(
  env: Environment,
  resource: ResourceInfo,
  before: KubernetesObject | undefined,
  after: KubernetesObject | undefined,
): readonly AlsoWritten[] {
  if (!isService(resource)) return []
  const [old, fresh] = [addressesOf(before), addressesOf(after)]
  const added = fresh.filter((address) => !old.includes(address))
  const dropped = old.filter((address) => !fresh.includes(address))
  return [
    ...added.flatMap((address) => made(env, address, after as Service)),
    ...dropped.flatMap((address) => removed(env, address)),
  ]
}

const addressesOf = (object: KubernetesObject | undefined): readonly string[] =>
  ((object as Service | undefined)?.spec.clusterIPs ?? []).filter((address) => address !== HEADLESS)

function made(env: Environment, address: string, { metadata }: Service): readonly AlsoWritten[] {
  const key = storageKey(IP_ADDRESSES, { name: address })
  // One that a user made for this Service before stays his.
  if (env.store.get(key) !== undefined) return []
  const object: IPAddress = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: {
      name: address,
      uid: env.random.uuid(),
      creationTimestamp: timestamp(env.clock.now()),
      labels: {
        'ipaddress.kubernetes.io/ip-family': familyOf(address) ?? '',
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: {
      parentRef: { group: '', resource: 'services', namespace: metadata.namespace, name: metadata.name },
    },
  }
  return [{ key, modRevision: 0, object }]
}

function removed(env: Environment, address: string): readonly AlsoWritten[] {
  const key = storageKey(IP_ADDRESSES, { name: address })
  const stored = env.store.get(key)
  return stored === undefined ? [] : [{ key, modRevision: stored.modRevision, object: undefined }]
}
