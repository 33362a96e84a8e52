import { describe, expect, test } from 'vitest'
import { pod } from '../../test/support/builders.ts'
import type { Container, Pod } from '../api/generated/core-v1.ts'
import { allocationOf, decideResize, resizeCompletedMessage } from './resize.ts'

const GI = 1024 ** 3
const allocatable = { cpu: '4', memory: '8Gi', pods: '110' }

const asks = (cpu: string, more: Partial<Container> = {}, memory?: string): Container => ({
  name: 'c',
  image: 'i',
  resources: { requests: { cpu, ...(memory ? { memory } : {}) } },
  ...more,
})
const of = (container: Container, status: Pod['status'] = {}): Pod =>
  pod('ns/p', { spec: { containers: [container] }, status })
const restarts: Partial<Container> = {
  resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }],
}

describe('what a node makes of a resize', () => {
  const had = allocationOf(of(asks('1')))
  test.each<[string, Container, readonly Pod[], object]>([
    ['nothing changed', asks('1'), [], { resized: [], pending: undefined }],
    ['there is room', asks('2'), [of(asks('2'))], { resized: ['c'], restarted: [], pending: undefined }],
    ['the container wants to be told by a start', asks('2', restarts), [], { restarted: ['c'] }],
    ['of another resource', asks('1', restarts, '1Gi'), [], { resized: ['c'], restarted: [] }],
    [
      'the node will never have it',
      asks('5'),
      [],
      {
        resized: [],
        pending: {
          reason: 'Infeasible',
          message: "Node didn't have enough capacity: cpu, requested: 5000, capacity: 4000",
        },
      },
    ],
    [
      'memory is told of first',
      asks('5', {}, '9Gi'),
      [],
      {
        pending: {
          reason: 'Infeasible',
          message: `Node didn't have enough capacity: memory, requested: ${9 * GI}, capacity: ${8 * GI}`,
        },
      },
    ],
    [
      'others have it',
      asks('3'),
      [of(asks('2'))],
      {
        resized: [],
        pending: {
          reason: 'Deferred',
          message: "Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000",
        },
      },
    ],
  ])('%s', (_what, container, others, expected) => {
    expect(decideResize(of(container), had, { allocatable, others })).toMatchObject(expected)
  })

  test('a wish of others that was not granted is nothing they have', () => {
    const waiting = of(asks('9'), {
      conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }],
      containerStatuses: [
        {
          name: 'c',
          image: 'i',
          imageID: '',
          ready: true,
          restartCount: 0,
          resources: { requests: { cpu: '1' } },
        },
      ],
    })
    expect(allocationOf(waiting).get('c')).toEqual({ requests: { cpu: '1' } })
    expect(decideResize(of(asks('3')), had, { allocatable, others: [waiting] }).pending).toBeUndefined()
  })

  test('the event names all that the pod has', () => {
    const sidecar = { ...asks('1'), name: 's' }
    const resized = pod('ns/p', { spec: { containers: [asks('2')], initContainers: [sidecar] } })
    expect(resizeCompletedMessage(resized)).toBe(
      'Pod resize completed: {"initContainers":[{"name":"s","resources":{"requests":{"cpu":"1"}}}],' +
        '"containers":[{"name":"c","resources":{"requests":{"cpu":"2"}}}]}',
    )
  })
})
