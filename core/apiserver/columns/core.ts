/**
 * Columns of the core group's kinds other than Pod and Service, and of leases. Pure.
 * kubernetes/kubernetes pkg/printers/internalversion/printers.go.
 */

import type { Lease } from '../../api/generated/coordination-v1.ts'
import type {
  ComponentStatus,
  ConfigMap,
  Event,
  Namespace,
  Node,
  Secret,
  ServiceAccount,
} from '../../api/generated/core-v1.ts'
import { toCoreEvent } from '../../api/conversion/events.ts'
import type { Event as NewEvent } from '../../api/generated/events-v1.ts'
import type { Printer } from './column.ts'
import { AGE, NAME, column, since, wide } from './column.ts'

/** Of the condition that is there, in the words of people. */
const healthOf = ({
  conditions = [],
}: ComponentStatus): { status: string; message: string; error: string } => {
  const health = conditions.find(({ type }) => type === 'Healthy')
  const status = health === undefined ? 'Unknown' : health.status === 'True' ? 'Healthy' : 'Unhealthy'
  return { status, message: health?.message ?? '', error: health?.error ?? '' }
}

export const COMPONENT_STATUS_PRINTER: Printer<ComponentStatus> = {
  columns: [
    NAME,
    column('Status', 'Status of the component conditions', (one) => healthOf(one).status),
    column('Message', 'Message of the component conditions', (one) => healthOf(one).message),
    column('Error', 'Error of the component conditions', (one) => healthOf(one).error),
  ],
}

const size = (map: Readonly<Record<string, unknown>> | null | undefined): number =>
  Object.keys(map ?? {}).length

export const NAMESPACE_PRINTER: Printer<Namespace> = {
  columns: [
    NAME,
    column('Status', 'The status of the namespace', (namespace) => namespace.status?.phase ?? ''),
    AGE,
  ],
}

export const CONFIG_MAP_PRINTER: Printer<ConfigMap> = {
  columns: [NAME, column('Data', 'Number of keys.', (map) => size(map.data) + size(map.binaryData)), AGE],
}

export const SECRET_PRINTER: Printer<Secret> = {
  columns: [
    NAME,
    column('Type', 'What the secret is for.', (secret) => secret.type ?? ''),
    column('Data', 'Number of keys.', (secret) => size(secret.data)),
    AGE,
  ],
}

export const SERVICE_ACCOUNT_PRINTER: Printer<ServiceAccount> = {
  columns: [
    NAME,
    column('Secrets', 'Number of secrets listed.', (account) => account.secrets?.length ?? 0),
    AGE,
  ],
}

export const LEASE_PRINTER: Printer<Lease> = {
  columns: [NAME, column('Holder', 'Who holds the lease.', (lease) => lease.spec?.holderIdentity ?? ''), AGE],
}

function nodeStatus(node: Node): string {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')
  const word = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
  return node.spec?.unschedulable ? `${word},SchedulingDisabled` : word
}

const ROLE_PREFIX = 'node-role.kubernetes.io/'

function nodeRoles(node: Node): string {
  const roles = Object.entries(node.metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return [key.slice(ROLE_PREFIX.length)]
    return key === 'kubernetes.io/role' ? [value] : []
  })
  return [...new Set(roles.filter((role) => role !== ''))].sort().join(',') || '<none>'
}

const nodeAddress = (node: Node, type: string): string =>
  node.status?.addresses?.find((address) => address.type === type)?.address || '<none>'

export const NODE_PRINTER: Printer<Node> = {
  columns: [
    NAME,
    column('Status', 'The status of the node', nodeStatus),
    column('Roles', 'The roles of the node', nodeRoles),
    AGE,
    column('Version', 'Version of the node agent.', (node) => node.status?.nodeInfo?.kubeletVersion ?? ''),
    wide('Internal-IP', 'Address inside the cluster.', (node) => nodeAddress(node, 'InternalIP')),
    wide('External-IP', 'Address outside the cluster.', (node) => nodeAddress(node, 'ExternalIP')),
    wide('OS-Image', 'Operating system.', (node) => node.status?.nodeInfo?.osImage || '<unknown>'),
    wide('Kernel-Version', 'Kernel.', (node) => node.status?.nodeInfo?.kernelVersion || '<unknown>'),
    wide('Container-Runtime', 'What runs the containers.', (node) => {
      return node.status?.nodeInfo?.containerRuntimeVersion || '<unknown>'
    }),
  ],
}

/** Events of both recorders: the old one fills first/lastTimestamp and count, the new one eventTime and series. */
function firstSeen(event: Event, nowMs: number): string {
  return since(event.firstTimestamp ?? event.eventTime, nowMs)
}

function lastSeen(event: Event, nowMs: number): string {
  if (event.series?.lastObservedTime) return since(event.series.lastObservedTime, nowMs)
  return event.lastTimestamp ? since(event.lastTimestamp, nowMs) : firstSeen(event, nowMs)
}

function eventObject({ involvedObject: { kind, name } }: Event): string {
  const lower = (kind ?? '').toLowerCase()
  return name ? `${lower}/${name}` : lower
}

function eventSource(event: Event): string {
  const component = event.source?.component || event.reportingComponent || ''
  const instance = event.source?.host || event.reportingInstance || ''
  return instance ? `${component}, ${instance}` : component
}

export const EVENT_PRINTER: Printer<Event> = {
  columns: [
    column('Last Seen', 'When it happened last.', lastSeen),
    column('Type', 'Normal or Warning.', (event) => event.type ?? ''),
    column('Reason', 'One word for the cause.', (event) => event.reason ?? ''),
    column('Object', 'What it is about.', eventObject),
    wide('Subobject', 'Part of the object.', (event) => event.involvedObject.fieldPath ?? ''),
    wide('Source', 'Who reported it.', eventSource),
    column('Message', 'What happened.', (event) => (event.message ?? '').trim()),
    wide('First Seen', 'When it happened first.', firstSeen),
    wide('Count', 'How often.', (event) => event.series?.count ?? (event.count || 1)),
    { ...NAME, priority: 1 },
  ],
}

export const NEW_EVENT_PRINTER: Printer<NewEvent> = {
  columns: EVENT_PRINTER.columns.map((shown) => ({
    ...shown,
    cell: (event, nowMs) => shown.cell(toCoreEvent(event), nowMs),
  })),
}
