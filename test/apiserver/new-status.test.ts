/** What a new object says of its status before anyone wrote one: Go's empty structs and numbers are printed. */

import { describe, expect, it } from 'vitest'
import type { ResourceInfo } from '../../core/api/resource.ts'
import { CONFIG_MAPS, DEPLOYMENTS, INGRESSES, REPLICA_SETS, SERVICES } from '../../core/api/scheme.ts'
import { fixture } from './fixture.ts'

const labels = { app: 'a' }
const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } }
const backend = { service: { name: 'a', port: { number: 80 } } }

describe('the status of a new object', () => {
  it.each<[string, ResourceInfo, object, unknown]>([
    ['Service', SERVICES, { spec: { ports: [{ port: 80 }] } }, { loadBalancer: {} }],
    ['Ingress', INGRESSES, { spec: { defaultBackend: backend } }, { loadBalancer: {} }],
    ['ReplicaSet', REPLICA_SETS, { spec: { selector: { matchLabels: labels }, template } }, { replicas: 0 }],
    ['Deployment', DEPLOYMENTS, { spec: { selector: { matchLabels: labels }, template } }, {}],
    ['ConfigMap', CONFIG_MAPS, {}, undefined],
  ])('of kind %s', async (_kind, resource, given, status) => {
    const api = await fixture()
    // What a client says of it does not count.
    const isWithout = status === undefined
    const object = { metadata: { name: 'a' }, ...given, ...(isWithout ? {} : { status: { replicas: 7 } }) }
    const made = await api.create(resource, object)
    expect(made.status).toEqual(status)
  })
})
