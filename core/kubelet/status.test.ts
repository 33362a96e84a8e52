import { describe, expect, test } from 'vitest'
import { pod } from '../../test/support/builders.ts'
import type { ContainerState, Termination } from './container-state.ts'
import { podPhase, podStatus } from './status.ts'

const NOW = 1_893_456_000_000

const end = (exitCode: number): Termination => ({
  exitCode,
  reason: exitCode === 0 ? 'Completed' : 'Error',
  startedAtMs: NOW - 5_000,
  finishedAtMs: NOW,
  containerID: 'process://1',
})

function state(name: string, tweak: Partial<ContainerState> = {}): ContainerState {
  return {
    container: { name, image: 'example.org/c' },
    runtime: 'process',
    phase: { kind: 'waiting', reason: 'ContainerCreating' },
    lastEnd: undefined,
    restartCount: 0,
    containerID: undefined,
    started: false,
    ready: false,
    ...tweak,
  }
}

const waiting = (name = 'c') => state(name)
const running = (name = 'c', ready = true) =>
  state(name, { phase: { kind: 'running', startedAtMs: NOW }, started: true, ready })
const ended = (exitCode: number, name = 'c') =>
  state(name, { phase: { kind: 'terminated', end: end(exitCode) } })
const crashing = () =>
  state('c', {
    phase: { kind: 'waiting', reason: 'CrashLoopBackOff' },
    lastEnd: end(1),
    restartCount: 1,
  })
const sidecar = (one: ContainerState): ContainerState => ({
  ...one,
  container: { ...one.container, restartPolicy: 'Always' },
})

describe('phase', () => {
  const rows: readonly [string, string, readonly ContainerState[], readonly ContainerState[], string][] = [
    ['nothing has started', 'Always', [], [waiting()], 'Pending'],
    ['one of two runs', 'Always', [], [running('a'), waiting('b')], 'Running'],
    ['all ended, but will restart', 'Always', [], [ended(0)], 'Running'],
    ['waits to restart', 'Always', [], [crashing()], 'Running'],
    ['ended well for good', 'OnFailure', [], [ended(0)], 'Succeeded'],
    ['ended badly, will restart', 'OnFailure', [], [ended(1)], 'Running'],
    ['ended well, never restarts', 'Never', [], [ended(0), ended(0, 'b')], 'Succeeded'],
    ['one of two ended badly', 'Never', [], [ended(0), ended(1, 'b')], 'Failed'],
    ['one ended badly, one runs', 'Never', [], [ended(1), running('b')], 'Running'],
    ['an init container runs', 'Always', [running('i')], [waiting()], 'Pending'],
    ['an init container failed and will run again', 'Always', [ended(1, 'i')], [waiting()], 'Pending'],
    ['an init container failed for good', 'Never', [ended(1, 'i')], [waiting()], 'Failed'],
    ['a sidecar runs on', 'Never', [sidecar(running('s'))], [ended(0)], 'Succeeded'],
    ['a sidecar was stopped', 'Never', [sidecar(ended(143, 's'))], [ended(0)], 'Succeeded'],
    ['a sidecar failed before the containers', 'Never', [sidecar(ended(1, 's'))], [waiting()], 'Pending'],
  ]
  test.each(rows)('%s (%s)', (_name, policy, init, containers, expected) => {
    expect(podPhase(pod('ns/p', { spec: { restartPolicy: policy } }), { init, containers })).toBe(expected)
  })
})

describe('conditions', () => {
  const observed = (
    init: readonly ContainerState[],
    containers: readonly ContainerState[],
    ephemeral: readonly ContainerState[] = [],
  ) => ({
    podIP: '192.0.2.1',
    hostIP: '192.0.2.9',
    startedAtMs: NOW,
    init,
    containers,
    ephemeral,
  })
  const condition = (type: string, subject = pod('ns/p'), ...of: Parameters<typeof observed>) => {
    const found = podStatus(subject, observed(...of), NOW).conditions?.find((one) => one.type === type)
    return [found?.status, found?.reason, found?.message]
  }
  const never = pod('ns/p', { spec: { restartPolicy: 'Never' } })

  test('ready when all containers are', () => {
    expect(condition('Ready', pod('ns/p'), [], [running('a'), running('b')])).toEqual([
      'True',
      undefined,
      undefined,
    ])
  })
  test('unready ones are named', () => {
    const expected = ['False', 'ContainersNotReady', 'containers with unready status: [a b]']
    expect(condition('Ready', pod('ns/p'), [], [running('a', false), waiting('b')])).toEqual(expected)
    expect(condition('ContainersReady', pod('ns/p'), [], [running('a', false), waiting('b')])).toEqual(
      expected,
    )
  })
  test('a sidecar counts for Ready', () => {
    const of = [[sidecar(running('s', false))], [running()]] as const
    expect(condition('Ready', pod('ns/p'), ...of)[2]).toBe('containers with unready status: [s]')
  })
  test('init containers that are not done are named', () => {
    expect(condition('Initialized', pod('ns/p'), [ended(0, 'one'), running('two')], [waiting()])).toEqual([
      'False',
      'ContainersNotInitialized',
      'containers with incomplete status: [two]',
    ])
  })
  test('a pod stays initialised when a sidecar restarts', () => {
    expect(condition('Initialized', pod('ns/p'), [sidecar(waiting('s'))], [running()])[0]).toBe('True')
  })
  test('a pod that is over says why it is not ready', () => {
    expect(condition('Ready', never, [], [ended(0)])).toEqual(['False', 'PodCompleted', undefined])
    expect(condition('Ready', never, [], [ended(1)])).toEqual(['False', 'PodFailed', undefined])
    expect(condition('Initialized', never, [], [ended(0)])).toEqual(['True', 'PodCompleted', undefined])
  })
  test('readiness gates hold Ready back, and only Ready', () => {
    const gated = (conditions: readonly { type: string; status: string }[]) =>
      pod('ns/p', {
        spec: { readinessGates: [{ conditionType: 'example.org/lb' }] },
        status: { conditions },
      })
    expect(condition('Ready', gated([]), [], [running()])).toEqual([
      'False',
      'ReadinessGatesNotReady',
      'corresponding condition of pod readiness gate "example.org/lb" does not exist.',
    ])
    expect(condition('ContainersReady', gated([]), [], [running()])[0]).toBe('True')
    expect(condition('Ready', gated([{ type: 'example.org/lb', status: 'True' }]), [], [running()])[0]).toBe(
      'True',
    )
  })
  test('a condition keeps its transition time until its status changes', () => {
    const before = { ...pod('ns/p'), status: podStatus(pod('ns/p'), observed([], [running()]), NOW) }
    const same = podStatus(before, observed([], [running()]), NOW + 60_000)
    expect(same).toEqual(before.status)
    const changed = podStatus(before, observed([], [running('c', false)]), NOW + 60_000)
    const times = changed.conditions?.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])
    expect(times).toEqual([
      ['PodReadyToStartContainers', '2030-01-01T00:00:00Z'],
      ['Initialized', '2030-01-01T00:00:00Z'],
      ['Ready', '2030-01-01T00:01:00Z'],
      ['ContainersReady', '2030-01-01T00:01:00Z'],
    ])
  })
  test('the conditions of others stay', () => {
    const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }
    const subject = pod('ns/p', { status: { conditions: [scheduled] } })
    expect(podStatus(subject, observed([], [running()]), NOW).conditions?.at(-1)).toEqual(scheduled)
  })
  test('containers that joined are shown, never ready, and do not matter to the pod', () => {
    const subject = pod('ns/p', { spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox' }] } })
    const { ephemeralContainerStatuses, conditions, phase } = podStatus(
      subject,
      observed([], [running()], [ended(3, 'debug')]),
      NOW,
    )
    expect(ephemeralContainerStatuses).toMatchObject([
      { name: 'debug', ready: false, state: { terminated: { exitCode: 3 } } },
    ])
    expect(conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True')
    expect(phase).toBe('Running')
  })
  test('one that went with an earlier node agent is lost; what had ended keeps its end', () => {
    const spec = { ephemeralContainers: ['ran', 'done'].map((name) => ({ name, image: 'busybox' })) }
    const done = { exitCode: 0, reason: 'Completed' }
    const before = [
      { name: 'ran', state: { running: { startedAt: '2030-01-01T00:00:00Z' } } },
      { name: 'done', state: { terminated: done } },
    ].map((one) => ({ ...one, image: 'busybox', imageID: '', ready: false, restartCount: 0 }))
    const subject = pod('ns/p', { spec, status: { ephemeralContainerStatuses: before } })
    const shown = podStatus(subject, observed([], [running()]), NOW).ephemeralContainerStatuses ?? []
    expect(
      shown.map(({ name, state: at }) => [name, at?.terminated?.exitCode, at?.terminated?.reason]),
    ).toEqual([
      ['ran', 137, 'ContainerStatusUnknown'],
      ['done', 0, 'Completed'],
    ])
  })
  test('containers have what the node gave them, which may be less than what they ask for', () => {
    const container = { name: 'c', image: 'i', resources: { requests: { cpu: '4' } } }
    const made = pod('ns/p', { spec: { containers: [container] } })
    const subject = { ...made, metadata: { ...made.metadata, generation: 3 } }
    const given = { requests: { cpu: '1' }, limits: { cpu: '2' } }
    const pendingResize = { reason: 'Deferred', message: 'm' } as const
    const seen = { ...observed([], [running()]), allocation: new Map([['c', given]]), pendingResize }
    const waiting = podStatus(subject, seen, NOW)
    expect(waiting.containerStatuses).toMatchObject([{ resources: given, allocatedResources: { cpu: '1' } }])
    expect(waiting.conditions?.at(-1)).toMatchObject({
      type: 'PodResizePending',
      status: 'True',
      observedGeneration: 3,
      ...pendingResize,
    })
    const after = podStatus({ ...subject, status: waiting }, observed([], [running()]), NOW)
    expect(after.conditions?.some(({ type }) => type === 'PodResizePending')).toBe(false)
    expect(after.containerStatuses).toMatchObject([{ resources: container.resources }])
  })
  test('a container that asks for nothing is said to have nothing', () => {
    const [shown] = podStatus(pod('ns/p'), observed([], [running()]), NOW).containerStatuses ?? []
    expect(shown?.resources).toEqual({})
    expect(shown).not.toHaveProperty('allocatedResources')
  })
  test('the last end is told beside the wait for the next start', () => {
    const [shown] = podStatus(pod('ns/p'), observed([], [crashing()]), NOW).containerStatuses ?? []
    expect(shown).toMatchObject({
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 1, reason: 'Error', finishedAt: '2030-01-01T00:00:00Z' } },
      restartCount: 1,
      ready: false,
      started: false,
    })
  })
})
