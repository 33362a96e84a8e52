import { expect, test } from 'vitest'
import type { Probe } from '../api/generated/core-v1.ts'
import type { ProbeKind } from './probe.ts'
import { afterResult, initialProbeState, probeEventMessage } from './probe.ts'

/** + passed, - failed; what is in effect after each: T, F or ? */
function course(kind: ProbeKind, results: string, probe: Probe = {}): string {
  let state = initialProbeState(kind)
  let seen = ''
  for (const result of results) {
    state = afterResult(state, result === '+', probe)
    seen += state.effective === undefined ? '?' : state.effective ? 'T' : 'F'
  }
  return seen
}

const rows: readonly [string, ProbeKind, Probe, string, string][] = [
  ['readiness takes the first success', 'readiness', {}, '+', 'T'],
  ['readiness is lost after three failures', 'readiness', {}, '+---', 'TTTF'],
  ['a success between starts the count again', 'readiness', {}, '+--+--', 'TTTTTT'],
  ['successThreshold 2', 'readiness', { successThreshold: 2 }, '+-++', 'FFFT'],
  ['failureThreshold 1', 'readiness', { failureThreshold: 1 }, '+-+', 'TFT'],
  ['liveness holds until three failures', 'liveness', {}, '---', 'TTF'],
  ['startup is open until the first success', 'startup', {}, '--+', '??T'],
  ['startup fails after its threshold', 'startup', { failureThreshold: 2 }, '--', '?F'],
]

test.each(rows)('%s', (_name, kind, probe, results, expected) => {
  expect(course(kind, results, probe)).toBe(expected)
})

test('events are worded as upstream words them', () => {
  expect(probeEventMessage('liveness', 'HTTP probe failed with statuscode: 500')).toBe(
    'Liveness probe failed: HTTP probe failed with statuscode: 500',
  )
})
