/** All controllers of a cluster, started and stopped as one. */

import type { SecretTokenGrant } from '../api/token-secret.ts'
import type { Healthy } from '../client/worker-health.ts'
import type { RunnerOptions } from './runner.ts'
import { runController } from './runner.ts'
import { admissionPolicyStatusController } from './admission-policy-status.ts'
import { clusterRoleAggregationController } from './cluster-role-aggregation.ts'
import { deploymentController } from './deployment.ts'
import { disruptionController } from './disruption.ts'
import { endpointsController } from './endpoints.ts'
import { endpointSliceController } from './endpointslice.ts'
import { garbageCollector } from './garbage-collector.ts'
import { loadBalancerController } from './load-balancer.ts'
import { namespaceController } from './namespace.ts'
import { replicaSetController } from './replicaset.ts'
import { resourceQuotaController } from './resource-quota.ts'
import { serviceAccountController } from './service-account.ts'
import { tokenSecretController } from './token-secrets.ts'

export interface ControllersOptions extends RunnerOptions {
  /** PEM, for ConfigMap kube-root-ca.crt */
  readonly caCertificate: string
  readonly loadBalancerCIDR: string
  /** tokens of service accounts, for Secrets; absent: Secrets get none */
  readonly signToken?: ((grant: SecretTokenGrant) => string) | undefined
}

export function startControllers(options: ControllersOptions): AsyncDisposable & Healthy {
  const { caCertificate, signToken: sign } = options
  const running = [
    runController(namespaceController, options),
    runController(serviceAccountController(caCertificate), options),
    runController(deploymentController, options),
    runController(replicaSetController, options),
    runController(endpointSliceController, options),
    runController(endpointsController, options),
    runController(loadBalancerController(options.loadBalancerCIDR), options),
    runController(garbageCollector, options),
    runController(resourceQuotaController, options),
    runController(clusterRoleAggregationController, options),
    runController(disruptionController, options),
    runController(admissionPolicyStatusController, options),
    ...(sign ? [runController(tokenSecretController({ caCertificate, sign }), options)] : []),
  ]
  return {
    async healthy(signal) {
      await Promise.all(running.map((one) => one.healthy(signal)))
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map((one) => one[Symbol.asyncDispose]()))
    },
  }
}
