import { describe, expect, it } from 'vitest'
import { toCoreEvent, toNewEvent } from './events.ts'

const metadata = { name: 'e', namespace: 'default' }

describe('events', () => {
  const core = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata,
    involvedObject: { kind: 'Pod', name: 'p' },
    message: 'm',
    reportingComponent: 'c',
    reportingInstance: 'i',
  } as const
  const newer = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata,
    regarding: { kind: 'Pod', name: 'p' },
    note: 'm',
    reportingController: 'c',
    reportingInstance: 'i',
  }

  it('are the same under other names', () => {
    expect(toNewEvent(core)).toEqual(newer)
    expect(toCoreEvent(toNewEvent(core))).toEqual(core)
  })

  it('say that nobody reported them in core/v1 alone', () => {
    const unreported = { ...core, reportingComponent: '', reportingInstance: '' }
    const { reportingController: _controller, reportingInstance: _instance, ...said } = newer
    expect(toNewEvent(unreported)).toEqual(said)
    expect(toCoreEvent(toNewEvent(unreported))).toEqual(unreported)
  })
})
