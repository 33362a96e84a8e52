/**
 * The rules of every kind of the scheme, in one table: defaults, validation, generations, selectable fields. Pure.
 */

import {
  defaultEndpoints,
  defaultEndpointSlice,
  defaultIngressClass,
  defaultNetworkPolicy,
  defaultService,
} from './defaults/networking.ts'
import { defaultPod } from './defaults/pod.ts'
import { defaultDeployment, defaultReplicaSet } from './defaults/workloads.ts'
import type { FieldError } from './field-error.ts'
import type { Event, Namespace, Node, Pod, Secret, Service } from './generated/core-v1.ts'
import type { ReplicaSet } from './generated/apps-v1.ts'
import type { KubernetesObject } from './object.ts'
import type { Resource, ResourceInfo } from './resource.ts'
import { groupResource } from './resource.ts'
import type { KindRules } from './rules.ts'
import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  ENDPOINTS,
  EVENTS,
  INGRESS_CLASSES,
  INGRESSES,
  LEASES,
  NAMESPACES,
  NETWORK_POLICIES,
  NODES,
  PODS,
  REPLICA_SETS,
  SECRETS,
  SERVICE_ACCOUNTS,
  SERVICES,
} from './scheme.ts'
import {
  validateConfigMap,
  validateConfigMapUpdate,
  validateEvent,
  validateSecret,
  validateSecretUpdate,
} from './validation/config.ts'
import { validateMetadata } from './validation/metadata.ts'
import { dns1035LabelFaults, dnsLabelFaults, dnsSubdomainFaults } from './validation/names.ts'
import {
  validateEndpoints,
  validateEndpointSlice,
  validateEndpointSliceUpdate,
  validateIngress,
  validateIngressClass,
  validateIngressClassUpdate,
  validateNetworkPolicy,
} from './validation/networking.ts'
import { validatePod, validatePodUpdate } from './validation/pod.ts'
import { prepareServiceUpdate, validateService, validateServiceUpdate } from './validation/service.ts'
import {
  validateDeployment,
  validateDeploymentUpdate,
  validateReplicaSet,
  validateReplicaSetUpdate,
} from './validation/workloads.ts'

type Faults = readonly FieldError[]

/** What a kind says of itself; everything left out is the usual. */
interface KindRow<T extends KubernetesObject> {
  readonly defaults?: (object: T) => T
  readonly validate?: (object: T) => Faults
  /** default: as on create */
  readonly validateUpdate?: (object: T, old: T) => Faults
  readonly prepareForUpdate?: (object: T, old: T) => T
  readonly nameFaults?: (name: string) => readonly string[]
  readonly hasGeneration?: boolean
  readonly hasStatus?: boolean
  readonly selectableFields?: (object: T) => Readonly<Record<string, string>>
}

const TABLE: ReadonlyMap<string, KindRules> = new Map([
  row(NAMESPACES, {
    defaults: defaultNamespace,
    nameFaults: dnsLabelFaults,
    hasStatus: true,
    selectableFields: namespaceFields,
  }),
  row(NODES, { hasStatus: true, selectableFields: nodeFields }),
  row(PODS, {
    defaults: defaultPod,
    validate: validatePod,
    validateUpdate: validatePodUpdate,
    hasStatus: true,
    hasGeneration: true,
    selectableFields: podFields,
  }),
  row(SERVICES, {
    defaults: defaultService,
    validate: validateService,
    validateUpdate: validateServiceUpdate,
    prepareForUpdate: prepareServiceUpdate,
    nameFaults: dns1035LabelFaults,
    hasStatus: true,
    selectableFields: serviceFields,
  }),
  row(ENDPOINTS, { defaults: defaultEndpoints, validate: validateEndpoints }),
  row(CONFIG_MAPS, { validate: validateConfigMap, validateUpdate: validateConfigMapUpdate }),
  row(SECRETS, {
    defaults: defaultSecret,
    validate: validateSecret,
    validateUpdate: validateSecretUpdate,
    selectableFields: (secret) => ({ type: secret.type ?? '' }),
  }),
  row(SERVICE_ACCOUNTS, {}),
  row(EVENTS, { validate: validateEvent, selectableFields: eventFields }),
  row(LEASES, {}),
  row(DEPLOYMENTS, {
    defaults: defaultDeployment,
    validate: validateDeployment,
    validateUpdate: validateDeploymentUpdate,
    hasStatus: true,
    hasGeneration: true,
  }),
  row(REPLICA_SETS, {
    defaults: defaultReplicaSet,
    validate: validateReplicaSet,
    validateUpdate: validateReplicaSetUpdate,
    hasStatus: true,
    hasGeneration: true,
    selectableFields: (set: ReplicaSet) => ({ 'status.replicas': String(set.status?.replicas ?? 0) }),
  }),
  row(ENDPOINT_SLICES, {
    defaults: defaultEndpointSlice,
    validate: validateEndpointSlice,
    validateUpdate: validateEndpointSliceUpdate,
    hasGeneration: true,
  }),
  row(INGRESSES, { validate: validateIngress, hasStatus: true, hasGeneration: true }),
  row(INGRESS_CLASSES, {
    defaults: defaultIngressClass,
    validate: validateIngressClass,
    validateUpdate: validateIngressClassUpdate,
    hasGeneration: true,
  }),
  row(NETWORK_POLICIES, {
    defaults: defaultNetworkPolicy,
    validate: validateNetworkPolicy,
    hasGeneration: true,
  }),
])

/** @returns the rules of a resource of the scheme */
export function rulesFor(resource: ResourceInfo): KindRules {
  const rules = TABLE.get(groupResource(resource))
  if (rules === undefined) throw new Error(`no rules for ${groupResource(resource)}`)
  return rules
}

function row<T extends KubernetesObject>(resource: Resource<T>, own: KindRow<T>): [string, KindRules] {
  const metadata = (object: T): Faults =>
    validateMetadata(object, {
      nameFaults: own.nameFaults ?? dnsSubdomainFaults,
      namespaced: resource.namespaced,
    })
  const validate = own.validate ?? (() => [])
  const validateUpdate = own.validateUpdate ?? validate
  const rules: KindRules<T> = {
    setDefaults: own.defaults ?? ((object) => object),
    hasGeneration: own.hasGeneration ?? false,
    hasStatus: own.hasStatus ?? false,
    validateCreate: (object) => [...metadata(object), ...validate(object)],
    validateUpdate: (object, old) => [...metadata(object), ...validateUpdate(object, old)],
    ...(own.prepareForUpdate ? { prepareForUpdate: own.prepareForUpdate } : {}),
    ...(own.selectableFields ? { selectableFields: own.selectableFields } : {}),
  }
  // The key is the resource's, so that only objects of its kind get here; the map cannot say so.
  return [groupResource(resource), rules as unknown as KindRules]
}

/** The label every namespace carries, and the finalizer that lets its content go first. */
function defaultNamespace(namespace: Namespace): Namespace {
  const { metadata } = namespace
  return {
    ...namespace,
    metadata: metadata.name
      ? { ...metadata, labels: { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name } }
      : metadata,
    spec: { ...namespace.spec, finalizers: namespace.spec?.finalizers ?? ['kubernetes'] },
    status: { ...namespace.status, phase: namespace.status?.phase ?? 'Active' },
  }
}

/** stringData is written into data and never shown. */
function defaultSecret(secret: Secret): Secret {
  const { stringData, ...rest } = secret
  const encoded = Object.entries(stringData ?? {}).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ])
  const data = stringData
    ? { data: { ...secret.data, ...(Object.fromEntries(encoded) as Record<string, string>) } }
    : {}
  return { ...rest, ...data, type: secret.type || 'Opaque' }
}

function namespaceFields(namespace: Namespace): Record<string, string> {
  return {
    'status.phase': namespace.status?.phase ?? '',
  }
}

function nodeFields(node: Node): Record<string, string> {
  return {
    'spec.unschedulable': String(node.spec?.unschedulable ?? false),
  }
}

function serviceFields({ spec }: Service): Record<string, string> {
  return {
    'spec.clusterIP': spec.clusterIP ?? '',
    'spec.type': spec.type ?? '',
  }
}

function podFields({ spec, status }: Pod): Record<string, string> {
  return {
    'spec.nodeName': spec.nodeName ?? '',
    'spec.restartPolicy': spec.restartPolicy ?? '',
    'spec.schedulerName': spec.schedulerName ?? '',
    'spec.serviceAccountName': spec.serviceAccountName ?? '',
    'spec.hostNetwork': String(spec.hostNetwork ?? false),
    'status.phase': status?.phase ?? '',
    'status.podIP': status?.podIP ?? '',
    'status.nominatedNodeName': status?.nominatedNodeName ?? '',
  }
}

function eventFields(event: Event): Record<string, string> {
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
    source: event.source?.component ?? '',
    type: event.type ?? '',
  }
}
