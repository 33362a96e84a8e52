/**
 * The graph of ./node-graph.ts over what is in the store: made when a node first asks for something, and kept from
 * then on.
 */

import type { ResourceInfo } from '../../api/resource.ts'
import { PERSISTENT_VOLUMES, PODS, RESOURCE_SLICES, VOLUME_ATTACHMENTS } from '../../api/scheme.ts'
import type { Store } from '../../store/store.ts'
import { storagePrefix } from '../registry/storage-key.ts'
import { NodeGraph } from './node-graph.ts'

const SOURCES: readonly ResourceInfo[] = [PODS, PERSISTENT_VOLUMES, VOLUME_ATTACHMENTS, RESOURCE_SLICES]

export class LiveNodeGraph implements Disposable {
  readonly #store: Store
  #graph: NodeGraph | undefined
  #unwatch: readonly (() => void)[] = []

  constructor(store: Store) {
    this.#store = store
  }

  get current(): NodeGraph {
    this.#graph ??= this.#build()
    return this.#graph
  }

  [Symbol.dispose](): void {
    for (const end of this.#unwatch) end()
    this.#unwatch = []
    this.#graph = undefined
  }

  #build(): NodeGraph {
    const graph = new NodeGraph()
    this.#unwatch = SOURCES.map((resource) => {
      const prefix = storagePrefix(resource)
      const { revision, values } = this.#store.range(prefix)
      for (const { value } of values) graph.add(value)
      return this.#store.watch(prefix, revision, (events) => {
        for (const { kind, value, previous } of events) {
          const before = kind === 'put' ? previous : value
          if (before !== undefined) graph.remove(before)
          if (kind === 'put') graph.add(value)
        }
      })
    })
    return graph
  }
}
