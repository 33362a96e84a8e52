/** PriorityLevelConfigurations (kubernetes/kubernetes pkg/apis/flowcontrol/validation/validation.go). Pure. */

import { isSameValue } from '../equality.ts'
import { MANDATORY_PRIORITY_LEVELS } from '../flow-control-defaults.ts'
import type {
  LimitResponse,
  LimitedPriorityLevelConfiguration,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../generated/flowcontrol-v1.ts'
import type { Faults } from './faults.ts'
import { forbiddenField, invalidValue, notSupported, required, when } from './faults.ts'
import { validateFlowConditions } from './flow-schema.ts'

/** Of an older version alone: it says there what v1 says by itself. */
const PRESERVES_ZERO = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares'

/** Faults of a priority level, metadata aside. */
export function validatePriorityLevel({ metadata, spec }: PriorityLevelConfiguration): Faults {
  return [
    ...when(metadata.annotations?.[PRESERVES_ZERO] !== undefined, () =>
      forbiddenField('metadata.annotations', `annotation '${PRESERVES_ZERO}' is forbidden`),
    ),
    ...validateSpec(spec, metadata.name),
    ...validateFixed(spec, metadata.name),
  ]
}

export const validatePriorityLevelStatus = ({ status }: PriorityLevelConfiguration): Faults =>
  validateFlowConditions(status?.conditions ?? [])

/** What is in `exempt` of the level of that name is its owner's. */
function validateFixed(spec: PriorityLevelConfigurationSpec, name: string): Faults {
  const fixed = MANDATORY_PRIORITY_LEVELS.find((one) => one.metadata.name === name)?.spec
  if (fixed === undefined) return []
  const isExempt = name === 'exempt'
  const judged = isExempt ? { ...spec, exempt: fixed.exempt } : spec
  const except = isExempt ? " except the 'spec.exempt' field" : ''
  return when(!isSameValue(judged, fixed), () =>
    invalidValue('spec', shownSpec(spec), `spec of '${name}'${except} must equal the fixed value`),
  )
}

function validateSpec(spec: PriorityLevelConfigurationSpec, name: string): Faults {
  const { type, limited, exempt } = spec
  return [
    ...when((name === 'exempt') !== (type === 'Exempt'), () =>
      invalidValue('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'"),
    ),
    ...validateByType({ type, limited, exempt }),
  ]
}

function validateByType({ type, limited, exempt }: PriorityLevelConfigurationSpec): Faults {
  switch (type) {
    case 'Exempt':
      return [
        ...when(limited, () => forbiddenField('spec.limited', 'must be nil if the type is not Limited')),
        ...(exempt
          ? [
              ...validateShares('spec.exempt', exempt.nominalConcurrencyShares),
              ...validateLendable('spec.exempt', exempt.lendablePercent),
            ]
          : []),
      ]
    case 'Limited':
      return [
        ...when(exempt, () => forbiddenField('spec.exempt', 'must be nil if the type is Limited')),
        ...(limited
          ? validateLimited(limited, 'spec.limited')
          : [required('spec.limited', 'must not be empty when type is Limited')]),
      ]
    default:
      return [notSupported('spec.type', type, ['Exempt', 'Limited'])]
  }
}

function validateShares(at: string, shares = 0): Faults {
  return when(shares < 0, () =>
    invalidValue(`${at}.nominalConcurrencyShares`, shares, 'must be a non-negative integer'),
  )
}

function validateLendable(at: string, percent = 0): Faults {
  return when(percent < 0 || percent > 100, () =>
    invalidValue(`${at}.lendablePercent`, percent, 'must be between 0 and 100, inclusive'),
  )
}

function validateLimited(limited: LimitedPriorityLevelConfiguration, at: string): Faults {
  const { borrowingLimitPercent: borrowed = 0 } = limited
  return [
    ...validateShares(at, limited.nominalConcurrencyShares),
    ...validateResponse(limited.limitResponse, `${at}.limitResponse`),
    ...validateLendable(at, limited.lendablePercent),
    ...when(borrowed < 0, () =>
      invalidValue(`${at}.borrowingLimitPercent`, borrowed, 'if specified, must be a non-negative integer'),
    ),
  ]
}

/** Upstream says Limited where it means Queue. */
function validateResponse({ type, queuing }: LimitResponse, at: string): Faults {
  switch (type) {
    case 'Reject':
      return when(queuing, () =>
        forbiddenField(`${at}.queuing`, 'must be nil if limited.limitResponse.type is not Limited'),
      )
    case 'Queue':
      return queuing
        ? validateQueuing(queuing, `${at}.queuing`)
        : [required(`${at}.queuing`, 'must not be empty if limited.limitResponse.type is Limited')]
    default:
      return [notSupported(`${at}.type`, type, ['Queue', 'Reject'])]
  }
}

const MAX_QUEUES = 10_000_000

function validateQueuing(queuing: QueuingConfiguration, at: string): Faults {
  const { queues = 0, handSize = 0, queueLengthLimit: length = 0 } = queuing
  const hand = handFault(queues, handSize)
  return [
    ...when(length <= 0, () => invalidValue(`${at}.queueLengthLimit`, length, 'must be positive')),
    ...when(queues <= 0, () => invalidValue(`${at}.queues`, queues, 'must be positive')),
    ...when(queues > MAX_QUEUES, () =>
      invalidValue(`${at}.queues`, queues, `must not be greater than ${MAX_QUEUES}`),
    ),
    ...when(hand, () => invalidValue(`${at}.handSize`, handSize, hand ?? '')),
  ]
}

/** Hands are dealt by the bits of one hash. */
const MAX_HASH_BITS = 60

function handFault(queues: number, handSize: number): string | undefined {
  if (handSize <= 0) return 'must be positive'
  if (handSize > queues) return `should not be greater than queues (${queues})`
  if (Math.ceil(Math.log2(queues) * handSize) <= MAX_HASH_BITS) return undefined
  return `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${MAX_HASH_BITS}`
}

/** As upstream shows its internal type. */
const shownSpec = ({ type, limited, exempt }: PriorityLevelConfigurationSpec): unknown => ({
  Type: type,
  Limited: limited ? shownLimited(limited) : null,
  Exempt: exempt
    ? {
        NominalConcurrencyShares: exempt.nominalConcurrencyShares ?? null,
        LendablePercent: exempt.lendablePercent ?? null,
      }
    : null,
})

const shownLimited = (limited: LimitedPriorityLevelConfiguration): unknown => {
  const { type, queuing } = limited.limitResponse
  const { queues, handSize, queueLengthLimit } = queuing ?? {}
  return {
    NominalConcurrencyShares: limited.nominalConcurrencyShares ?? 0,
    LimitResponse: {
      Type: type,
      Queuing: queuing ? { Queues: queues, HandSize: handSize, QueueLengthLimit: queueLengthLimit } : null,
    },
    LendablePercent: limited.lendablePercent ?? null,
    BorrowingLimitPercent: limited.borrowingLimitPercent ?? null,
  }
}
