/**
 * Events of both versions (kubernetes/kubernetes pkg/apis/core/validation/events.go). Pure. What comes through
 * events.k8s.io/v1 is checked more strictly, and still named as core/v1 names it.
 */

import { toCoreEvent } from '../conversion/events.ts'
import { isSameValue } from '../equality.ts'
import type { Event } from '../generated/core-v1.ts'
import type { Event as NewEvent } from '../generated/events-v1.ts'
import type { Faults } from './faults.ts'
import { immutable, invalidTexts, invalidValue, required, when } from './faults.ts'
import { dnsSubdomainFaults, qualifiedNameFaults } from './names.ts'
import { immutableStruct } from './go-structs.ts'

const MAX_WORD = 128
const MAX_NOTE = 1024

/** Faults of an Event written through core/v1, metadata aside. */
export function validateEvent(event: Event): Faults {
  return looseFaults(event, 'reportingComponent')
}

/** An event with eventTime is from the newer recorder, and must be complete. */
function looseFaults(event: Event, controllerField: string): Faults {
  const { eventTime, metadata } = event
  const namespace = metadata.namespace ?? ''
  return [
    ...(eventTime ? completeFaults(event, controllerField) : placeFaults(event)),
    ...invalidTexts('namespace', namespace, dnsSubdomainFaults),
  ]
}

const misplaced = (namespace: string): Faults => [
  invalidValue('involvedObject.namespace', namespace, 'does not match event.namespace'),
]

/** An event is where the object is that it is about, or in `default`. */
function placeFaults({ involvedObject, metadata }: Event): Faults {
  const namespace = involvedObject?.namespace ?? ''
  return metadata.namespace === (namespace || 'default') ? [] : misplaced(namespace)
}

function completeFaults(event: Event, controllerField: string): Faults {
  const { involvedObject, metadata, reportingComponent = '', reportingInstance, message = '' } = event
  const isAnywhere = ['default', 'kube-system'].includes(metadata.namespace ?? '')
  return [
    ...(involvedObject?.namespace || isAnywhere ? [] : misplaced('')),
    ...when(reportingComponent === '', () => required(controllerField)),
    ...invalidTexts(controllerField, reportingComponent, qualifiedNameFaults),
    ...wordFaults('reportingInstance', reportingInstance),
    ...wordFaults('action', event.action),
    ...wordFaults('reason', event.reason),
    ...lengthFaults('message', message, MAX_NOTE),
  ]
}

function wordFaults(field: string, word = ''): Faults {
  return [...when(word === '', () => required(field)), ...lengthFaults(field, word, MAX_WORD)]
}

/** Upstream counts bytes, and does not show what is too long. */
function lengthFaults(field: string, text: string, max: number): Faults {
  return when(Buffer.byteLength(text) > max, () =>
    invalidValue(field, '', `can have at most ${max} characters`),
  )
}

/** Faults of an Event created through events.k8s.io/v1, metadata aside. */
export function validateNewEvent(newEvent: NewEvent): Faults {
  const event = toCoreEvent(newEvent)
  const { type = '', source } = event
  const unset = (field: string, isSet: unknown): Faults =>
    when(isSet, () => invalidValue(field, '', 'needs to be unset'))
  return [
    ...looseFaults(event, 'reportingController'),
    ...seriesFaults(event),
    ...when(!event.eventTime, () => required('eventTime')),
    ...when(type !== 'Normal' && type !== 'Warning', () =>
      invalidValue('type', '', `has invalid value: ${type}`),
    ),
    ...unset('firstTimestamp', event.firstTimestamp),
    ...unset('lastTimestamp', event.lastTimestamp),
    ...unset('count', event.count),
    ...unset('source', source?.component || source?.host),
  ]
}

function seriesFaults({ series }: Event): Faults {
  if (!series) return []
  return [
    ...when((series.count ?? 0) < 2, () => invalidValue('series.count', '', 'should be at least 2')),
    ...when(!series.lastObservedTime, () => required('series.lastObservedTime')),
  ]
}

const FIXED = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'reason',
  'type',
  'eventTime',
  'action',
  'related',
] as const

/** Faults of an Event changed through events.k8s.io/v1: only its series may change. */
export function validateNewEventUpdate(newEvent: NewEvent, oldEvent: NewEvent): Faults {
  const [event, old] = [toCoreEvent(newEvent), toCoreEvent(oldEvent)]
  const same = (field: string, value: unknown, before: unknown): Faults =>
    isNothing(value) && isNothing(before) ? [] : changed(field, value ?? zeroOf(field, before), before)
  return [
    ...looseFaults(event, 'reportingController'),
    ...(isSameValue(event.series, old.series) ? [] : seriesFaults(event)),
    ...FIXED.flatMap((field) => same(field, event[field], old[field])),
    ...same('reportingController', event.reportingComponent, old.reportingComponent),
    ...same('reportingInstance', event.reportingInstance, old.reportingInstance),
  ]
}

function changed(field: string, value: unknown, before: unknown): Faults {
  const isReference = field === 'involvedObject' || (field === 'related' && value !== undefined)
  return isReference
    ? immutableStruct(field, 'ObjectReference', { value, old: before })
    : immutable(field, value, before)
}

/** What Go has where nothing was said of what was a text or a number. */
const zeroOf = (field: string, before: unknown): unknown => {
  if (typeof before === 'number') return 0
  return typeof before === 'string' && !/Time(stamp)?$/.test(field) ? '' : undefined
}

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  value === 0 ||
  (typeof value === 'object' && Object.keys(value).length === 0)
