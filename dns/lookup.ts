/**
 * Which addresses or names a name in a zone stands for: the cluster's naming scheme, before any record type. Pure.
 *
 * Schema: kubernetes/dns docs/specification.md 1.1.0. Decides as coredns/coredns plugin/kubernetes does (parse.go,
 * kubernetes.go), bug for bug. Everything is compared in lower case.
 */

import { canonicalIp, familyOf } from '../core/net/ip.ts'
import type { IpFamily } from '../core/net/ip.ts'
import type { Name } from './names.ts'
import { lowerName, parseName } from './names.ts'
import type { PortRecord, Records, ServiceRecord } from './records.ts'

export const POD_MODES = ['disabled', 'insecure', 'verified'] as const
/**
 * What `1-2-3-4.NAMESPACE.pod.ZONE` is: nothing, whatever address it spells (kubeadm's choice), or only the address
 * of a pod that is there.
 */
export type PodMode = (typeof POD_MODES)[number]

export interface AddressItem {
  readonly kind: 'address'
  readonly address: string
  readonly family: IpFamily
  /** or NO_PORT */
  readonly port: number
  /** the name that this address has by itself, as SRV targets need it */
  readonly owner: Name
}

/** An ExternalName Service. */
export interface AliasItem {
  readonly kind: 'alias'
  readonly target: Name
}

export type Item = AddressItem | AliasItem

/** undefined: the name does not exist. Empty: it exists and stands for nothing. */
export type Lookup = readonly Item[] | undefined

export interface LookupContext {
  readonly records: Records
  readonly podMode: PodMode
  /** letter case as asked: it comes back in owners */
  readonly zone: Name
}

interface ObjectPath {
  readonly kind: 'svc' | 'pod'
  readonly namespace: string
  readonly service: string
  /** '' where not given, as the following; an empty one matches everything */
  readonly endpoint: string
  readonly port: string
  readonly protocol: string
}

/** @param labels of the name, left of the zone */
export function lookup(labels: Name, context: LookupContext): Lookup {
  const path = parsePath(lowerName(labels))
  if (path === undefined || path === 'empty') return path && []
  if (isReverseZone(context.zone)) return undefined
  const { records } = context
  const isDisabled = path.kind === 'pod' && context.podMode === 'disabled'
  if (isDisabled || !records.hasNamespace(path.namespace)) return undefined
  if (path.service === '') return []
  return path.kind === 'pod' ? podItems(path, context) : serviceItems(path, context)
}

export function isReverseZone(zone: Name): boolean {
  return /^(in-addr|ip6)\.arpa$/i.test(zone.slice(-2).join('.'))
}

/** @returns 'empty' for a level of the tree without an object; undefined for what is no name of ours */
function parsePath(labels: Name): ObjectPath | 'empty' | undefined {
  const [kind, namespace, service = '', ...left] = labels.toReversed()
  if (kind === undefined) return 'empty'
  if (kind !== 'svc' && kind !== 'pod') return undefined
  if (namespace === undefined) return 'empty'
  if (left.length > 2) return undefined
  const [first = '', second] = left
  const object = { kind, namespace, service, endpoint: '', port: '', protocol: '' } as const
  return second === undefined
    ? { ...object, endpoint: first }
    : { ...object, port: withoutUnderscore(second), protocol: withoutUnderscore(first) }
}

const withoutUnderscore = (label: string): string => (label.startsWith('_') ? label.slice(1) : label)

function serviceItems(path: ObjectPath, context: LookupContext): Lookup {
  const service = context.records.service(path.namespace, path.service)
  if (service === undefined) return undefined
  const items = itemsOf(service, path, context)
  return items.length > 0 ? items : undefined
}

function itemsOf(service: ServiceRecord, path: ObjectPath, context: LookupContext): readonly Item[] {
  if (service.kind === 'external-name') return aliasItems(service, path)
  if (service.kind === 'headless' || path.endpoint !== '') return endpointItems(path, context)
  const owner = serviceName(service, context.zone)
  return service.ports
    .filter((port) => matchesPort(path, port))
    .flatMap(({ number: port }) =>
      service.addresses.map(({ address, family }): AddressItem => ({
        kind: 'address',
        address,
        family,
        port,
        owner,
      })),
    )
}

/** An address is no name: such a Service does not exist in DNS. */
function aliasItems(service: ServiceRecord, path: ObjectPath): readonly Item[] {
  if (path.endpoint !== '' || path.port !== '' || path.protocol !== '') return []
  const target = canonicalIp(service.externalName) ? undefined : parseName(service.externalName)
  return target === undefined ? [] : [{ kind: 'alias', target }]
}

function endpointItems(path: ObjectPath, { records, zone }: LookupContext): readonly AddressItem[] {
  const below = serviceName({ namespace: path.namespace, name: path.service }, zone)
  return records.slicesOf(path.namespace, path.service).flatMap(({ endpoints, ports }) =>
    endpoints
      .filter(({ label }) => path.endpoint === '' || label.toLowerCase() === path.endpoint)
      .flatMap(({ address, family, label }) => {
        const owner = [label, ...below]
        return ports
          .filter((port) => matchesPort(path, port))
          .map(({ number: port }): AddressItem => ({
            kind: 'address',
            address,
            family,
            port,
            owner,
          }))
      }),
  )
}

function matchesPort(path: ObjectPath, { name, protocol }: PortRecord): boolean {
  return (path.port === '' || path.port === name) && (path.protocol === '' || path.protocol === protocol)
}

/** `SERVICE.NAMESPACE.svc.ZONE` */
export function serviceName(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  zone: Name,
): Name {
  return [name, namespace, 'svc', ...zone]
}

/** Labels further left are not looked at. */
function podItems({ namespace, service: label }: ObjectPath, context: LookupContext): Lookup {
  const isIPv4 = label.split('-').length === 4 && !label.includes('--')
  const spelled = label.replaceAll('-', isIPv4 ? '.' : ':')
  const address = canonicalIp(spelled)
  const family = address && familyOf(address)
  if (!address || !family) return undefined
  const { podMode, records, zone } = context
  // A verified address must be spelled as the pod's status has it.
  if (podMode === 'verified' && !(spelled === address && records.hasPod(namespace, address))) return undefined
  return [{ kind: 'address', address, family, port: 0, owner: [label, namespace, 'pod', ...zone] }]
}
