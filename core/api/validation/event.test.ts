import { describe, expect, it } from 'vitest'
import { faultsOf, updateFaultsOf } from '../../../test/support/kind-rules.ts'
import { EVENTS, NEW_EVENTS } from '../scheme.ts'

const complete = {
  eventTime: '2026-01-01T00:00:00.000000Z',
  reportingController: 'example.com/c',
  reportingInstance: 'c-1',
  action: 'Do',
  reason: 'Done',
  regarding: { namespace: 'ns' },
  type: 'Normal',
}

describe('an event of core/v1', () => {
  it.each<[string, object, readonly string[]]>([
    ['beside its object', { involvedObject: { namespace: 'ns' } }, []],
    ['of a node, in default', { metadata: { namespace: 'default' }, involvedObject: {} }, []],
    ['has any name', { metadata: { name: 'A_b' }, involvedObject: { namespace: 'ns' } }, []],
    [
      'elsewhere',
      { involvedObject: { namespace: 'other' } },
      ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
    ],
    [
      'of the newer recorder, empty',
      { eventTime: complete.eventTime, involvedObject: { namespace: 'ns' } },
      [
        'reportingComponent: Required value',
        'reportingComponent: Invalid value: "": name part must be non-empty',
        expect.stringMatching(/^reportingComponent: Invalid value: "": name part must consist of/),
        'reportingInstance: Required value',
        'action: Required value',
        'reason: Required value',
      ],
    ],
  ])('%s', (_name, event, faults) => {
    expect(faultsOf(EVENTS, event)).toEqual(faults)
  })
})

describe('an event of events.k8s.io/v1', () => {
  it.each<[string, object, readonly string[]]>([
    ['complete', complete, []],
    [
      'without its time, of no type',
      { regarding: { namespace: 'ns' } },
      ['eventTime: Required value', 'type: Invalid value: "": has invalid value: '],
    ],
    [
      'with what only the older recorder writes',
      {
        ...complete,
        deprecatedCount: 1,
        deprecatedSource: { host: 'h' },
        deprecatedFirstTimestamp: '2026-01-01T00:00:00Z',
      },
      [
        'firstTimestamp: Invalid value: "": needs to be unset',
        'count: Invalid value: "": needs to be unset',
        'source: Invalid value: "": needs to be unset',
      ],
    ],
    [
      'too long',
      { ...complete, action: 'x'.repeat(129), note: 'x'.repeat(1025), series: { count: 1 } },
      [
        'action: Invalid value: "": can have at most 128 characters',
        'message: Invalid value: "": can have at most 1024 characters',
        'series.count: Invalid value: "": should be at least 2',
        'series.lastObservedTime: Required value',
      ],
    ],
  ])('%s', (_name, event, faults) => {
    expect(faultsOf(NEW_EVENTS, event)).toEqual(faults)
  })

  it('changes in its series only', () => {
    const series = { count: 2, lastObservedTime: complete.eventTime }
    expect(updateFaultsOf(NEW_EVENTS, { ...complete, series }, complete)).toEqual([])
    expect(updateFaultsOf(NEW_EVENTS, { ...complete, note: 'x', reason: 'Other' }, complete)).toEqual([
      'reason: Invalid value: "Other": field is immutable',
      'message: Invalid value: "x": field is immutable',
      'reason: Invalid value: "Other": field is immutable',
    ])
  })
})
