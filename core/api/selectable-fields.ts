/**
 * The fields a field selector may name, beyond metadata.name and metadata.namespace, and their values in an object
 * (kubernetes/kubernetes pkg/apis/core/v1/conversion.go and the registries' GetAttrs functions). Pure.
 */

import type { Event as NewEvent } from './generated/events-v1.ts'
import type { ResourceSlice } from './generated/resource-v1.ts'
import type { Event, Namespace, Node, Pod, Secret, Service } from './generated/core-v1.ts'

type Fields = Readonly<Record<string, string>>

export const namespaceFields = ({ status }: Namespace): Fields => ({ 'status.phase': status?.phase ?? '' })

export const nodeFields = ({ spec }: Node): Fields => ({
  'spec.unschedulable': String(spec.unschedulable ?? false),
})

export const secretFields = ({ type }: Secret): Fields => ({ type: type ?? '' })

export const serviceFields = ({ spec }: Service): Fields => ({
  'spec.clusterIP': spec.clusterIP ?? '',
  'spec.type': spec.type ?? '',
})

export const resourceSliceFields = ({ spec }: ResourceSlice): Fields => ({
  'spec.nodeName': spec.nodeName ?? '',
  'spec.driver': spec.driver,
})

export const podFields = ({ spec, status }: Pod): Fields => ({
  'spec.nodeName': spec.nodeName ?? '',
  // what it was called long ago
  'spec.host': spec.nodeName ?? '',
  'spec.restartPolicy': spec.restartPolicy ?? '',
  'spec.schedulerName': spec.schedulerName ?? '',
  'spec.serviceAccountName': spec.serviceAccountName ?? '',
  'spec.hostNetwork': String(spec.hostNetwork ?? false),
  'status.phase': status?.phase ?? '',
  'status.podIP': status?.podIP ?? '',
  'status.podIPs': (status?.podIPs ?? []).map(({ ip }) => ip).join(','),
  'status.nominatedNodeName': status?.nominatedNodeName ?? '',
})

/** Upstream's `source` is the old component, or without it the new one. */
export function eventFields(event: Event): Fields {
  const about = event.involvedObject ?? {}
  return {
    'involvedObject.kind': about.kind ?? '',
    'involvedObject.namespace': about.namespace ?? '',
    'involvedObject.name': about.name ?? '',
    'involvedObject.uid': about.uid ?? '',
    'involvedObject.apiVersion': about.apiVersion ?? '',
    'involvedObject.resourceVersion': about.resourceVersion ?? '',
    'involvedObject.fieldPath': about.fieldPath ?? '',
    reason: event.reason ?? '',
    reportingComponent: event.reportingComponent ?? '',
    source: event.source?.component || event.reportingComponent || '',
    type: event.type ?? '',
  }
}

/** As events.k8s.io/v1 names them. */
export function newEventFields(event: NewEvent): Fields {
  const about = event.regarding ?? {}
  return {
    'regarding.kind': about.kind ?? '',
    'regarding.namespace': about.namespace ?? '',
    'regarding.name': about.name ?? '',
    'regarding.uid': about.uid ?? '',
    'regarding.apiVersion': about.apiVersion ?? '',
    'regarding.resourceVersion': about.resourceVersion ?? '',
    'regarding.fieldPath': about.fieldPath ?? '',
    reason: event.reason ?? '',
    reportingController: event.reportingController ?? '',
    type: event.type ?? '',
  }
}
