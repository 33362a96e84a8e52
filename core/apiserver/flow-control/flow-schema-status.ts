/**
 * Tells every FlowSchema whether the level it names is there, for as long as the server runs; and every minute puts
 * back what a cluster is born with (./bootstrap.ts).
 * kubernetes/apiserver pkg/util/flowcontrol/apf_controller.go, kubernetes/kubernetes pkg/registry/flowcontrol/rest.
 */

import { isApiError } from '../../api/api-error.ts'
import type { FlowSchema, FlowSchemaCondition } from '../../api/generated/flowcontrol-v1.ts'
import { FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS } from '../../api/scheme.ts'
import { timestamp } from '../../api/timestamp.ts'
import type { Clock } from '../../../host/host.ts'
import { ensureFlowControl } from './bootstrap.ts'
import { inProcessClient } from '../in-process-client.ts'
import type { Registry } from '../registry/registry.ts'
import type { Upkeep, UpkeepOptions } from '../registry/upkeep.ts'
import { ownContext, startUpkeep } from '../registry/upkeep.ts'

const CONTEXT = ownContext('api-priority-and-fairness-config-consumer-v1')
const ENSURE_MS = 60_000

/** Disposing of what is returned ends it. */
export function keepFlowControl(options: UpkeepOptions): Upkeep {
  const status = new FlowControlStatus(options)
  return startUpkeep(options, {
    name: 'flow control',
    watches: [
      [FLOW_SCHEMAS, {}],
      [PRIORITY_LEVEL_CONFIGURATIONS, {}],
    ],
    resyncIntervalMs: ENSURE_MS,
    sync: () => status.sync(),
  })
}

class FlowControlStatus {
  readonly #options: { readonly registry: Registry; readonly clock: Clock }
  /** Those of the start are made by whoever starts the server. */
  #ensuredMs: number

  constructor(options: { readonly registry: Registry; readonly clock: Clock }) {
    this.#options = options
    this.#ensuredMs = options.clock.monotonic()
  }

  async sync(): Promise<void> {
    const { registry, clock } = this.#options
    if (clock.monotonic() - this.#ensuredMs >= ENSURE_MS) {
      await ensureFlowControl(
        inProcessClient(registry, { user: CONTEXT.user.name, fieldManager: 'kube-apiserver' }),
      )
      this.#ensuredMs = clock.monotonic()
    }
    const levels = new Set(
      registry.list(PRIORITY_LEVEL_CONFIGURATIONS, {}).items.map(({ metadata }) => metadata.name),
    )
    const flows = registry.list(FLOW_SCHEMAS, {}).items as readonly FlowSchema[]
    await Promise.all(
      flows.map(async (flow) => {
        const condition = danglingCondition(flow, levels, clock.now())
        if (condition !== undefined) await this.#tell(flow, condition)
      }),
    )
  }

  async #tell(
    { apiVersion, kind, metadata: { name } }: FlowSchema,
    condition: FlowSchemaCondition,
  ): Promise<void> {
    const patch = { apiVersion, kind, metadata: { name }, status: { conditions: [condition] } }
    const request = { type: 'apply', patch, force: true, subresource: 'status' } as const
    await this.#options.registry.patch(FLOW_SCHEMAS, { name }, request, CONTEXT).catch((error: unknown) => {
      // Gone meanwhile.
      if (!isApiError(error, 'NotFound')) throw error
    })
  }
}

/** @returns what the FlowSchema is to be told; undefined when it is told already */
export function danglingCondition(
  { spec, status }: FlowSchema,
  levels: ReadonlySet<string>,
  nowMs: number,
): FlowSchemaCondition | undefined {
  const { name } = spec.priorityLevelConfiguration
  const isDangling = !levels.has(name)
  const outcome = isDangling ? 'but there is no such object' : 'and it exists'
  const wanted = {
    status: isDangling ? 'True' : 'False',
    reason: isDangling ? 'NotFound' : 'Found',
    message: `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)} ${outcome}`,
  }
  const told = status?.conditions?.find(({ type }) => type === 'Dangling')
  const isTold =
    told?.status === wanted.status && told.reason === wanted.reason && told.message === wanted.message
  return isTold ? undefined : { type: 'Dangling', lastTransitionTime: timestamp(nowMs), ...wanted }
}
