/** From an object written to the API to the answer: informers, table and lookup together. */

import { describe, expect, it } from 'vitest'
import { ENDPOINT_SLICES, NAMESPACES, SERVICES } from '../../core/api/scheme.ts'
import { inProcessClient } from '../../core/apiserver/in-process-client.ts'
import { sharedInformers } from '../../core/client/shared-informers.ts'
import { startDnsRecords } from '../../dns/dns-records.ts'
import { resolveInCluster } from '../../dns/resolve-in-cluster.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import { fixture } from '../apiserver/fixture.ts'
import { silentLog } from './served-cluster.io.ts'

const WEB = 'web.shop.svc.cluster.local'

async function cluster() {
  const { registry } = await fixture()
  const client = inProcessClient(registry, { user: 'system:test', fieldManager: 'test' })
  const informers = sharedInformers({ client, clock: systemClock, log: silentLog })
  const dns = startDnsRecords({ informers, clock: systemClock, clusterDomain: 'Cluster.Local' })
  return {
    client,
    informers,
    dns,
    web: () => resolveInCluster(WEB, dns),
    async [Symbol.asyncDispose]() {
      dns[Symbol.dispose]()
      await informers[Symbol.asyncDispose]()
    },
  }
}

const named = (name: string) => ({ name, namespace: 'shop' })
const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' }, spec: {} } as const
const headless = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: named('web'),
  spec: { clusterIP: 'None', ports: [{ port: 80 }] },
} as const
const slice = (ready: boolean) =>
  ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...named('web-1'), labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.244.0.3'], conditions: { ready } }],
    ports: [{ port: 80 }],
  }) as const

describe('startDnsRecords', () => {
  it('says what is there, and follows it', async () => {
    await using running = await cluster()
    const { client, informers, dns, web } = running
    await informers.synced(AbortSignal.timeout(5_000))
    expect(dns.records.isSynced).toBe(true)
    expect(web()).toEqual({ kind: 'missing' })

    await client.create(NAMESPACES, namespace)
    await client.create(SERVICES, headless)
    const made = await client.create(ENDPOINT_SLICES, slice(true))
    await expect.poll(web).toMatchObject({ kind: 'address', address: '10.244.0.3' })
    expect(dns.records.serial).toBeGreaterThan(1_600_000_000)

    const unready = await client.update(ENDPOINT_SLICES, { ...slice(false), metadata: made.metadata })
    await expect.poll(web).toEqual({ kind: 'missing' })
    await client.update(ENDPOINT_SLICES, { ...slice(true), metadata: unready.metadata })
    await expect.poll(web).toMatchObject({ kind: 'address' })
    await client.delete(SERVICES, named('web'))
    await expect.poll(web).toEqual({ kind: 'missing' })
  })

  it('no longer follows once it is disposed', async () => {
    await using running = await cluster()
    const { client, informers, dns, web } = running
    await informers.synced(AbortSignal.timeout(5_000))
    dns[Symbol.dispose]()
    const seen = new Promise((resolve) => informers.of(ENDPOINT_SLICES).onChange(resolve))
    await client.create(NAMESPACES, namespace)
    await client.create(SERVICES, headless)
    await client.create(ENDPOINT_SLICES, slice(true))
    await seen
    expect(web()).toEqual({ kind: 'missing' })
  })

  it('refuses a domain that is none', async () => {
    await using running = await cluster()
    const { informers } = running
    expect(() => startDnsRecords({ informers, clock: systemClock, clusterDomain: 'a..b' })).toThrow(
      RangeError,
    )
  })
})
