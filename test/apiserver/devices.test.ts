/** Claims of devices as clients of the API server meet them. */

import { describe, expect, it } from 'vitest'
import {
  DEVICE_CLASSES,
  NAMESPACES,
  RESOURCE_CLAIMS,
  RESOURCE_CLAIM_TEMPLATES,
  RESOURCE_QUOTAS,
  RESOURCE_SLICES,
} from '../../core/api/scheme.ts'
import type { Loose } from './fixture.ts'
import { fixture } from './fixture.ts'

const request = (name: string, more: Loose = {}): Loose => ({
  name,
  exactly: { deviceClassName: 'c', ...more },
})
const claim = (devices: Loose, more: Loose = {}): Loose => ({
  metadata: { name: 'x' },
  spec: { devices },
  ...more,
})
const slice = (spec: Loose = {}): Loose => ({
  metadata: { name: 's' },
  spec: { driver: 'd.e', pool: { name: 'p', resourceSliceCount: 1 }, nodeName: 'n', ...spec },
})
const result = { request: 'r', driver: 'd.e', pool: 'p', device: 'one' }

describe('a ResourceClaim', () => {
  it('is pending when it is made, whatever it says of its status', async () => {
    const api = await fixture()
    const status = { allocation: { devices: { results: [result] } } }
    const made = await api.create(RESOURCE_CLAIMS, claim({ requests: [request('r')] }, { status }))
    expect(made.status).toEqual({})
    expect(made.metadata.generation).toBeUndefined()
    expect(made.spec.devices.requests).toEqual([request('r', { allocationMode: 'ExactCount', count: 1 })])
    expect(api.warnings.join()).toContain('spec.devices is ignored')
  })

  it('keeps what it asks for', async () => {
    const api = await fixture()
    const made = await api.create(RESOURCE_CLAIMS, claim({ requests: [request('r')] }))
    const { spec } = claim({ requests: [request('q')] })
    await expect(api.update(RESOURCE_CLAIMS, { ...made, spec })).rejects.toThrow(
      /spec: Invalid value: \{"Devices":\{"Requests":\[\{"Name":"q".*: field is immutable/,
    )
  })

  it('loses what upstream has behind feature gates', async () => {
    const api = await fixture()
    const wish = request('r', { capacity: { requests: { 'a.b/c': '1' } } })
    const made = await api.create(RESOURCE_CLAIMS, claim({ requests: [wish] }))
    expect(made.spec.devices.requests[0].exactly.capacity).toBeUndefined()
    const status = { allocation: { devices: { results: [{ ...result, shareID: 'x' }] } } }
    const given = await api.update(RESOURCE_CLAIMS, { ...made, status }, 'status')
    expect(given.status.allocation.devices.results).toEqual([result])
  })

  it('takes devices away together with what is told of them', async () => {
    const api = await fixture()
    const made = await api.create(RESOURCE_CLAIMS, claim({ requests: [request('r')] }))
    const { request: _, ...device } = result
    const allocation = { devices: { results: [result] } }
    const status = { allocation, devices: [device], reservedFor: [{ resource: 'pods', name: 'p', uid: 'u' }] }
    const given = await api.update(RESOURCE_CLAIMS, { ...made, status }, 'status')
    expect(given.status).toEqual(status)
    const other = { devices: { results: [{ ...result, device: 'two' }] } }
    await expect(
      api.update(RESOURCE_CLAIMS, { ...given, status: { allocation: other } }, 'status'),
    ).rejects.toThrow('status.allocation: Invalid value')
    const taken = await api.update(RESOURCE_CLAIMS, { ...given, status: { devices: [device] } }, 'status')
    expect(taken.status).toEqual({})
  })

  it('may have devices that are in use where the namespace says so', async () => {
    const api = await fixture()
    const admin = claim({ requests: [request('r', { adminAccess: true })] })
    const refusal =
      'spec.devices.requests[0].adminAccess: Forbidden: admin access to devices requires the ' +
      '`resource.kubernetes.io/admin-access: true` label on the containing namespace'
    await expect(api.create(RESOURCE_CLAIMS, admin)).rejects.toThrow(refusal)
    const template = { metadata: { name: 'x' }, spec: { spec: admin.spec } }
    await expect(api.create(RESOURCE_CLAIM_TEMPLATES, template)).rejects.toThrow(refusal)
    const labels = { 'resource.kubernetes.io/admin-access': 'true' }
    await api.update(NAMESPACES, { metadata: { name: 'default', labels } })
    await api.create(RESOURCE_CLAIMS, admin)
  })

  it('is charged for the most devices of each class it may be given', async () => {
    const api = await fixture()
    const devices = 'c.deviceclass.resource.k8s.io/devices'
    const hard = { [devices]: '4', 'count/resourceclaims.resource.k8s.io': '5' }
    const quota = await api.create(RESOURCE_QUOTAS, { metadata: { name: 'q' }, spec: { hard } })
    await api.update(RESOURCE_QUOTAS, { ...quota, status: { hard, used: {} } }, 'status')
    const firstAvailable = [
      { name: 'a', deviceClassName: 'c', count: 2 },
      { name: 'b', deviceClassName: 'c', count: 3 },
      { name: 'd', deviceClassName: 'other', allocationMode: 'All' },
    ]
    await api.create(RESOURCE_CLAIMS, claim({ requests: [{ name: 'r', firstAvailable }] }))
    const { used } = api.get(RESOURCE_QUOTAS, 'q').status
    expect(used).toEqual({ [devices]: '3', 'count/resourceclaims.resource.k8s.io': '1' })
    const two = { ...claim({ requests: [request('r', { count: 2 })] }), metadata: { name: 'y' } }
    await expect(api.create(RESOURCE_CLAIMS, two)).rejects.toThrow(
      `exceeded quota: q, requested: ${devices}=2, used: ${devices}=3, limited: ${devices}=4`,
    )
  })
})

describe('a ResourceSlice', () => {
  it('counts changes, also of what is dropped', async () => {
    const api = await fixture()
    const made = await api.create(RESOURCE_SLICES, slice({ sharedCounters: [{ name: 'c' }] }))
    expect(made.spec.sharedCounters).toBeUndefined()
    expect(made.metadata.generation).toBe(1)
    const same = await api.update(RESOURCE_SLICES, slice({ allNodes: undefined }))
    expect(same.metadata.generation).toBe(1)
    const again = await api.update(RESOURCE_SLICES, slice({ sharedCounters: [{ name: 'c' }] }))
    expect(again.metadata.generation).toBe(2)
    expect(again.spec.sharedCounters).toBeUndefined()
  })

  it('is found by its node and its driver', async () => {
    const api = await fixture()
    await api.create(RESOURCE_SLICES, slice())
    expect(api.names(RESOURCE_SLICES, { fieldSelector: 'spec.nodeName=n,spec.driver=d.e' })).toEqual(['s'])
    expect(api.names(RESOURCE_SLICES, { fieldSelector: 'spec.driver!=d.e' })).toEqual([])
  })
})

it('a DeviceClass is counted without what is dropped', async () => {
  const api = await fixture()
  const made = await api.create(DEVICE_CLASSES, { metadata: { name: 'c' }, spec: {} })
  const named = { ...made, spec: { extendedResourceName: 'a.b/c' } }
  const same = await api.update(DEVICE_CLASSES, named)
  expect(same.metadata.generation).toBe(1)
  const selectors = [{ cel: { expression: 'device.driver == "d.e"' } }]
  const changed = await api.update(DEVICE_CLASSES, { ...same, spec: { selectors } })
  expect(changed.metadata.generation).toBe(2)
})
