/**
 * Gives definitions the names they asked for once another one lets go of them.
 * kubernetes/apiextensions-apiserver pkg/controller/status/naming_controller.go.
 */

import { isApiError } from '../../api/api-error.ts'
import { hasCondition } from '../../api/custom-resource.ts'
import type { CustomResourceDefinition } from '../../api/generated/apiextensions-v1.ts'
import { CUSTOM_RESOURCE_DEFINITIONS } from '../../api/scheme.ts'
import type { Environment } from '../registry/environment.ts'
import type { RequestContext } from '../registry/registry.ts'
import { storagePrefix } from '../registry/storage-key.ts'
import { updateObject } from '../objects/update.ts'

export class DefinitionNames implements Disposable {
  readonly #env: Environment
  readonly #failed: (error: unknown) => void
  readonly #prefix = storagePrefix(CUSTOM_RESOURCE_DEFINITIONS)
  readonly #unwatch: () => void
  #isDisposed = false

  /** @param failed told of what went wrong with one definition; it is tried again when another one goes */
  constructor(env: Environment, failed: (error: unknown) => void) {
    this.#env = env
    this.#failed = failed
    const { revision } = env.store.range(this.#prefix)
    this.#unwatch = env.store.watch(this.#prefix, revision, (events) => {
      for (const { kind, value } of events) {
        if (kind !== 'put') this.#freed(value as CustomResourceDefinition)
      }
    })
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#unwatch()
  }

  #freed(gone: CustomResourceDefinition): void {
    for (const { value } of this.#env.store.range(this.#prefix).values) {
      const crd = value as CustomResourceDefinition
      if (crd.spec.group !== gone.spec.group || hasCondition(crd, 'NamesAccepted')) continue
      this.#lookAgain(crd.metadata.name).catch((error: unknown) => {
        if (!this.#isDisposed && !isApiError(error, 'NotFound')) this.#failed(error)
      })
    }
  }

  /** An update that changes nothing: the server judges the names with every one. */
  async #lookAgain(name: string): Promise<void> {
    await updateObject(this.#env, {
      resource: CUSTOM_RESOURCE_DEFINITIONS,
      name: { name },
      context: CONTEXT,
      wanted(current) {
        if (current === undefined) throw new Error(`the definition ${name} went while its names were judged`)
        return { object: current, hasOwners: true }
      },
    })
  }
}

const CONTEXT: RequestContext = {
  user: { name: 'system:apiserver', groups: ['system:masters'] },
  fieldManager: 'kube-apiserver',
  warn: () => undefined,
}
