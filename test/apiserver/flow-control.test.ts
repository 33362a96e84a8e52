/** The FlowSchemas and PriorityLevelConfigurations a cluster is born with. */

import { describe, expect, it } from 'vitest'
import { AUTOUPDATE_SPEC } from '../../core/api/flow-control-defaults.ts'
import type { ResourceInfo } from '../../core/api/resource.ts'
import { FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS } from '../../core/api/scheme.ts'
import { ensureFlowControl } from '../../core/apiserver/flow-control/bootstrap.ts'
import type { Upkeep } from '../../core/apiserver/registry/upkeep.ts'
import { inProcessClient } from '../../core/apiserver/in-process-client.ts'
import { keepFlowControl } from '../../core/apiserver/flow-control/flow-schema-status.ts'
import { memoryLog } from '../../host/fake/fake-host.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import type { Fixture, Loose } from './fixture.ts'
import { fixture } from './fixture.ts'

const ensure = (api: Fixture): Promise<void> =>
  ensureFlowControl(inProcessClient(api.registry, { user: 'test', fieldManager: 'test' }))

const telling = (api: Fixture): Upkeep =>
  keepFlowControl({
    registry: api.registry,
    clock: { ...systemClock, now: () => api.clock.ms },
    log: memoryLog(),
  })

async function born(): Promise<Fixture> {
  const api = await fixture()
  await ensure(api)
  return api
}

async function change(api: Fixture, resource: ResourceInfo, name: string, patch: Loose): Promise<void> {
  await api.patch(resource, name, { type: 'merge', patch })
}

describe('a new cluster', () => {
  it('has those of kube-apiserver', async () => {
    const api = await born()
    expect(api.names(FLOW_SCHEMAS)).toEqual([
      'catch-all',
      'exempt',
      'global-default',
      'kube-controller-manager',
      'kube-scheduler',
      'kube-system-service-accounts',
      'probes',
      'service-accounts',
      'system-leader-election',
      'system-node-high',
      'system-nodes',
    ])
    expect(api.names(PRIORITY_LEVEL_CONFIGURATIONS)).toEqual([
      'catch-all',
      'exempt',
      'global-default',
      'leader-election',
      'node-high',
      'system',
      'workload-high',
      'workload-low',
    ])
  })

  it('says that their levels exist', async () => {
    const api = await born()
    await using told = telling(api)
    await told.settled()
    const { metadata, status } = api.get(FLOW_SCHEMAS, 'probes')
    expect(metadata).toMatchObject({ generation: 1, annotations: { [AUTOUPDATE_SPEC]: 'true' } })
    expect(
      metadata.managedFields.map(({ manager, operation, subresource }: Loose) => [
        manager,
        operation,
        subresource,
      ]),
    ).toEqual([
      ['api-priority-and-fairness-config-consumer-v1', 'Apply', 'status'],
      ['api-priority-and-fairness-config-producer-v1', 'Update', undefined],
    ])
    expect(status.conditions).toEqual([
      {
        type: 'Dangling',
        status: 'False',
        lastTransitionTime: '2026-01-01T00:00:00Z',
        reason: 'Found',
        message:
          'This FlowSchema references the PriorityLevelConfiguration object named "exempt" and it exists',
      },
    ])
  })
})

describe('FlowSchemas of users', () => {
  it('are told of the level they name, as it comes and goes', async () => {
    const api = await born()
    await using told = telling(api)
    const spec = { priorityLevelConfiguration: { name: 'mine' }, matchingPrecedence: 500 }
    await api.create(FLOW_SCHEMAS, { metadata: { name: 'own' }, spec })
    const condition = async (): Promise<Loose> => {
      await told.settled()
      const { type, status, reason, message } = api.get(FLOW_SCHEMAS, 'own').status.conditions[0]
      return [type, status, reason, message]
    }
    const names = 'This FlowSchema references the PriorityLevelConfiguration object named "mine"'
    const missing = ['Dangling', 'True', 'NotFound', `${names} but there is no such object`]
    expect(await condition()).toEqual(missing)
    const level = { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } }
    await api.create(PRIORITY_LEVEL_CONFIGURATIONS, { metadata: { name: 'mine' }, spec: level })
    expect(await condition()).toEqual(['Dangling', 'False', 'Found', `${names} and it exists`])
    await api.remove(PRIORITY_LEVEL_CONFIGURATIONS, 'mine')
    expect(await condition()).toEqual(missing)
  })
})

describe('a server that starts again', () => {
  it('takes away what it is born with no longer, and nothing else', async () => {
    const api = await born()
    const spec = { priorityLevelConfiguration: { name: 'exempt' }, matchingPrecedence: 500 }
    const made = { gone: 'true', own: undefined, kept: 'false', odd: 'yes' }
    for (const [name, value] of Object.entries(made)) {
      const annotations = value === undefined ? {} : { [AUTOUPDATE_SPEC]: value }
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await api.create(FLOW_SCHEMAS, { metadata: { name, annotations }, spec })
    }
    await ensure(api)
    const left = api.names(FLOW_SCHEMAS)
    expect(Object.keys(made).filter((name) => left.includes(name))).toEqual(['own', 'kept', 'odd'])
  })

  it('writes nothing when all is as it was', async () => {
    const api = await born()
    const before = api.get(FLOW_SCHEMAS, 'exempt').metadata.resourceVersion
    await ensure(api)
    expect(api.get(FLOW_SCHEMAS, 'exempt').metadata.resourceVersion).toBe(before)
  })

  it('puts back what follows it, and what is gone', async () => {
    const api = await born()
    await change(api, FLOW_SCHEMAS, 'probes', { spec: { matchingPrecedence: 7 } })
    await api.remove(PRIORITY_LEVEL_CONFIGURATIONS, 'system')
    await ensure(api)
    expect(api.get(FLOW_SCHEMAS, 'probes').spec.matchingPrecedence).toBe(2)
    expect(api.names(PRIORITY_LEVEL_CONFIGURATIONS)).toContain('system')
  })

  it('leaves alone what does not follow it', async () => {
    const api = await born()
    const own = { metadata: { annotations: { [AUTOUPDATE_SPEC]: 'false' } } }
    await change(api, FLOW_SCHEMAS, 'probes', { ...own, spec: { matchingPrecedence: 7 } })
    await change(api, FLOW_SCHEMAS, 'kube-scheduler', {
      metadata: { annotations: { [AUTOUPDATE_SPEC]: null } },
      spec: { matchingPrecedence: 8 },
    })
    await ensure(api)
    expect(api.get(FLOW_SCHEMAS, 'probes').spec.matchingPrecedence).toBe(7)
    const scheduler = api.get(FLOW_SCHEMAS, 'kube-scheduler')
    expect(scheduler.spec.matchingPrecedence).toBe(8)
    expect(scheduler.metadata.annotations).toEqual({ [AUTOUPDATE_SPEC]: 'false' })
  })

  it('lets what nobody may change follow it, but for what is exempt', async () => {
    const api = await born()
    await change(api, PRIORITY_LEVEL_CONFIGURATIONS, 'exempt', {
      metadata: { annotations: { [AUTOUPDATE_SPEC]: 'false' } },
      spec: { exempt: { lendablePercent: 20 } },
    })
    await ensure(api)
    const { metadata, spec } = api.get(PRIORITY_LEVEL_CONFIGURATIONS, 'exempt')
    expect(metadata.annotations).toEqual({ [AUTOUPDATE_SPEC]: 'true' })
    expect(spec).toEqual({ type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 20 } })
  })
})

it('a status brings no metadata along', async () => {
  const api = await born()
  const flow = api.get(FLOW_SCHEMAS, 'probes')
  const next = { ...flow, metadata: { ...flow.metadata, labels: { a: 'b' } }, status: { conditions: [] } }
  const { metadata, status } = await api.update(FLOW_SCHEMAS, next, 'status')
  expect(metadata.labels).toBeUndefined()
  expect(status.conditions ?? []).toEqual([])
})
