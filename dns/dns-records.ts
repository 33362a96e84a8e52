/**
 * Keeps the record table equal to the cluster: watches Namespaces, Services, EndpointSlices and, where pod names are
 * verified, Pods. Several servers may share one table.
 *
 * A change is in the table before its informer's next one; there is no interval to wait for.
 */

import { ENDPOINT_SLICES, NAMESPACES, PODS, SERVICES } from '../core/api/scheme.ts'
import type { KubernetesObject } from '../core/api/object.ts'
import type { Informer, Informers } from '../core/client/informer.ts'
import type { Clock } from '../host/host.ts'
import { zoneConfig } from './answer.ts'
import type { ZoneConfig } from './answer.ts'
import type { PodMode } from './lookup.ts'
import { parseName } from './names.ts'
import type { Records } from './records.ts'
import { RecordTable } from './records.ts'

export interface DnsRecordsOptions {
  readonly informers: Informers
  readonly clock: Pick<Clock, 'now'>
  /** `cluster.local` */
  readonly clusterDomain: string
  /** default insecure, as kubeadm has it */
  readonly podMode?: PodMode | undefined
  /** seconds, default 5 */
  readonly ttl?: number | undefined
}

/** Disposing it ends the watching; the table stays as it is. */
export interface DnsRecords extends Disposable {
  readonly records: Records
  readonly config: ZoneConfig
}

/** @throws RangeError when the cluster domain is no domain name */
export function startDnsRecords(options: DnsRecordsOptions): DnsRecords {
  const { informers, clock, podMode = 'insecure', ttl = 5 } = options
  const domain = parseName(options.clusterDomain)
  if (domain === undefined) throw new RangeError(`not a domain: ${JSON.stringify(options.clusterDomain)}`)
  const table = new RecordTable()
  const now = (): number => Math.floor(clock.now() / 1000)
  const sources: Source[] = [
    watched(informers.of(NAMESPACES), {
      put: ({ metadata }) => table.putNamespace(metadata.name),
      drop: ({ metadata }) => table.deleteNamespace(metadata.name),
    }),
    watched(informers.of(SERVICES), {
      put: (service) => table.putService(service, now()),
      drop: (service) => table.deleteService(service, now()),
    }),
    watched(informers.of(ENDPOINT_SLICES), {
      put: (slice) => table.putSlice(slice, now()),
      drop: (slice) => table.deleteSlice(slice, now()),
    }),
  ]
  if (podMode === 'verified') {
    sources.push(
      watched(informers.of(PODS), {
        put: (pod) => table.putPod(pod, now()),
        drop: (pod) => table.deletePod(pod, now()),
      }),
    )
  }
  const records = whileSyncing(table, () => sources.every((source) => source.hasSynced()))
  return {
    records,
    config: zoneConfig(domain, { podMode, ttl }),
    [Symbol.dispose]() {
      for (const source of sources) source.stop()
    },
  }
}

interface Source {
  readonly hasSynced: () => boolean
  readonly stop: () => void
}

function watched<T extends KubernetesObject>(
  informer: Informer<T>,
  sink: { readonly put: (object: T) => void; readonly drop: (object: T) => void },
): Source {
  const stop = informer.onChange((change) => {
    if (change.kind === 'deleted') sink.drop(change.object)
    else sink.put(change.object)
  })
  return { hasSynced: () => informer.hasSynced, stop }
}

/** The table as servers see it; synced once every source has its first list. */
function whileSyncing(table: RecordTable, hasSynced: () => boolean): Records {
  return {
    service: (namespace, name) => table.service(namespace, name),
    slicesOf: (namespace, service) => table.slicesOf(namespace, service),
    serviceAt: (address) => table.serviceAt(address),
    slicesAt: (address) => table.slicesAt(address),
    hasNamespace: (name) => table.hasNamespace(name),
    hasPod: (namespace, address) => table.hasPod(namespace, address),
    get serial() {
      return table.serial
    },
    get isSynced() {
      table.isSynced ||= hasSynced()
      return table.isSynced
    },
  }
}
