/** What the registry's operations work with: made once by ../object-registry.ts and handed to each. Types only. */

import type { KubernetesObject } from '../../api/object.ts'
import type { ClusterFacts } from '../../api/rules.ts'
import type { Store } from '../../store/store.ts'
import type { Clock, Random } from '../../../host/host.ts'
import type { EnabledPlugins } from '../admission/plugins.ts'
import type { AdmissionPolicies } from '../admission/policies/policies.ts'
import type { Webhooks } from '../admission/webhooks/webhooks.ts'
import type { Access } from '../authorization/access.ts'
import type { ServedKinds } from './kinds.ts'
import type { ServiceAllocations } from '../services/service-allocations.ts'

export interface Environment {
  readonly store: Store
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  readonly facts: ClusterFacts
  readonly kinds: ServedKinds
  readonly access: Access
  /** the steps of admission that are on */
  readonly plugins: EnabledPlugins
  readonly policies: AdmissionPolicies
  /** undefined: no webhook can be called from here */
  readonly webhooks: Webhooks | undefined
  readonly services: ServiceAllocations
}

/** An object of which more than the metadata is looked at, kind unknown. */
export type AnyObject = KubernetesObject & { readonly [field: string]: unknown }
