/** Rules of the core group. */

import type { PodTemplate } from '../generated/core-v1.ts'
import { keptPodSpec, keptTemplate } from '../pod-features.ts'
import { appArmorWarnings, settledPod } from '../pod-settle.ts'
import { EPHEMERAL_CONTAINERS } from '../ephemeral-containers.ts'
import { defaultPodTemplateObject, defaultReplicationController } from '../defaults/workloads.ts'
import {
  validatePodTemplateObject,
  validateReplicationController,
} from '../validation/replication-controller.ts'
import { validateReplicaSetStatus } from '../validation/workload-status.ts'
import {
  defaultNamespace,
  defaultNode,
  defaultSecret,
  defaultServiceAccount,
  withOwnFinalizer,
} from '../defaults/cluster.ts'
import { defaultEndpoints } from '../defaults/networking.ts'
import { defaultPod, prepareNewPod, withQosClass } from '../defaults/pod.ts'
import { defaultService } from '../defaults/service.ts'
import {
  eventFields,
  namespaceFields,
  nodeFields,
  podFields,
  secretFields,
  serviceFields,
} from '../selectable-fields.ts'
import { keptPodStatus } from '../pod-status.ts'
import { POD_RESIZE } from '../pod-resize.ts'
import { prepareServiceUpdate } from '../service-transitions.ts'
import { validateEvent } from '../validation/event.ts'
import {
  serviceAccountWarnings,
  validateNamespace,
  validateNamespaceStatus,
  validateNode,
  validateNodeUpdate,
  withoutConfig,
} from '../validation/cluster.ts'
import {
  validateConfigMap,
  validateConfigMapUpdate,
  validateSecret,
  validateSecretUpdate,
} from '../validation/config.ts'
import { validateEndpoints } from '../validation/endpoints.ts'
import { dns1035LabelFaults, dnsLabelFaults, pathSegmentFaults } from '../validation/names.ts'
import { newPodWarnings, podWarnings } from '../warnings/pod.ts'
import { secretWarnings } from '../warnings/secret.ts'
import { serviceWarnings } from '../warnings/service.ts'
import { workloadWarnings } from '../warnings/workloads.ts'
import { validatePodUpdate } from '../validation/pod-update.ts'
import { validatePodStatus } from '../validation/pod-status.ts'
import { validatePod } from '../validation/pod.ts'
import { validateNewService, validateServiceStatus, validateServiceUpdate } from '../validation/service.ts'
import {
  BINDINGS,
  NAMESPACES,
  NODES,
  PODS,
  SERVICES,
  ENDPOINTS,
  COMPONENT_STATUSES,
  CONFIG_MAPS,
  SECRETS,
  SERVICE_ACCOUNTS,
  EVENTS,
  POD_TEMPLATES,
  REPLICATION_CONTROLLERS,
  LIMIT_RANGES,
  RESOURCE_QUOTAS,
} from '../scheme/core.ts'
import type { RulesEntry } from './row.ts'
import { row } from './row.ts'
import { defaultLimitRange } from '../defaults/policies.ts'
import {
  validateLimitRange,
  validateResourceQuota,
  validateResourceQuotaStatus,
  validateResourceQuotaUpdate,
} from '../validation/limit-range.ts'
import { VOLUME_RULES } from './storage.ts'

const EMPTY_NODE_STATUS = {
  daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
  nodeInfo: {
    architecture: '',
    bootID: '',
    containerRuntimeVersion: '',
    kernelVersion: '',
    kubeProxyVersion: '',
    kubeletVersion: '',
    machineID: '',
    operatingSystem: '',
    osImage: '',
    systemUUID: '',
  },
}

function keptPodTemplate(object: PodTemplate, old?: PodTemplate): PodTemplate {
  const kept = keptTemplate({ spec: { template: object.template } }, { spec: { template: old?.template } })
  return kept.spec.template === object.template ? object : { ...object, template: kept.spec.template }
}

export const CORE_RULES: readonly RulesEntry[] = [
  row(NAMESPACES, {
    judgesNamesAgain: true,
    defaults: defaultNamespace,
    prepareForCreate: withOwnFinalizer,
    validate: validateNamespace,
    validateStatus: validateNamespaceStatus,
    nameFaults: dnsLabelFaults,
    hasStatus: true,
    selectableFields: namespaceFields,
  }),
  row(NODES, {
    judgesNamesAgain: true,
    defaults: defaultNode,
    validate: validateNode,
    validateUpdate: validateNodeUpdate,
    validateStatus: validateNodeUpdate,
    prepareStatus: withoutConfig,
    hasStatus: true,
    createsStatus: true,
    newStatus: EMPTY_NODE_STATUS,
    selectableFields: nodeFields,
  }),
  row(PODS, {
    judgesNamesAgain: true,
    returnsDeleted: true,
    defaults: defaultPod,
    validate: validatePod,
    validateUpdate: validatePodUpdate,
    validateStatus: validatePodStatus,
    prepareStatus: keptPodStatus,
    parts: { ephemeralcontainers: EPHEMERAL_CONTAINERS, resize: POD_RESIZE },
    warnings: newPodWarnings,
    prepareForCreate: prepareNewPod,
    settle: (pod) => settledPod(withQosClass({ ...pod, spec: keptPodSpec(pod.spec) })),
    settleWarnings: appArmorWarnings,
    prepareForUpdate: (pod, old) => ({ ...pod, spec: keptPodSpec(pod.spec, old.spec) }),
    hasStatus: true,
    hasGeneration: true,
    selectableFields: podFields,
  }),
  row(BINDINGS, {}),
  row(SERVICES, {
    createsOnUpdate: true,
    returnsDeleted: true,
    defaults: defaultService,
    validate: validateNewService,
    validateUpdate: validateServiceUpdate,
    validateStatus: validateServiceStatus,
    prepareForUpdate: prepareServiceUpdate,
    warnings: serviceWarnings,
    nameFaults: dns1035LabelFaults,
    hasStatus: true,
    newStatus: { loadBalancer: {} },
    selectableFields: serviceFields,
  }),
  row(ENDPOINTS, {
    judgesNamesAgain: true,
    deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
    createsOnUpdate: true,
    defaults: defaultEndpoints,
    validate: validateEndpoints,
  }),
  row(CONFIG_MAPS, {
    judgesNamesAgain: true,
    validate: validateConfigMap,
    validateUpdate: validateConfigMapUpdate,
  }),
  row(SECRETS, {
    judgesNamesAgain: true,
    defaults: defaultSecret,
    validate: validateSecret,
    validateUpdate: validateSecretUpdate,
    warnings: secretWarnings,
    selectableFields: secretFields,
  }),
  row(SERVICE_ACCOUNTS, {
    judgesNamesAgain: true,
    defaults: defaultServiceAccount,
    warnings: serviceAccountWarnings,
    returnsDeleted: true,
  }),
  row(EVENTS, {
    createsOnUpdate: true,
    nameFaults: pathSegmentFaults,
    validate: validateEvent,
    selectableFields: eventFields,
  }),
  ...VOLUME_RULES,
  row(POD_TEMPLATES, {
    settle: (object) => keptPodTemplate(object),
    prepareForUpdate: keptPodTemplate,
    returnsDeleted: true,
    defaults: defaultPodTemplateObject,
    validate: validatePodTemplateObject,
    warnings: ({ template }) => (template ? podWarnings(template, 'template') : []),
    hasGeneration: true,
  }),
  row(REPLICATION_CONTROLLERS, {
    settle: (object) => keptTemplate(object),
    prepareForUpdate: keptTemplate,
    judgesNamesAgain: true,
    orphansDependents: true,
    defaults: defaultReplicationController,
    validate: validateReplicationController,
    warnings: workloadWarnings,
    validateStatus: validateReplicaSetStatus,
    prepareStatus: (controller) => defaultReplicationController(controller),
    hasStatus: true,
    newStatus: { replicas: 0 },
    hasGeneration: true,
    selectableFields: ({ status }) => ({ 'status.replicas': String(status?.replicas ?? 0) }),
  }),
  row(LIMIT_RANGES, {
    judgesNamesAgain: true,
    createsOnUpdate: true,
    namesItself: true,
    defaults: defaultLimitRange,
    validate: validateLimitRange,
  }),
  row(RESOURCE_QUOTAS, {
    validate: validateResourceQuota,
    validateUpdate: validateResourceQuotaUpdate,
    validateStatus: validateResourceQuotaStatus,
    returnsDeleted: true,
    hasStatus: true,
  }),
  row(COMPONENT_STATUSES, { deprecation: 'v1 ComponentStatus is deprecated in v1.19+' }),
]
