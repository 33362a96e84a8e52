/** Rules of the groups apps, batch, autoscaling and policy. */

import { defaultDeployment, defaultReplicaSet } from '../defaults/workloads.ts'
import { replicaSetFields } from '../selectable-fields.ts'
import {
  validateDeployment,
  validateDeploymentUpdate,
  validateReplicaSet,
  validateReplicaSetUpdate,
  validateReplicaStatus,
} from '../validation/workloads.ts'
import {
  DEPLOYMENTS,
  REPLICA_SETS,
  STATEFUL_SETS,
  DAEMON_SETS,
  CONTROLLER_REVISIONS,
  JOBS,
  CRON_JOBS,
  HORIZONTAL_POD_AUTOSCALERS,
  POD_DISRUPTION_BUDGETS,
} from '../scheme/workloads.ts'
import type { RulesEntry } from './row.ts'
import { row } from './row.ts'

export const WORKLOAD_RULES: readonly RulesEntry[] = [
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
  row(STATEFUL_SETS, { hasStatus: true, hasGeneration: true }),
  row(DAEMON_SETS, { hasStatus: true, hasGeneration: true }),
  row(CONTROLLER_REVISIONS, {}),
  row(JOBS, { hasStatus: true, hasGeneration: true }),
  row(CRON_JOBS, { hasStatus: true, hasGeneration: true }),
  row(HORIZONTAL_POD_AUTOSCALERS, { hasStatus: true, hasGeneration: true }),
  row(POD_DISRUPTION_BUDGETS, { hasStatus: true, hasGeneration: true }),
]
