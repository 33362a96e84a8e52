/**
 * Addresses for Services of type LoadBalancer, from a pool. Pure: the free address is computed from all Services, so
 * nothing else needs to be remembered. spec.loadBalancerIP is honoured when it is free and in the pool.
 */

import type { Service } from '../api/generated/core-v1.ts'
import { objectKey } from '../api/object.ts'
import { SERVICES } from '../api/scheme.ts'
import { parseCidr } from '../net/cidr.ts'
import { parseIPv4, printIPv4 } from '../net/ip.ts'
import type { Controller, Plan, PlannedWrite } from './controller.ts'
import { NOTHING } from './controller.ts'

export interface LoadBalancerSnapshot {
  readonly services: readonly Service[]
}

/** All Services share one key: two of them must never be given the same address. */
const POOL = 'pool'

/** @param poolCIDR IPv4; its first and last address are not given */
export function loadBalancerController(poolCIDR: string): Controller<LoadBalancerSnapshot> {
  return {
    name: 'service-controller',
    watches: [SERVICES],
    keysFor: (object) => (isBalanced(object as Service) || addressOf(object as Service) ? [POOL] : []),
    snapshot: (_key, cache) => ({ services: cache.of(SERVICES).list() }),
    plan: (snapshot) => plan(snapshot, poolCIDR),
  }
}

const isBalanced = ({ spec, metadata }: Service): boolean =>
  spec.type === 'LoadBalancer' && !spec.loadBalancerClass && metadata.deletionTimestamp === undefined

const addressOf = (service: Service): string | undefined => service.status?.loadBalancer?.ingress?.[0]?.ip

function plan({ services }: LoadBalancerSnapshot, poolCIDR: string): Plan {
  const pool = parseCidr(poolCIDR)
  if (pool?.family !== 'IPv4') return NOTHING
  const bounds = { first: Number(pool.first) + 1, last: Number(pool.last) - 1 }
  const taken = new Set(services.filter(isBalanced).flatMap((service) => addressOf(service) ?? []))
  const writes = services.flatMap((service): readonly PlannedWrite[] => {
    if (!isBalanced(service))
      return addressOf(service) && service.spec.type !== 'LoadBalancer' ? [withdrawal(service)] : []
    if (addressOf(service)) return []
    const address = freeAddress(service.spec.loadBalancerIP, bounds, taken)
    if (address === undefined) return []
    taken.add(address)
    return [assignment(service, address)]
  })
  return { writes }
}

function freeAddress(
  asked: string | undefined,
  { first, last }: { readonly first: number; readonly last: number },
  taken: ReadonlySet<string>,
): string | undefined {
  const wanted = asked === undefined ? undefined : parseIPv4(asked)
  if (asked && wanted !== undefined && wanted >= first && wanted <= last && !taken.has(asked)) return asked
  for (let value = first; value <= last; value += 1) if (!taken.has(printIPv4(value))) return printIPv4(value)
  return undefined
}

function assignment(service: Service, ip: string): PlannedWrite {
  const object: Service = {
    ...service,
    status: { ...service.status, loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } },
  }
  const message = `Assigned address ${ip} to ${objectKey(service.metadata)}`
  return {
    write: { kind: 'updateStatus', resource: SERVICES, object },
    onSuccess: { about: service, type: 'Normal', reason: 'EnsuredLoadBalancer', message },
  }
}

function withdrawal(service: Service): PlannedWrite {
  const object: Service = { ...service, status: { ...service.status, loadBalancer: {} } }
  return {
    write: { kind: 'updateStatus', resource: SERVICES, object },
    onSuccess: {
      about: service,
      type: 'Normal',
      reason: 'DeletedLoadBalancer',
      message: 'Deleted load balancer',
    },
  }
}
