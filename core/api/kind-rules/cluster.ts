/** Rules of the groups that run a cluster. */

import { validateLease } from '../validation/cluster.ts'
import {
  LEASES,
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
  CUSTOM_RESOURCE_DEFINITIONS,
} from '../scheme/cluster.ts'
import type { RulesEntry } from './row.ts'
import { row } from './row.ts'

export const CLUSTER_RULES: readonly RulesEntry[] = [
  row(LEASES, { validate: validateLease }),
  row(ROLES, {}),
  row(ROLE_BINDINGS, {}),
  row(CLUSTER_ROLES, {}),
  row(CLUSTER_ROLE_BINDINGS, {}),
  row(STORAGE_CLASSES, {}),
  row(VOLUME_ATTACHMENTS, { hasStatus: true }),
  row(CSI_DRIVERS, {}),
  row(CSI_NODES, {}),
  row(CSI_STORAGE_CAPACITIES, {}),
  row(VOLUME_ATTRIBUTES_CLASSES, {}),
  row(PRIORITY_CLASSES, {}),
  row(RUNTIME_CLASSES, {}),
  row(CERTIFICATE_SIGNING_REQUESTS, { hasStatus: true }),
  row(VALIDATING_WEBHOOK_CONFIGURATIONS, { hasGeneration: true }),
  row(MUTATING_WEBHOOK_CONFIGURATIONS, { hasGeneration: true }),
  row(CUSTOM_RESOURCE_DEFINITIONS, { hasStatus: true, hasGeneration: true }),
]
