/** Rows of the groups that run a cluster: access, storage, admission, extension and the like. */

import type {
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../generated/admissionregistration-v1.ts'
import type { CustomResourceDefinition } from '../generated/apiextensions-v1.ts'
import type { APIService } from '../generated/apiregistration-v1.ts'
import type { CertificateSigningRequest } from '../generated/certificates-v1.ts'
import type { Event } from '../generated/events-v1.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '../generated/flowcontrol-v1.ts'
import type { Lease } from '../generated/coordination-v1.ts'
import type { RuntimeClass } from '../generated/node-v1.ts'
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../generated/rbac-v1.ts'
import type { PriorityClass } from '../generated/scheduling-v1.ts'
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../generated/storage-v1.ts'
import type { ResourceInfo } from '../resource.ts'
import { define, status } from './define.ts'

export const LEASES = define<Lease>({
  group: 'coordination.k8s.io',
  resource: 'leases',
  singular: 'lease',
  kind: 'Lease',
})
/** The same objects as core/v1 Events. */
export const NEW_EVENTS = define<Event>({
  group: 'events.k8s.io',
  resource: 'events',
  singular: 'event',
  kind: 'Event',
  shortNames: ['ev'],
  storageVersion: 'v1',
})
export const ROLES = define<Role>({
  group: 'rbac.authorization.k8s.io',
  resource: 'roles',
  singular: 'role',
  kind: 'Role',
})
export const ROLE_BINDINGS = define<RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  resource: 'rolebindings',
  singular: 'rolebinding',
  kind: 'RoleBinding',
})
export const CLUSTER_ROLES = define<ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  resource: 'clusterroles',
  singular: 'clusterrole',
  kind: 'ClusterRole',
  clusterScoped: true,
})
export const CLUSTER_ROLE_BINDINGS = define<ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  resource: 'clusterrolebindings',
  singular: 'clusterrolebinding',
  kind: 'ClusterRoleBinding',
  clusterScoped: true,
})
export const STORAGE_CLASSES = define<StorageClass>({
  group: 'storage.k8s.io',
  resource: 'storageclasses',
  singular: 'storageclass',
  kind: 'StorageClass',
  clusterScoped: true,
  shortNames: ['sc'],
})
export const VOLUME_ATTACHMENTS = define<VolumeAttachment>({
  group: 'storage.k8s.io',
  resource: 'volumeattachments',
  singular: 'volumeattachment',
  kind: 'VolumeAttachment',
  clusterScoped: true,
  subresources: [status('VolumeAttachment')],
})
export const CSI_DRIVERS = define<CSIDriver>({
  group: 'storage.k8s.io',
  resource: 'csidrivers',
  singular: 'csidriver',
  kind: 'CSIDriver',
  clusterScoped: true,
})
export const CSI_NODES = define<CSINode>({
  group: 'storage.k8s.io',
  resource: 'csinodes',
  singular: 'csinode',
  kind: 'CSINode',
  clusterScoped: true,
})
export const CSI_STORAGE_CAPACITIES = define<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  resource: 'csistoragecapacities',
  singular: 'csistoragecapacity',
  kind: 'CSIStorageCapacity',
})
export const VOLUME_ATTRIBUTES_CLASSES = define<VolumeAttributesClass>({
  group: 'storage.k8s.io',
  resource: 'volumeattributesclasses',
  singular: 'volumeattributesclass',
  kind: 'VolumeAttributesClass',
  clusterScoped: true,
  shortNames: ['vac'],
  storageVersion: 'storage.k8s.io/v1beta1',
})
export const PRIORITY_CLASSES = define<PriorityClass>({
  group: 'scheduling.k8s.io',
  resource: 'priorityclasses',
  singular: 'priorityclass',
  kind: 'PriorityClass',
  clusterScoped: true,
  shortNames: ['pc'],
})
export const RUNTIME_CLASSES = define<RuntimeClass>({
  group: 'node.k8s.io',
  resource: 'runtimeclasses',
  singular: 'runtimeclass',
  kind: 'RuntimeClass',
  clusterScoped: true,
})
export const CERTIFICATE_SIGNING_REQUESTS = define<CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  resource: 'certificatesigningrequests',
  singular: 'certificatesigningrequest',
  kind: 'CertificateSigningRequest',
  clusterScoped: true,
  shortNames: ['csr'],
  subresources: [
    { ...status('CertificateSigningRequest'), name: 'approval' },
    status('CertificateSigningRequest'),
  ],
})
export const VALIDATING_WEBHOOK_CONFIGURATIONS = define<ValidatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  resource: 'validatingwebhookconfigurations',
  singular: 'validatingwebhookconfiguration',
  kind: 'ValidatingWebhookConfiguration',
  clusterScoped: true,
  categories: ['api-extensions'],
})
export const MUTATING_WEBHOOK_CONFIGURATIONS = define<MutatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  resource: 'mutatingwebhookconfigurations',
  singular: 'mutatingwebhookconfiguration',
  kind: 'MutatingWebhookConfiguration',
  clusterScoped: true,
  categories: ['api-extensions'],
})
export const VALIDATING_ADMISSION_POLICIES = define<ValidatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  resource: 'validatingadmissionpolicies',
  singular: 'validatingadmissionpolicy',
  kind: 'ValidatingAdmissionPolicy',
  clusterScoped: true,
  categories: ['api-extensions'],
  subresources: [status('ValidatingAdmissionPolicy')],
})
export const VALIDATING_ADMISSION_POLICY_BINDINGS = define<ValidatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  resource: 'validatingadmissionpolicybindings',
  singular: 'validatingadmissionpolicybinding',
  kind: 'ValidatingAdmissionPolicyBinding',
  clusterScoped: true,
  categories: ['api-extensions'],
})
export const FLOW_SCHEMAS = define<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  resource: 'flowschemas',
  singular: 'flowschema',
  kind: 'FlowSchema',
  clusterScoped: true,
  subresources: [status('FlowSchema')],
})
export const PRIORITY_LEVEL_CONFIGURATIONS = define<PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  resource: 'prioritylevelconfigurations',
  singular: 'prioritylevelconfiguration',
  kind: 'PriorityLevelConfiguration',
  clusterScoped: true,
  subresources: [status('PriorityLevelConfiguration')],
})
export const CUSTOM_RESOURCE_DEFINITIONS = define<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  resource: 'customresourcedefinitions',
  singular: 'customresourcedefinition',
  kind: 'CustomResourceDefinition',
  clusterScoped: true,
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  subresources: [status('CustomResourceDefinition')],
  storageVersion: 'apiextensions.k8s.io/v1beta1',
})
export const API_SERVICES = define<APIService>({
  group: 'apiregistration.k8s.io',
  resource: 'apiservices',
  singular: 'apiservice',
  kind: 'APIService',
  clusterScoped: true,
  categories: ['api-extensions'],
  subresources: [status('APIService')],
})

/** In the order of discovery documents. */
export const CLUSTER_RESOURCES: readonly ResourceInfo[] = [
  LEASES,
  NEW_EVENTS,
  ROLES,
  ROLE_BINDINGS,
  CLUSTER_ROLES,
  CLUSTER_ROLE_BINDINGS,
  STORAGE_CLASSES,
  VOLUME_ATTACHMENTS,
  CSI_DRIVERS,
  CSI_NODES,
  CSI_STORAGE_CAPACITIES,
  VOLUME_ATTRIBUTES_CLASSES,
  PRIORITY_CLASSES,
  RUNTIME_CLASSES,
  CERTIFICATE_SIGNING_REQUESTS,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  VALIDATING_ADMISSION_POLICIES,
  VALIDATING_ADMISSION_POLICY_BINDINGS,
  FLOW_SCHEMAS,
  PRIORITY_LEVEL_CONFIGURATIONS,
  CUSTOM_RESOURCE_DEFINITIONS,
  API_SERVICES,
]
