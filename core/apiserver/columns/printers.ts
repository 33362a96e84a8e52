/** Which printer shows which kind. Kinds without one show their name and age. Pure. */

import type { KubernetesObject } from '../../api/object.ts'
import { BINDING_PRINTER } from './access.ts'
import type { Printer } from './column.ts'
import { AGE, CREATED_AT, NAME } from './column.ts'
import {
  COMPONENT_STATUS_PRINTER,
  CONFIG_MAP_PRINTER,
  EVENT_PRINTER,
  LEASE_PRINTER,
  NAMESPACE_PRINTER,
  NEW_EVENT_PRINTER,
  NODE_PRINTER,
  SECRET_PRINTER,
  SERVICE_ACCOUNT_PRINTER,
} from './core.ts'
import {
  ENDPOINTS_PRINTER,
  ENDPOINT_SLICE_PRINTER,
  INGRESS_CLASS_PRINTER,
  INGRESS_PRINTER,
  NETWORK_POLICY_PRINTER,
  SERVICE_PRINTER,
} from './networking.ts'
import {
  CSI_DRIVER_PRINTER,
  CSI_NODE_PRINTER,
  PERSISTENT_VOLUME_CLAIM_PRINTER,
  PERSISTENT_VOLUME_PRINTER,
  STORAGE_CLASS_PRINTER,
  VOLUME_ATTACHMENT_PRINTER,
  VOLUME_ATTRIBUTES_CLASS_PRINTER,
} from './storage.ts'
import {
  API_SERVICE_PRINTER,
  CERTIFICATE_SIGNING_REQUEST_PRINTER,
  IP_ADDRESS_PRINTER,
  PRIORITY_CLASS_PRINTER,
  RESOURCE_QUOTA_PRINTER,
  RUNTIME_CLASS_PRINTER,
  SERVICE_CIDR_PRINTER,
  ADMISSION_POLICY_BINDING_PRINTER,
  ADMISSION_POLICY_PRINTER,
  WEBHOOK_CONFIGURATION_PRINTER,
} from './cluster.ts'
import {
  CRON_JOB_PRINTER,
  HORIZONTAL_POD_AUTOSCALER_PRINTER,
  HORIZONTAL_POD_AUTOSCALER_V1_PRINTER,
  JOB_PRINTER,
  POD_DISRUPTION_BUDGET_PRINTER,
} from './batch.ts'
import { RESOURCE_CLAIM_PRINTER, RESOURCE_SLICE_PRINTER } from './devices.ts'
import { FLOW_SCHEMA_PRINTER, PRIORITY_LEVEL_PRINTER } from './flow-control.ts'
import { POD_PRINTER } from './pod.ts'
import {
  DEPLOYMENT_PRINTER,
  REPLICA_SET_PRINTER,
  CONTROLLER_REVISION_PRINTER,
  DAEMON_SET_PRINTER,
  POD_TEMPLATE_PRINTER,
  REPLICATION_CONTROLLER_PRINTER,
  STATEFUL_SET_PRINTER,
} from './workloads.ts'

/** Erases the kind's type: rows are only ever looked up by the kind of the object they are given. */
function erased<T extends KubernetesObject>(printer: Printer<T>): Printer {
  return printer as unknown as Printer
}

/** Kinds that upstream has no columns for. */
const CREATED_PRINTER: Printer = { columns: [NAME, CREATED_AT] }

const PRINTERS: ReadonlyMap<string, Printer> = new Map([
  ['v1/Namespace', erased(NAMESPACE_PRINTER)],
  ['v1/Node', erased(NODE_PRINTER)],
  ['v1/Pod', erased(POD_PRINTER)],
  ['v1/Service', erased(SERVICE_PRINTER)],
  ['v1/Endpoints', erased(ENDPOINTS_PRINTER)],
  ['v1/ComponentStatus', erased(COMPONENT_STATUS_PRINTER)],
  ['v1/ConfigMap', erased(CONFIG_MAP_PRINTER)],
  ['v1/Secret', erased(SECRET_PRINTER)],
  ['v1/ServiceAccount', erased(SERVICE_ACCOUNT_PRINTER)],
  ['v1/Event', erased(EVENT_PRINTER)],
  ['events.k8s.io/v1/Event', erased(NEW_EVENT_PRINTER)],
  ['coordination.k8s.io/v1/Lease', erased(LEASE_PRINTER)],
  ['apps/v1/Deployment', erased(DEPLOYMENT_PRINTER)],
  ['apps/v1/ReplicaSet', erased(REPLICA_SET_PRINTER)],
  ['discovery.k8s.io/v1/EndpointSlice', erased(ENDPOINT_SLICE_PRINTER)],
  ['networking.k8s.io/v1/Ingress', erased(INGRESS_PRINTER)],
  ['networking.k8s.io/v1/IngressClass', erased(INGRESS_CLASS_PRINTER)],
  ['networking.k8s.io/v1/NetworkPolicy', erased(NETWORK_POLICY_PRINTER)],
  ['rbac.authorization.k8s.io/v1/Role', CREATED_PRINTER],
  ['rbac.authorization.k8s.io/v1/ClusterRole', CREATED_PRINTER],
  ['rbac.authorization.k8s.io/v1/RoleBinding', erased(BINDING_PRINTER)],
  ['rbac.authorization.k8s.io/v1/ClusterRoleBinding', erased(BINDING_PRINTER)],
  ['v1/PersistentVolume', erased(PERSISTENT_VOLUME_PRINTER)],
  ['v1/PersistentVolumeClaim', erased(PERSISTENT_VOLUME_CLAIM_PRINTER)],
  ['v1/PodTemplate', erased(POD_TEMPLATE_PRINTER)],
  ['v1/ReplicationController', erased(REPLICATION_CONTROLLER_PRINTER)],
  ['v1/LimitRange', CREATED_PRINTER],
  ['v1/ResourceQuota', erased(RESOURCE_QUOTA_PRINTER)],
  ['apps/v1/StatefulSet', erased(STATEFUL_SET_PRINTER)],
  ['apps/v1/DaemonSet', erased(DAEMON_SET_PRINTER)],
  ['apps/v1/ControllerRevision', erased(CONTROLLER_REVISION_PRINTER)],
  ['batch/v1/Job', erased(JOB_PRINTER)],
  ['batch/v1/CronJob', erased(CRON_JOB_PRINTER)],
  ['autoscaling/v2/HorizontalPodAutoscaler', erased(HORIZONTAL_POD_AUTOSCALER_PRINTER)],
  ['autoscaling/v1/HorizontalPodAutoscaler', erased(HORIZONTAL_POD_AUTOSCALER_V1_PRINTER)],
  ['policy/v1/PodDisruptionBudget', erased(POD_DISRUPTION_BUDGET_PRINTER)],
  ['storage.k8s.io/v1/StorageClass', erased(STORAGE_CLASS_PRINTER)],
  ['storage.k8s.io/v1/VolumeAttachment', erased(VOLUME_ATTACHMENT_PRINTER)],
  ['storage.k8s.io/v1/CSIDriver', erased(CSI_DRIVER_PRINTER)],
  ['storage.k8s.io/v1/CSINode', erased(CSI_NODE_PRINTER)],
  ['storage.k8s.io/v1/CSIStorageCapacity', CREATED_PRINTER],
  ['storage.k8s.io/v1/VolumeAttributesClass', erased(VOLUME_ATTRIBUTES_CLASS_PRINTER)],
  ['scheduling.k8s.io/v1/PriorityClass', erased(PRIORITY_CLASS_PRINTER)],
  ['node.k8s.io/v1/RuntimeClass', erased(RUNTIME_CLASS_PRINTER)],
  ['certificates.k8s.io/v1/CertificateSigningRequest', erased(CERTIFICATE_SIGNING_REQUEST_PRINTER)],
  ['admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration', erased(WEBHOOK_CONFIGURATION_PRINTER)],
  ['admissionregistration.k8s.io/v1/MutatingWebhookConfiguration', erased(WEBHOOK_CONFIGURATION_PRINTER)],
  ['admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy', erased(ADMISSION_POLICY_PRINTER)],
  [
    'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding',
    erased(ADMISSION_POLICY_BINDING_PRINTER),
  ],
  ['flowcontrol.apiserver.k8s.io/v1/FlowSchema', erased(FLOW_SCHEMA_PRINTER)],
  ['flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration', erased(PRIORITY_LEVEL_PRINTER)],
  ['apiextensions.k8s.io/v1/CustomResourceDefinition', CREATED_PRINTER],
  ['apiregistration.k8s.io/v1/APIService', erased(API_SERVICE_PRINTER)],
  ['networking.k8s.io/v1/ServiceCIDR', erased(SERVICE_CIDR_PRINTER)],
  ['resource.k8s.io/v1/ResourceClaim', erased(RESOURCE_CLAIM_PRINTER)],
  ['resource.k8s.io/v1/ResourceSlice', erased(RESOURCE_SLICE_PRINTER)],
  ['networking.k8s.io/v1/IPAddress', erased(IP_ADDRESS_PRINTER)],
])

export const DEFAULT_PRINTER: Printer = { columns: [NAME, AGE] }

/** @returns how objects of that kind are shown */
export function printerOf(apiVersion: string, kind: string): Printer {
  return PRINTERS.get(`${apiVersion}/${kind}`) ?? DEFAULT_PRINTER
}
