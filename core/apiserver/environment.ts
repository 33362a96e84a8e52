/** What the registry's operations work with: made once by ./object-registry.ts and handed to each. Types only. */

import type { KubernetesObject } from '../api/object.ts'
import type { ResourceInfo } from '../api/resource.ts'
import type { ClusterFacts, KindRules } from '../api/rules.ts'
import type { Store } from '../store/store.ts'
import type { Clock, Random } from '../../host/host.ts'
import type { SchemaTypes } from './schema-type.ts'
import type { ServiceAllocations } from './services/service-allocations.ts'

export interface Environment {
  readonly store: Store
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  readonly facts: ClusterFacts
  readonly rulesFor: (resource: ResourceInfo) => KindRules
  readonly schemas: SchemaTypes
  readonly services: ServiceAllocations
}

/** An object of which more than the metadata is looked at, kind unknown. */
export type AnyObject = KubernetesObject & { readonly [field: string]: unknown }
