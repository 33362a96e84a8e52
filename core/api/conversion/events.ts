/**
 * Events are stored once, as core/v1 Events, and served in events.k8s.io/v1, too: the fields of one are the fields of
 * the other under newer names. Pure.
 * kubernetes/kubernetes pkg/apis/events/v1/conversion.go.
 */

import type { Event as CoreEvent } from '../generated/core-v1.ts'
import type { Event as NewEvent } from '../generated/events-v1.ts'

/** Name in core/v1, name in events.k8s.io/v1; all others are the same in both. */
const RENAMED: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
]
const TO_NEW: ReadonlyMap<string, string> = new Map(RENAMED)
const TO_CORE: ReadonlyMap<string, string> = new Map(RENAMED.map(([core, newer]) => [newer, core]))

function renamed(event: object, names: ReadonlyMap<string, string>): object {
  return Object.fromEntries(Object.entries(event).map(([name, value]) => [names.get(name) ?? name, value]))
}

/** @returns the event as core/v1 has it, which is how it is stored; what it is about is never absent there */
export function toCoreEvent(event: NewEvent): CoreEvent {
  const { involvedObject = {}, ...rest } = renamed(event, TO_CORE) as Partial<CoreEvent>
  return { ...UNREPORTED, ...rest, apiVersion: 'v1', involvedObject } as CoreEvent
}

/** Who reported is always said in core/v1, if only that nobody did; in events.k8s.io/v1 it is not. */
const UNREPORTED = { reportingComponent: '', reportingInstance: '' }

/** @returns the event as events.k8s.io/v1 has it */
export function toNewEvent(event: CoreEvent): NewEvent {
  const { reportingComponent, reportingInstance, ...rest } = event
  return {
    ...renamed(rest, TO_NEW),
    ...(reportingComponent ? { reportingController: reportingComponent } : {}),
    ...(reportingInstance ? { reportingInstance } : {}),
    apiVersion: 'events.k8s.io/v1',
  } as NewEvent
}
