/** Defaults of FlowSchemas and priority levels (kubernetes/kubernetes pkg/apis/flowcontrol/v1/defaults.go). Pure. */

import type {
  ExemptPriorityLevelConfiguration,
  FlowSchema,
  LimitedPriorityLevelConfiguration,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from '../generated/flowcontrol-v1.ts'

/** A precedence of 0 is none given. */
export function defaultFlowSchema(flow: FlowSchema): FlowSchema {
  return { ...flow, spec: { ...flow.spec, matchingPrecedence: flow.spec.matchingPrecedence || 1000 } }
}

export function defaultPriorityLevel(level: PriorityLevelConfiguration): PriorityLevelConfiguration {
  const { limited, exempt } = level.spec
  return {
    ...level,
    spec: {
      ...level.spec,
      ...(limited ? { limited: defaultLimited(limited) } : {}),
      ...(exempt ? { exempt: defaultExempt(exempt) } : {}),
    },
  }
}

/** Shares of 0 are what they say, and not none given. */
function defaultLimited(limited: LimitedPriorityLevelConfiguration): LimitedPriorityLevelConfiguration {
  const { limitResponse } = limited
  const { queuing } = limitResponse
  return {
    ...limited,
    nominalConcurrencyShares: limited.nominalConcurrencyShares ?? 30,
    lendablePercent: limited.lendablePercent ?? 0,
    limitResponse: queuing ? { ...limitResponse, queuing: defaultQueuing(queuing) } : limitResponse,
  }
}

const defaultExempt = (exempt: ExemptPriorityLevelConfiguration): ExemptPriorityLevelConfiguration => ({
  nominalConcurrencyShares: exempt.nominalConcurrencyShares ?? 0,
  lendablePercent: exempt.lendablePercent ?? 0,
})

const defaultQueuing = (queuing: QueuingConfiguration): QueuingConfiguration => ({
  queues: queuing.queues || 64,
  handSize: queuing.handSize || 8,
  queueLengthLimit: queuing.queueLengthLimit || 50,
})
