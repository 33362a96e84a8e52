/** The store as admission sees it: objects by resource and name. */

import type { ClusterView } from '../admission/admission-request.ts'
import { storageKey, storagePrefix } from './storage-key.ts'
import type { Store } from '../../store/store.ts'

export function clusterView(store: Store): ClusterView {
  return {
    get: (resource, name) => store.get(storageKey(resource, name))?.value,
    list: (resource, namespace) =>
      store.range(storagePrefix(resource, namespace)).values.map(({ value }) => value),
  }
}
