import { describe, expect, it } from 'vitest'
import type { ResourceQuota } from './generated/core-v1.ts'
import type { KubernetesObject } from './object.ts'
import type { ResourceInfo } from './resource.ts'
import { isInScope } from './quota-scopes.ts'
import { PERSISTENT_VOLUME_CLAIMS, PODS, SERVICES } from './scheme.ts'

const quota = (spec: ResourceQuota['spec']): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q', namespace: 'n' },
  spec,
})
const scoped = (...scopes: string[]): ResourceQuota => quota({ scopes })
const selecting = (scopeName: string, operator: string, ...values: string[]): ResourceQuota =>
  quota({ scopeSelector: { matchExpressions: [{ scopeName, operator, values }] } })
const pod = (spec: object): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c' }], ...spec },
  }) as KubernetesObject
const claim = (spec: object, status: object = {}): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'c' },
    spec,
    status,
  }) as KubernetesObject
const anti = (term: object): KubernetesObject =>
  pod({
    affinity: {
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'z', ...term }] },
    },
  })
const preferring = (term: object): KubernetesObject =>
  pod({
    affinity: {
      podAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, podAffinityTerm: { topologyKey: 'z', ...term } },
        ],
      },
    },
  })

describe('a quota', () => {
  const abroad = selecting('CrossNamespacePodAffinity', 'Exists')
  const gold = (operator: string): ResourceQuota => selecting('VolumeAttributesClass', operator, 'gold')
  const cpu = { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] }
  const changing = claim(
    { volumeAttributesClassName: 'silver' },
    {
      currentVolumeAttributesClassName: 'bronze',
      modifyVolumeStatus: { targetVolumeAttributesClassName: 'gold' },
    },
  )
  const rows: readonly [string, ResourceQuota, ResourceInfo, KubernetesObject, boolean][] = [
    ['without scopes is about everything', quota({}), SERVICES, pod({}), true],
    ['with scopes is not about Services', scoped('NotTerminating'), SERVICES, pod({}), false],
    ['of what ends', scoped('Terminating'), PODS, pod({ activeDeadlineSeconds: 1 }), true],
    ['of what ends, not of what does not', scoped('Terminating'), PODS, pod({}), false],
    ['of what does not end', scoped('NotTerminating'), PODS, pod({}), true],
    ['of who asks for nothing', scoped('BestEffort'), PODS, pod({}), true],
    ['of who asks for something', scoped('NotBestEffort'), PODS, pod(cpu), true],
    ['of several is of what meets all', scoped('BestEffort', 'Terminating'), PODS, pod({}), false],
    ['of a priority', selecting('PriorityClass', 'In', 'a'), PODS, pod({ priorityClassName: 'a' }), true],
    ['of another priority', selecting('PriorityClass', 'NotIn', 'a'), PODS, pod({}), true],
    ['of any priority', selecting('PriorityClass', 'Exists'), PODS, pod({}), false],
    ['of no priority', selecting('PriorityClass', 'DoesNotExist'), PODS, pod({}), true],
    ['of who looks abroad, by name', abroad, PODS, anti({ namespaces: ['x'] }), true],
    ['of who looks abroad, by selector', abroad, PODS, preferring({ namespaceSelector: {} }), true],
    ['of who looks abroad, not of who stays', abroad, PODS, anti({}), false],
    ['of a class of claims', gold('In'), PERSISTENT_VOLUME_CLAIMS, changing, true],
    ['of other classes of claims', gold('NotIn'), PERSISTENT_VOLUME_CLAIMS, changing, false],
    ['of claims without a class', gold('DoesNotExist'), PERSISTENT_VOLUME_CLAIMS, claim({}), true],
    ['of pods is not about claims', scoped('BestEffort'), PERSISTENT_VOLUME_CLAIMS, claim({}), false],
  ]
  for (const [name, of, resource, object, expected] of rows)
    it(name, () => expect(isInScope(of, resource, object)).toBe(expected))
})
