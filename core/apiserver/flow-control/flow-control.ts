/**
 * Priority and fairness: which flow a request is part of, by the FlowSchemas and PriorityLevelConfigurations as they
 * are now, and when it may begin. Pure but for its watches and the counts it holds.
 */

import type { Clock } from '../../../host/host.ts'
import { MANDATORY_FLOW_SCHEMAS, MANDATORY_PRIORITY_LEVELS } from '../../api/flow-control-defaults.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/generated/flowcontrol-v1.ts'
import type { Resource } from '../../api/resource.ts'
import { FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS } from '../../api/scheme.ts'
import type { Attributes } from '../authorization/attributes.ts'
import type { Registry } from '../registry/registry.ts'
import type { Headers } from '../requests/request.ts'
import type { Flow, Lane } from './flow.ts'
import { flowOf, lanesOf } from './flow.ts'
import { flowMetrics } from './flow-metrics.ts'
import { PriorityLevels } from './priority-levels.ts'

/** kube-apiserver's --max-requests-inflight and --max-mutating-requests-inflight together */
const TOTAL_SEATS = 600

export class FlowControl implements Disposable {
  readonly #registry: Pick<Registry, 'list' | 'watch'>
  readonly #levels: PriorityLevels
  readonly #unwatch: readonly (() => void)[]
  #lanes: readonly Lane[] | undefined

  constructor(registry: Pick<Registry, 'list' | 'watch'>, clock: Pick<Clock, 'sleep'>) {
    this.#registry = registry
    this.#levels = new PriorityLevels(clock, TOTAL_SEATS)
    const forget = (): void => void (this.#lanes = undefined)
    this.#unwatch = [FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS].map((each) =>
      registry.watch(each, {}, forget),
    )
  }

  /** @returns the flow; undefined when, against upstream's rules, none is for everybody */
  flowOf(attributes: Attributes): Flow | undefined {
    this.#lanes ??= this.#read()
    return flowOf(this.#lanes, attributes)
  }

  /** As PriorityLevels.enter. */
  enter(flow: Flow, signal: AbortSignal): Promise<Disposable> {
    return this.#levels.enter(flow, signal)
  }

  /** Prometheus text */
  metrics(): string {
    return flowMetrics(this.#levels)
  }

  [Symbol.dispose](): void {
    for (const end of this.#unwatch) end()
  }

  #read(): readonly Lane[] {
    const schemas = this.#all(FLOW_SCHEMAS, MANDATORY_FLOW_SCHEMAS)
    const levels = this.#all(PRIORITY_LEVEL_CONFIGURATIONS, MANDATORY_PRIORITY_LEVELS)
    this.#levels.configure(levels)
    return lanesOf(schemas, new Map(levels.map((level) => [level.metadata.name, level])))
  }

  /** Those that nobody may change count also where they were not made yet. */
  #all<T extends FlowSchema | PriorityLevelConfiguration>(
    resource: Resource<T>,
    mandatory: readonly T[],
  ): readonly T[] {
    const stored = this.#registry.list(resource, {}).items as readonly T[]
    const names = new Set(stored.map(({ metadata }) => metadata.name))
    return [...stored, ...mandatory.filter(({ metadata }) => !names.has(metadata.name))]
  }
}

/** What an answer tells of its flow: identities, since names may say too much. */
export function flowHeaders({ schema, level }: Flow): Headers {
  const { uid: schemaUid } = schema.metadata
  const { uid: levelUid } = level.metadata
  if (schemaUid === undefined || levelUid === undefined) return {}
  return {
    'X-Kubernetes-PF-FlowSchema-UID': schemaUid,
    'X-Kubernetes-PF-PriorityLevel-UID': levelUid,
  }
}
