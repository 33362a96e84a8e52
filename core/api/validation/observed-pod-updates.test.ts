/** What kube-apiserver 1.34 was seen to answer to updates of Pods. */

import { describe, expect, it } from 'vitest'
import { updateFaultsOf } from '../../../test/support/kind-rules.ts'
import { PODS } from '../scheme.ts'

const containers = [{ name: 'c', image: 'i' }]
const OTHERWISE = expect.stringMatching(/^spec: Forbidden: pod updates may not change fields other than/)

type Case = readonly [what: string, now: object, before: object, faults: readonly unknown[]]

const check = (_what: string, now: object, before: object, faults: readonly unknown[]) =>
  expect(updateFaultsOf(PODS, now, before)).toEqual(faults)

describe('what may change of a pod', () => {
  const pod = (spec: object): object => ({ spec: { containers, ...spec } })
  const other = [{ name: 'o', image: 'i' }]
  it.each<Case>([
    [
      'containers neither come nor go, and where they do the rest does not matter',
      pod({ containers: [...containers, ...other], activeDeadlineSeconds: -1, hostNetwork: true }),
      pod({}),
      [
        'spec.activeDeadlineSeconds: Invalid value: -1: must be between 1 and 2147483647, inclusive',
        'spec.containers: Forbidden: pod updates may not add or remove containers',
      ],
    ],
    [
      'nor do initContainers, told of where containers stay',
      pod({ containers: [...containers, ...other] }),
      pod({ initContainers: other }),
      ['spec.containers: Forbidden: pod updates may not add or remove containers'],
    ],
    [
      'a deadline comes nearer, and one that does not ends the judgement',
      pod({ activeDeadlineSeconds: 6, nodeName: 'n' }),
      pod({ activeDeadlineSeconds: 5 }),
      ['spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value'],
    ],
    [
      'one that goes does not',
      pod({ nodeName: 'n' }),
      pod({ activeDeadlineSeconds: 5 }),
      [
        'spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value',
        OTHERWISE,
      ],
    ],
    ['images', pod({ containers: [{ name: 'c', image: 'j' }] }), pod({}), []],
    [
      'gates only go',
      pod({ schedulingGates: [{ name: 'a' }] }),
      pod({ schedulingGates: [{ name: 'b' }] }),
      [
        "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a'",
      ],
    ],
  ])('%s', check)
})

describe('where a pod wants to run', () => {
  const pod = (spec: object, gates = [{ name: 'g' }]): object => ({
    spec: { containers, schedulingGates: gates, ...spec },
  })
  const needs = (...nodeSelectorTerms: object[]): object => ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  })
  const [a, b] = ['a', 'b'].map((key) => ({ key, operator: 'Exists' }))
  const at = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'
  const COUNT = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'
  const TERM = 'only additions are allowed (no mutations or deletions)'
  it.each<Case>([
    ['labels are added', pod({ nodeSelector: { a: '', b: '' } }), pod({ nodeSelector: { a: '' } }), []],
    [
      'and stay',
      pod({}),
      pod({ nodeSelector: { a: '' } }),
      [
        'spec.nodeSelector: Invalid value: null: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
      ],
    ],
    [
      'without gates all stays',
      pod({ nodeSelector: { a: '', b: '' } }, []),
      pod({ nodeSelector: { a: '' } }, []),
      [OTHERWISE],
    ],
    ['the gates may go meanwhile', pod({ nodeSelector: { a: '' } }, []), pod({}), []],
    ['affinity comes', pod(needs({ matchExpressions: [a] })), pod({}), []],
    [
      'requirements are added',
      pod(needs({ matchExpressions: [a, b] })),
      pod(needs({ matchExpressions: [a] })),
      [],
    ],
    [
      'and stay as they are',
      pod(needs({ matchExpressions: [b, a] })),
      pod(needs({ matchExpressions: [a] })),
      [expect.stringMatching(/nodeSelectorTerms\[0\]: Invalid value: .*: only additions are allowed/)],
    ],
    [
      'what matched nothing does not begin to',
      pod(needs({ matchExpressions: [a] })),
      pod(needs({})),
      [expect.stringContaining(`: ${TERM}`)],
    ],
    [
      'terms are not added',
      pod(needs({ matchExpressions: [a] }, { matchExpressions: [b] })),
      pod(needs({ matchExpressions: [a] })),
      [expect.stringContaining(`: ${COUNT}`)],
    ],
    [
      'nor do they go',
      pod({}),
      pod(needs({ matchExpressions: [a] })),
      [`${at}: Invalid value: null: ${COUNT}`],
    ],
    ['affinity to pods stays', pod({ affinity: { podAffinity: {} } }), pod({}), [OTHERWISE]],
  ])('%s', check)
})
