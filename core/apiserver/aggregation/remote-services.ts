/**
 * The extension API servers there are, kept current by a watch: for which group-versions, with what priority, and
 * whether they answer. No I/O of its own.
 */

import { isAvailable } from '../../api/api-service.ts'
import type { APIService } from '../../api/generated/apiregistration-v1.ts'
import type { DiscoveryPriority } from '../../api/group-priority.ts'
import { API_SERVICES } from '../../api/scheme.ts'
import type { Registry } from '../registry/registry.ts'
import type { ExtensionService } from './extension-service.ts'
import { extensionService } from './extension-service.ts'

export interface RemoteService {
  readonly name: string
  /** of this registration: another one under the same name has another */
  readonly uid: string
  readonly service: ExtensionService
  readonly priority: DiscoveryPriority
  readonly isAvailable: boolean
}

export class RemoteServices implements Disposable {
  readonly #byVersion = new Map<string, RemoteService>()
  readonly #unwatch: () => void

  /** @param changed called after every change of one that is, or was, remote */
  constructor(registry: Registry, changed: () => void) {
    this.#unwatch = registry.watch(API_SERVICES, {}, (event) => {
      if (event.type !== 'BOOKMARK' && this.#take(event.object as APIService, event.type === 'DELETED'))
        changed()
    })
  }

  find(group: string, version: string): RemoteService | undefined {
    return this.#byVersion.get(`${group}/${version}`)
  }

  all(): readonly RemoteService[] {
    return [...this.#byVersion.values()]
  }

  [Symbol.dispose](): void {
    this.#unwatch()
  }

  /** @returns whether it concerns a remote one */
  #take(one: APIService, isDeleted: boolean): boolean {
    const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0 } = one.spec ?? {}
    const key = `${group}/${version}`
    const service = isDeleted ? undefined : extensionService(one)
    if (service === undefined) return this.#byVersion.delete(key)
    const priority = { group: groupPriorityMinimum, version: versionPriority }
    const { name, uid = '' } = one.metadata
    this.#byVersion.set(key, { name, uid, service, priority, isAvailable: isAvailable(one) })
    return true
  }
}
