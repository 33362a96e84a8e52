/**
 * Deletes the objects of a definition that is being deleted, and lets it go when there are none left.
 * kubernetes/apiextensions-apiserver pkg/controller/finalizer/crd_finalizer.go.
 */

import { isApiError } from '../../api/api-error.ts'
import { CLEANUP_FINALIZER, rowOf, storageVersion } from '../../api/custom-resource.ts'
import type { CustomResourceDefinition } from '../../api/generated/apiextensions-v1.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { CUSTOM_RESOURCE_DEFINITIONS } from '../../api/scheme.ts'
import type { Store } from '../../store/store.ts'
import { deleteAdmitted } from '../objects/delete.ts'
import type { Environment } from '../registry/environment.ts'
import type { RequestContext } from '../registry/registry.ts'
import { storagePrefix } from '../registry/storage-key.ts'
import { updateObject } from '../objects/update.ts'

export class DefinitionCleanup implements Disposable {
  readonly #env: Environment
  readonly #failed: (error: unknown) => void
  readonly #running = new Map<string, AbortController>()
  readonly #unwatch: () => void

  /** @param failed told of what went wrong with one definition; it is tried again with its next change */
  constructor(env: Environment, failed: (error: unknown) => void) {
    this.#env = env
    this.#failed = failed
    const prefix = storagePrefix(CUSTOM_RESOURCE_DEFINITIONS)
    const { revision, values } = env.store.range(prefix)
    for (const { value } of values) this.#look(value as CustomResourceDefinition)
    this.#unwatch = env.store.watch(prefix, revision, (events) => {
      for (const { kind, value } of events) if (kind === 'put') this.#look(value as CustomResourceDefinition)
    })
  }

  [Symbol.dispose](): void {
    this.#unwatch()
    for (const running of this.#running.values()) running.abort()
  }

  #look(crd: CustomResourceDefinition): void {
    const { name, deletionTimestamp, finalizers = [] } = crd.metadata
    if (deletionTimestamp === undefined || !finalizers.includes(CLEANUP_FINALIZER) || this.#running.has(name))
      return
    const stop = new AbortController()
    this.#running.set(name, stop)
    this.#cleanUp(crd, stop.signal)
      .catch((error: unknown) => {
        if (!stop.signal.aborted) this.#failed(error)
      })
      .finally(() => this.#running.delete(name))
  }

  async #cleanUp(crd: CustomResourceDefinition, signal: AbortSignal): Promise<void> {
    const version = storageVersion(crd)
    if (version !== undefined) await this.#deleteAll(rowOf(crd, version), signal)
    if (signal.aborted) return
    const { name } = crd.metadata
    await updateObject(this.#env, {
      resource: CUSTOM_RESOURCE_DEFINITIONS,
      name: { name },
      context: CONTEXT,
      wanted(current) {
        const finalizers = (current?.metadata.finalizers ?? []).filter((each) => each !== CLEANUP_FINALIZER)
        const object = current ?? crd
        return { object: { ...object, metadata: { ...object.metadata, finalizers } }, isFinal: true }
      },
    }).catch((error: unknown) => {
      if (!isApiError(error, 'NotFound')) throw error
    })
  }

  /** Resolves when none is left: those with finalizers go when these are done. */
  async #deleteAll(resource: ResourceInfo, signal: AbortSignal): Promise<void> {
    const { store } = this.#env
    const prefix = storagePrefix(resource)
    for (const { value } of store.range(prefix).values) {
      if (value.metadata.deletionTimestamp !== undefined) continue
      const { name, namespace } = value.metadata
      // Those that are gone meanwhile are what was wanted.
      await deleteAdmitted(
        this.#env,
        resource,
        { name, namespace },
        { propagationPolicy: 'Background' },
        CONTEXT,
      ).catch((error: unknown) => {
        if (!isApiError(error, 'NotFound')) throw error
      })
    }
    await emptied(store, prefix, signal)
  }
}

const CONTEXT: RequestContext = {
  user: { name: 'system:apiserver', groups: ['system:masters'] },
  fieldManager: 'kube-apiserver',
  warn: () => undefined,
}

function emptied(store: Store, prefix: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const isDone = (): boolean => signal.aborted || store.range(prefix).values.length === 0
    if (isDone()) return resolve()
    const end = (): void => {
      if (!isDone()) return
      unwatch()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const unwatch = store.watch(prefix, store.revision, end)
    signal.addEventListener('abort', end)
  })
}
