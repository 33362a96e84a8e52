/** Which printer shows which kind. Kinds without one show their name and age. Pure. */

import type { KubernetesObject } from '../../api/object.ts'
import { BINDING_PRINTER, ROLE_PRINTER } from './access.ts'
import type { Printer } from './column.ts'
import { AGE, NAME } from './column.ts'
import {
  CONFIG_MAP_PRINTER,
  EVENT_PRINTER,
  LEASE_PRINTER,
  NAMESPACE_PRINTER,
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
import { POD_PRINTER } from './pod.ts'
import { DEPLOYMENT_PRINTER, REPLICA_SET_PRINTER } from './workloads.ts'

/** Erases the kind's type: rows are only ever looked up by the kind of the object they are given. */
function erased<T extends KubernetesObject>(printer: Printer<T>): Printer {
  return printer as unknown as Printer
}

const PRINTERS: ReadonlyMap<string, Printer> = new Map([
  ['v1/Namespace', erased(NAMESPACE_PRINTER)],
  ['v1/Node', erased(NODE_PRINTER)],
  ['v1/Pod', erased(POD_PRINTER)],
  ['v1/Service', erased(SERVICE_PRINTER)],
  ['v1/Endpoints', erased(ENDPOINTS_PRINTER)],
  ['v1/ConfigMap', erased(CONFIG_MAP_PRINTER)],
  ['v1/Secret', erased(SECRET_PRINTER)],
  ['v1/ServiceAccount', erased(SERVICE_ACCOUNT_PRINTER)],
  ['v1/Event', erased(EVENT_PRINTER)],
  ['coordination.k8s.io/v1/Lease', erased(LEASE_PRINTER)],
  ['apps/v1/Deployment', erased(DEPLOYMENT_PRINTER)],
  ['apps/v1/ReplicaSet', erased(REPLICA_SET_PRINTER)],
  ['discovery.k8s.io/v1/EndpointSlice', erased(ENDPOINT_SLICE_PRINTER)],
  ['networking.k8s.io/v1/Ingress', erased(INGRESS_PRINTER)],
  ['networking.k8s.io/v1/IngressClass', erased(INGRESS_CLASS_PRINTER)],
  ['networking.k8s.io/v1/NetworkPolicy', erased(NETWORK_POLICY_PRINTER)],
  ['rbac.authorization.k8s.io/v1/Role', erased(ROLE_PRINTER)],
  ['rbac.authorization.k8s.io/v1/ClusterRole', erased(ROLE_PRINTER)],
  ['rbac.authorization.k8s.io/v1/RoleBinding', erased(BINDING_PRINTER)],
  ['rbac.authorization.k8s.io/v1/ClusterRoleBinding', erased(BINDING_PRINTER)],
])

export const DEFAULT_PRINTER: Printer = { columns: [NAME, AGE] }

/** @returns how objects of that kind are shown */
export function printerOf(apiVersion: string, kind: string): Printer {
  return PRINTERS.get(`${apiVersion}/${kind}`) ?? DEFAULT_PRINTER
}
