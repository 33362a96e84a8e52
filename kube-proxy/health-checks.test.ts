import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { openNamespaceSwitch } from '../host/linux/network-namespace.io.ts'
import { linuxSockets } from '../host/linux/sockets.io.ts'
import { endpointSlice, service } from '../test/support/builders.ts'
import { HealthChecks } from './health-checks.io.ts'
import type { ServiceTable } from './service-table.ts'
import { serviceTable } from './service-table.ts'

const ADDRESS = '127.77.1.1'
const sockets = await linuxSockets(await openNamespaceSwitch(undefined), undefined)

async function freePort(): Promise<number> {
  await using taken = createServer()
  return await sockets.listen(taken, { address: ADDRESS, port: 0 })
}

function tableWith(healthCheckNodePort: number, localAddresses: readonly string[]): ServiceTable {
  const slice = endpointSlice('ns/web', localAddresses)
  return serviceTable({
    services: [
      service('ns/web', {
        type: 'LoadBalancer',
        clusterIP: '172.30.0.1',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort,
        ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30080 }],
      }),
    ],
    slices: [{ ...slice, endpoints: (slice.endpoints ?? []).map((one) => ({ ...one, nodeName: 'here' })) }],
    node: { name: 'here', zone: '' },
  })
}

it('tells a load balancer how many endpoints the node has', async () => {
  const warnings: string[] = []
  const log = { debug() {}, info() {}, error() {}, warn: (text: string) => void warnings.push(text) }
  const port = await freePort()
  const ask = async () => {
    const answer = await fetch(`http://${ADDRESS}:${port}/`, { headers: { connection: 'close' } })
    return {
      status: answer.status,
      weight: answer.headers.get('x-load-balancing-endpoint-weight'),
      type: answer.headers.get('content-type'),
      sniff: answer.headers.get('x-content-type-options'),
      body: await answer.text(),
    }
  }
  const headers = { type: 'application/json', sniff: 'nosniff' }
  const body = (count: number): string =>
    `{"service":{"namespace":"ns","name":"web"},"localEndpoints":${count},"serviceProxyHealthy":true}`
  await using checks = new HealthChecks({ sockets, log, network: undefined, address: ADDRESS })
  await checks.apply(tableWith(port, ['10.0.0.1', '10.0.0.2']))
  expect(await ask()).toEqual({ status: 200, weight: '2', body: body(2), ...headers })
  await checks.apply(tableWith(port, []))
  expect(await ask()).toEqual({ status: 503, weight: '0', body: body(0), ...headers })
  await checks.apply({ entries: [] })
  await expect(ask()).rejects.toThrow('fetch failed')

  await using holder = createServer()
  await sockets.listen(holder, { address: ADDRESS, port })
  await checks.apply(tableWith(port, ['10.0.0.1']))
  await checks.apply(tableWith(port, ['10.0.0.1']))
  expect(warnings).toHaveLength(1)
})
