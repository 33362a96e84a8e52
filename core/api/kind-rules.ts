/**
 * The rules of every kind of the scheme, in one table: defaults, validation, generations, selectable fields. Pure.
 * A further kind is a row here.
 */

import { defaultNamespace, defaultNode, defaultSecret } from './defaults/cluster.ts'
import {
  defaultEndpoints,
  defaultEndpointSlice,
  defaultIngressClass,
  defaultNetworkPolicy,
} from './defaults/networking.ts'
import { defaultPod } from './defaults/pod.ts'
import { defaultService } from './defaults/service.ts'
import { defaultDeployment, defaultReplicaSet } from './defaults/workloads.ts'
import type { FieldError } from './field-error.ts'
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
  eventFields,
  namespaceFields,
  nodeFields,
  podFields,
  replicaSetFields,
  secretFields,
  serviceFields,
} from './selectable-fields.ts'
import { prepareServiceUpdate } from './service-transitions.ts'
import {
  validateEvent,
  validateLease,
  validateNamespace,
  validateNamespaceStatus,
  validateNode,
  validateNodeUpdate,
} from './validation/cluster.ts'
import {
  validateConfigMap,
  validateConfigMapUpdate,
  validateSecret,
  validateSecretUpdate,
} from './validation/config.ts'
import { validateEndpointSlice, validateEndpointSliceUpdate } from './validation/endpoint-slice.ts'
import { validateEndpoints } from './validation/endpoints.ts'
import { validateIngressClass, validateIngressClassUpdate } from './validation/ingress-class.ts'
import { validateIngress, validateIngressStatus, validateIngressUpdate } from './validation/ingress.ts'
import { validateMetadata, validateMetadataUpdate } from './validation/metadata.ts'
import { dns1035LabelFaults, dnsLabelFaults, dnsSubdomainFaults } from './validation/names.ts'
import { validateNetworkPolicy, validateNetworkPolicyUpdate } from './validation/network-policy.ts'
import { validatePodUpdate } from './validation/pod-update.ts'
import { validatePod, validatePodStatus } from './validation/pod.ts'
import { validateServiceChange } from './validation/service-addresses.ts'
import { validateService, validateServiceStatus } from './validation/service.ts'
import {
  validateDeployment,
  validateDeploymentUpdate,
  validateReplicaSet,
  validateReplicaSetUpdate,
  validateReplicaStatus,
} from './validation/workloads.ts'

type Faults = readonly FieldError[]

/** What a kind says of itself; everything left out is the usual. */
interface KindRow<T extends KubernetesObject> {
  readonly defaults?: (object: T) => T
  readonly validate?: (object: T) => Faults
  /** default: as on create */
  readonly validateUpdate?: (object: T, old: T) => Faults
  readonly validateStatus?: (object: T, old: T) => Faults
  readonly prepareForUpdate?: (object: T, old: T) => T
  /** default: a DNS subdomain */
  readonly nameFaults?: (name: string) => readonly string[]
  readonly hasGeneration?: boolean
  readonly hasStatus?: boolean
  readonly selectableFields?: (object: T) => Readonly<Record<string, string>>
}

const CORE: readonly [string, KindRules][] = [
  row(NAMESPACES, {
    defaults: defaultNamespace,
    validate: validateNamespace,
    validateStatus: validateNamespaceStatus,
    nameFaults: dnsLabelFaults,
    hasStatus: true,
    selectableFields: namespaceFields,
  }),
  row(NODES, {
    defaults: defaultNode,
    validate: validateNode,
    validateUpdate: validateNodeUpdate,
    hasStatus: true,
    selectableFields: nodeFields,
  }),
  row(PODS, {
    defaults: defaultPod,
    validate: validatePod,
    validateUpdate: validatePodUpdate,
    validateStatus: validatePodStatus,
    hasStatus: true,
    hasGeneration: true,
    selectableFields: podFields,
  }),
  row(SERVICES, {
    defaults: defaultService,
    validate: validateService,
    validateUpdate: (service, old) => [...validateServiceChange(service, old), ...validateService(service)],
    validateStatus: validateServiceStatus,
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
    selectableFields: secretFields,
  }),
  row(SERVICE_ACCOUNTS, {}),
  row(EVENTS, { validate: validateEvent, selectableFields: eventFields }),
]

const GROUPS: readonly [string, KindRules][] = [
  row(LEASES, { validate: validateLease }),
  row(DEPLOYMENTS, {
    defaults: defaultDeployment,
    validate: validateDeployment,
    validateUpdate: validateDeploymentUpdate,
    validateStatus: validateReplicaStatus,
    hasStatus: true,
    hasGeneration: true,
  }),
  row(REPLICA_SETS, {
    defaults: defaultReplicaSet,
    validate: validateReplicaSet,
    validateUpdate: validateReplicaSetUpdate,
    validateStatus: validateReplicaStatus,
    hasStatus: true,
    hasGeneration: true,
    selectableFields: replicaSetFields,
  }),
  row(ENDPOINT_SLICES, {
    defaults: defaultEndpointSlice,
    validate: validateEndpointSlice,
    validateUpdate: validateEndpointSliceUpdate,
    hasGeneration: true,
  }),
  row(INGRESSES, {
    validate: validateIngress,
    validateUpdate: validateIngressUpdate,
    validateStatus: validateIngressStatus,
    hasStatus: true,
    hasGeneration: true,
  }),
  row(INGRESS_CLASSES, {
    defaults: defaultIngressClass,
    validate: validateIngressClass,
    validateUpdate: validateIngressClassUpdate,
    hasGeneration: true,
  }),
  row(NETWORK_POLICIES, {
    defaults: defaultNetworkPolicy,
    validate: validateNetworkPolicy,
    validateUpdate: validateNetworkPolicyUpdate,
    hasGeneration: true,
  }),
]

const TABLE: ReadonlyMap<string, KindRules> = new Map([...CORE, ...GROUPS])

/** @returns the rules of a resource of the scheme; throws for one that has none */
export function rulesFor(resource: ResourceInfo): KindRules {
  const rules = TABLE.get(groupResource(resource))
  if (rules === undefined) throw new Error(`no rules for ${groupResource(resource)}`)
  return rules
}

function row<T extends KubernetesObject>(resource: Resource<T>, own: KindRow<T>): [string, KindRules] {
  const { nameFaults = dnsSubdomainFaults, validate = () => [], validateStatus } = own
  const { validateUpdate = validate } = own
  const { namespaced } = resource
  const rules: KindRules<T> = {
    setDefaults: own.defaults ?? ((object) => object),
    hasGeneration: own.hasGeneration ?? false,
    hasStatus: own.hasStatus ?? false,
    validateCreate: (object) => [
      ...validateMetadata(object, { nameFaults, namespaced }),
      ...validate(object),
    ],
    validateUpdate: (object, old) => [...validateMetadataUpdate(object, old), ...validateUpdate(object, old)],
    validateStatus: (object, old) => [
      ...validateMetadataUpdate(object, old),
      ...(validateStatus?.(object, old) ?? []),
    ],
    ...(own.prepareForUpdate ? { prepareForUpdate: own.prepareForUpdate } : {}),
    ...(own.selectableFields ? { selectableFields: own.selectableFields } : {}),
  }
  // The key is the resource's, so that only objects of its kind get here; the map cannot say so.
  return [groupResource(resource), rules as unknown as KindRules]
}
