/** What the deployment controller writes for given Deployments and ReplicaSets. */

import { describe, expect, it } from 'vitest'
import type { Deployment, ReplicaSet } from '../../core/api/generated/apps-v1.ts'
import { deploymentController } from '../../core/controllers/deployment.ts'

const REVISION = 'deployment.kubernetes.io/revision'
const HISTORY = 'deployment.kubernetes.io/revision-history'
const DESIRED = 'deployment.kubernetes.io/desired-replicas'

const template = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image }] },
})

const deployment = (replicas: number, annotations: Record<string, string> = {}): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default', uid: 'd', annotations },
  spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: template('a') },
})

const set = (
  name: string,
  {
    image = 'a',
    replicas = 1,
    annotations = {},
  }: { image?: string; replicas?: number; annotations?: object },
): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name, namespace: 'default', uid: name, annotations: { ...annotations } },
  spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: template(image) },
})

const planned = (one: Deployment, sets: readonly ReplicaSet[]) =>
  deploymentController.plan({ deployment: one, sets, pods: [] }, 0).writes

const annotationsOf = (one: Deployment, sets: readonly ReplicaSet[], name: string): unknown =>
  planned(one, sets)
    .map(({ write }) => ('object' in write ? write.object : undefined))
    .find((object) => object?.kind === 'ReplicaSet' && object.metadata.name === name)?.metadata.annotations

describe('the current ReplicaSet', () => {
  it('gets annotations that came to the Deployment later, as kubectl rollout history shows them', () => {
    const one = deployment(1, { [REVISION]: '1', 'kubernetes.io/change-cause': 'first' })
    const sets = [set('web-1', { annotations: { [REVISION]: '1', [DESIRED]: '1' } })]
    expect(annotationsOf(one, sets, 'web-1')).toEqual({
      [REVISION]: '1',
      [DESIRED]: '1',
      'kubernetes.io/change-cause': 'first',
    })
  })

  it('is left alone when it has them', () => {
    const one = deployment(1, { [REVISION]: '1', 'kubernetes.io/change-cause': 'first' })
    const annotations = { [REVISION]: '1', [DESIRED]: '1', 'kubernetes.io/change-cause': 'first' }
    expect(annotationsOf(one, [set('web-1', { annotations })], 'web-1')).toBeUndefined()
  })

  it('remembers the revisions it was before a rollback', () => {
    const one = deployment(1, { [REVISION]: '4' })
    const sets = [
      set('web-1', { annotations: { [REVISION]: '3', [HISTORY]: '1', [DESIRED]: '1' } }),
      set('web-2', { image: 'b', replicas: 0, annotations: { [REVISION]: '4', [DESIRED]: '1' } }),
    ]
    expect(annotationsOf(one, sets, 'web-1')).toMatchObject({ [REVISION]: '5', [HISTORY]: '1,3' })
  })
})

describe('the ScalingReplicaSet event', () => {
  const messages = (one: Deployment, sets: readonly ReplicaSet[]): readonly (string | undefined)[] =>
    planned(one, sets)
      .filter(({ write }) => 'object' in write && write.object.kind === 'ReplicaSet')
      .map(({ onSuccess }) => onSuccess?.message)

  it('tells of a set that grows', () => {
    const sets = [set('web-1', { annotations: { [REVISION]: '1', [DESIRED]: '1' } })]
    expect(messages(deployment(3, { [REVISION]: '1' }), sets)).toEqual([
      'Scaled up replica set web-1 from 1 to 3',
    ])
  })

  it('is silent when a set only remembers how many are wanted', () => {
    const sets = [set('web-1', { replicas: 3, annotations: { [REVISION]: '1', [DESIRED]: '1' } })]
    expect(messages(deployment(3, { [REVISION]: '1' }), sets)).toEqual([undefined])
  })

  it('is silent about a new set without replicas', () => {
    expect(messages(deployment(0), [])).toEqual([undefined])
    expect(messages(deployment(2), [])).toEqual([
      expect.stringMatching(/^Scaled up replica set web-\w+ from 0 to 2$/),
    ])
  })
})
