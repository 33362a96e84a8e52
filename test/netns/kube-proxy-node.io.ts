/**
 * Run by kube-proxy.test.ts in network and mount namespaces that stand in for the host's: kube-proxy over a real registry
 * and the real kernel. Does what is named on the command line, and prints what was seen as one JSON object.
 */

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Service } from '../../core/api/generated/core-v1.ts'
import type { EndpointSlice } from '../../core/api/generated/discovery-v1.ts'
import { ENDPOINT_SLICES, SERVICES } from '../../core/api/scheme.ts'
import { inProcessClient } from '../../core/apiserver/in-process-client.ts'
import { sharedInformers } from '../../core/client/shared-informers.ts'
import type { Commands } from '../../host/host.ts'
import { linuxHost } from '../../host/linux/linux-host.io.ts'
import { openLog } from '../../host/linux/log.io.ts'
import { cleanUpIptables, IptablesApplier } from '../../kube-proxy/iptables/apply.io.ts'
import { compileIptables } from '../../kube-proxy/iptables/compile.ts'
import type { KubeProxy, KubeProxyOptions } from '../../kube-proxy/kube-proxy.io.ts'
import { startKubeProxy } from '../../kube-proxy/kube-proxy.io.ts'
import { serviceTable } from '../../kube-proxy/service-table.ts'
import { fixture } from '../apiserver/fixture.ts'
import { endpointSlice, service } from '../support/builders.ts'
import { eventually } from '../support/test-host.io.ts'

const [scenario = '', ledgerFile = ''] = process.argv.slice(2)
const host = await linuxHost({ ledgerFile, log: openLog({ level: 'error' }) })
const { registry } = await fixture()
const client = inProcessClient(registry, { user: 'system:test', fieldManager: 'test' })
await using informers = sharedInformers({ client, clock: host.clock, log: host.log })

const POD_A = '10.244.0.2'
const POD_B = '10.244.0.3'
const WEB = '10.96.0.50'
const DNS = '10.96.0.53'

const printed = async (...argv: string[]): Promise<string> => (await host.commands.run(argv)).stdout
/** Rules in force, without counters and times. */
const saved = async (): Promise<string> =>
  (await printed('iptables-save')).replaceAll(/^#.*\n/gm, '').replaceAll(/\[\d+:\d+\]/g, '[0:0]')
const ruleset = (): Promise<string> => printed('nft', 'list', 'ruleset')

for (const line of [
  'link add pods type veth peer name wire',
  'link set wire up',
  'link set pods up',
  `address add ${POD_A}/24 dev pods`,
  `address add ${POD_B}/24 dev pods`,
  'route add 10.96.0.0/24 dev pods',
]) {
  await host.commands.run(['ip', ...line.split(' ')])
}

let restores = 0
const counted: Commands = {
  run(argv, options) {
    if (argv[0] === 'iptables-restore') restores += 1
    return host.commands.run(argv, options)
  },
}

const start = (mode: KubeProxyOptions['mode']): Promise<KubeProxy> =>
  startKubeProxy({
    informers,
    host: { ...host, commands: counted },
    ledger: host.ledger,
    mode,
    node: { name: 'node-a', internalIP: POD_A, addresses: [POD_A, '127.0.0.1'] },
    clusterCIDR: '10.244.0.0/16',
    serviceCIDR: '10.96.0.0/24',
    loadBalancerCIDR: '10.112.0.0/24',
    loopback: false,
    gate: () => true,
  })

const slice = (
  name: string,
  addresses: readonly string[],
  port: NonNullable<EndpointSlice['ports']>[number],
): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  ports: [port],
})

async function createWeb(): Promise<void> {
  await client.create(SERVICES, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { type: 'NodePort', clusterIP: WEB, ports: [{ name: 'http', port: 80, nodePort: 30080 }] },
  })
  await client.create(ENDPOINT_SLICES, slice('web', [POD_A], { name: 'http', port: 8080, protocol: 'TCP' }))
}

/** What a client of `address` is told; `refused` by its error's code. */
async function ask(address: string, port: number): Promise<string> {
  const socket = host.sockets.connect({ address, port })
  socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')))
  return await text(socket).catch((error: NodeJS.ErrnoException) => error.code ?? error.message)
}

async function serveWeb(): Promise<AsyncDisposable> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.end(`pod at ${socket.localAddress}`)
  })
  await host.sockets.listen(server, { address: POD_A, port: 8080 })
  return server
}

async function rulesScenario(): Promise<object> {
  await using _web = await serveWeb()
  const before = { rules: await ruleset(), localnet: await host.links.sysctl(LOCALNET) }
  const proxy = await start('iptables')
  await createWeb()
  await proxy.synced()
  const rules = await saved()
  const answers = { cluster: await ask(WEB, 80), nodePort: await ask('127.0.0.1', 30080) }
  const localnet = await host.links.sysctl(LOCALNET)
  const recorded = host.ledger.entries().map(({ kind }) => kind)

  const restoresBefore = restores
  await proxy.synced()
  const restoresOfNoChange = restores - restoresBefore

  const repaired: Record<string, boolean> = {}
  for (const table of ['nat', 'filter']) {
    await host.commands.run(['iptables', '-t', table, '-F'])
    repaired[table] = await eventually(
      `${table} repaired`,
      async () => (await saved()) === rules || undefined,
    )
  }
  await host.commands.run(['iptables', '-t', 'nat', '-F'])
  await host.commands.run(['iptables', '-t', 'nat', '-X'])
  repaired['without chains'] = await eventually(
    'repaired',
    async () => (await saved()) === rules || undefined,
  )

  await client.delete(ENDPOINT_SLICES, { namespace: 'default', name: 'web-1' })
  await proxy.synced()
  const refused = { rules: await saved(), answer: await ask(WEB, 80) }
  await client.delete(SERVICES, { namespace: 'default', name: 'web' })
  await proxy.synced()
  const without = await saved()
  await proxy[Symbol.asyncDispose]()
  const after = { rules: await ruleset(), localnet: await host.links.sysctl(LOCALNET) }
  const left = host.ledger.entries()
  const during = { localnet, recorded, restoresOfNoChange, repaired }
  return { before, rules, answers, during, refused, without, after, left }
}

const LOCALNET = 'net.ipv4.conf.all.route_localnet'

/** Somebody else's rules, in a table that kube-proxy writes too. */
async function neighbourScenario(): Promise<object> {
  const own = ['iptables', '-t', 'nat', '-A', 'PREROUTING', '-p', 'tcp', '--dport', '1', '-j', 'RETURN']
  await host.commands.run(own)
  const before = await ruleset()
  const proxy = await start('iptables')
  await createWeb()
  await proxy.synced()
  const during = await saved()
  await proxy[Symbol.asyncDispose]()
  return { before, during, after: await ruleset() }
}

/** A client that keeps its UDP port while the endpoint behind the Service is another. */
async function udpScenario(): Promise<object> {
  const servers = await Promise.all(
    [POD_A, POD_B].map(async (address) => {
      const server = await host.sockets.bindUdp({ address, port: 5353 })
      server.on('message', (_message, from) => server.send(address, from.port, from.address))
      return server
    }),
  )
  await using proxy = await start('iptables')
  const port = { name: 'dns', port: 5353, protocol: 'UDP' } as const
  await client.create(SERVICES, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'dns', namespace: 'default' },
    spec: { clusterIP: DNS, ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] },
  })
  const first = await client.create(ENDPOINT_SLICES, slice('dns', [POD_A], port))
  await proxy.synced()
  const socket = createSocket('udp4')
  const answer = async (): Promise<string> => {
    socket.send('?', 53, DNS)
    const [message] = (await once(socket, 'message', { signal: AbortSignal.timeout(2_000) })) as [Buffer]
    return message.toString()
  }
  const answers = [await answer()]
  const { endpoints = [] } = slice('dns', [POD_B], port)
  await client.update(ENDPOINT_SLICES, { ...first, endpoints })
  await proxy.synced()
  answers.push(await answer())
  socket.close()
  for (const server of servers) server.close()
  return { answers }
}

async function userspaceScenario(): Promise<object> {
  await using _web = await serveWeb()
  const routes = (): Promise<string> => printed('ip', 'route', 'show', 'table', 'local')
  const before = await routes()
  const proxy = await start('userspace')
  await createWeb()
  await proxy.synced()
  const answers = { cluster: await ask(WEB, 80), nodePort: await ask('127.0.0.1', 30080) }
  const recorded = host.ledger.entries()
  const rules = await ruleset()
  await proxy[Symbol.asyncDispose]()
  return { before, answers, recorded, rules, after: await routes(), left: host.ledger.entries() }
}

/** Every form of rule, and a single chain that somebody flushed. */
async function wholeScenario(): Promise<object> {
  const ports = [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30_080, targetPort: 8080 }]
  const balanced = (key: string, clusterIP: string, spec: Partial<Service['spec']>): Service => ({
    ...service(key, { type: 'LoadBalancer', clusterIP, ports, sessionAffinity: 'ClientIP', ...spec }),
    status: { loadBalancer: { ingress: [{ ip: clusterIP.replace('10.96.0', '203.0.113') }] } },
  })
  const table = serviceTable({
    services: [
      balanced('default/a', '10.96.0.61', { loadBalancerSourceRanges: ['10.244.0.0/16', '0.0.0.0/0'] }),
      balanced('default/b', '10.96.0.62', { externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000 }),
      balanced('default/c', '10.96.0.63', { externalIPs: ['198.51.100.5'] }),
    ],
    slices: [endpointSlice('default/a', [POD_A, POD_B]), endpointSlice('default/b', [POD_A])],
    node: { name: 'node-a', zone: '' },
  })
  const program = compileIptables(table, {
    clusterCIDR: '10.244.0.0/16',
    masqueradeAll: false,
    localhostNodePorts: true,
    randomFully: true,
    nodeIP: POD_A,
  })
  const applier = new IptablesApplier({ commands: host.commands })
  await applier.apply(program)
  const written = { whole: await applier.isWhole(), rules: await saved() }
  await host.commands.run(['iptables', '-t', 'nat', '-F', 'KUBE-SERVICES'])
  const flushed = { whole: await applier.isWhole() }
  applier.forget()
  await applier.apply(program)
  const again = { whole: await applier.isWhole(), same: (await saved()) === written.rules }
  await cleanUpIptables({ commands: host.commands, tablesBefore: [] })
  return { written: written.whole, flushed: flushed.whole, again, left: await ruleset() }
}

const SCENARIOS: Readonly<Record<string, () => Promise<object>>> = {
  rules: rulesScenario,
  neighbour: neighbourScenario,
  udp: udpScenario,
  userspace: userspaceScenario,
  whole: wholeScenario,
}
writeSync(1, JSON.stringify(await SCENARIOS[scenario]?.()))
