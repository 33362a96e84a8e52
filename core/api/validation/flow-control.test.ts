/** What kube-apiserver 1.34 was seen to say of FlowSchemas and priority levels, new and changed. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { defaulted, faultsOf, statusFaultsOf, updateFaultsOf } from '../../../test/support/kind-rules.ts'
import {
  MANDATORY_FLOW_SCHEMAS,
  MANDATORY_PRIORITY_LEVELS,
  SUGGESTED_FLOW_SCHEMAS,
  SUGGESTED_PRIORITY_LEVELS,
} from '../flow-control-defaults.ts'
import { FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS } from '../scheme.ts'

/** [what it is, the resource, the object, faults]; an object that was there already had none */
type Case = readonly [string, string, object, readonly string[]]

const CASES = JSON.parse(
  readFileSync(new URL('flow-control-cases.json', import.meta.url), 'utf8'),
) as readonly Case[]

const resourceOf = (name: string) => (name === 'flowschemas' ? FLOW_SCHEMAS : PRIORITY_LEVEL_CONFIGURATIONS)

describe('a new object', () => {
  it.each(CASES)('%s (%s)', (_, resource, body, faults) => {
    expect(faultsOf(resourceOf(resource), body)).toEqual(faults)
  })
})

describe('a changed object is judged as a new one', () => {
  const OLD = {
    flowschemas: { spec: { priorityLevelConfiguration: { name: 'a' } } },
    prioritylevelconfigurations: {
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
    },
  } as const
  const unnamed = CASES.filter(
    ([, , body]) => (body as { metadata: { name: string } }).metadata.name === 'flow-x',
  )
  it.each(unnamed)('%s (%s)', (_, resource, body, faults) => {
    const metadata = { name: 'flow-x' }
    const old = { metadata, ...OLD[resource as keyof typeof OLD] }
    expect(updateFaultsOf(resourceOf(resource), body, old)).toEqual(faults)
  })
})

it('has conditions of different types', () => {
  const status = { conditions: [{ type: 'A' }, { type: 'A' }, {}, {}] }
  for (const resource of [FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS])
    expect(statusFaultsOf(resource, { status }, {})).toEqual([
      'status.conditions[1].type: Duplicate value: "A"',
      'status.conditions[2].type: Required value',
      'status.conditions[3].type: Duplicate value: ""',
      'status.conditions[3].type: Required value',
    ])
})

it('is completed', () => {
  expect(defaulted(FLOW_SCHEMAS, { spec: {} }).spec.matchingPrecedence).toBe(1000)
  const limitResponse = { type: 'Queue', queuing: { handSize: 3 } }
  const level = defaulted(PRIORITY_LEVEL_CONFIGURATIONS, { spec: { limited: { limitResponse }, exempt: {} } })
  expect(level.spec).toMatchObject({
    limited: {
      nominalConcurrencyShares: 30,
      lendablePercent: 0,
      limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 3, queueLengthLimit: 50 } },
    },
    exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 },
  })
})

it.each([
  [FLOW_SCHEMAS, [...MANDATORY_FLOW_SCHEMAS, ...SUGGESTED_FLOW_SCHEMAS]],
  [PRIORITY_LEVEL_CONFIGURATIONS, [...MANDATORY_PRIORITY_LEVELS, ...SUGGESTED_PRIORITY_LEVELS]],
] as const)('is whole and without fault when a cluster is born with it (%#)', (resource, born) => {
  for (const one of born) {
    expect(faultsOf(resource, one)).toEqual([])
    expect(defaulted<typeof one>(resource as never, one).spec).toEqual(one.spec)
  }
})
