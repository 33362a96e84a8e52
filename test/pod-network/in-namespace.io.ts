/**
 * Run by pod-network.test.ts in network and mount namespaces that stand in for the host's: opens the network named on
 * the command line, sends packets every way, takes it down, and prints what happened as one JSON object.
 */

import { createServer } from 'node:net'
import { writeSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { openPodNetwork } from '../../core/pod-network/open-pod-network.io.ts'
import type { NetworkName } from '../../core/pod-network/pod-network.ts'
import type { Pod } from '../../core/api/generated/core-v1.ts'
import type { SocketAddress } from '../../host/host.ts'
import { linuxHost } from '../../host/linux/linux-host.io.ts'
import { openLog } from '../../host/linux/log.io.ts'

const [name = 'host', ledgerFile = ''] = process.argv.slice(2)
const host = await linuxHost({ ledgerFile, log: openLog({ level: 'warn' }) })
const pod = (uid: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: uid, uid },
  spec: { containers: [] },
})
/** What portolan could have changed; not whether a link has just been seen to be up. */
async function state(): Promise<string> {
  const script =
    'ip -4 -o address; ip -o link; ip -4 route show table all; sysctl -a -r "^net.ipv4.*forward" 2>/dev/null'
  const { stdout } = await host.commands.run(['sh', '-c', script])
  return stdout.replaceAll(/ state \S+|<[^>]*>| qdisc \S+/g, '')
}

/** Serves on one side, dials from the other; the address the server sees. */
async function seenBy(server: SocketAddress, client: Pick<SocketAddress, 'network'>): Promise<string> {
  await using listener = createServer((socket) => socket.end(socket.remoteAddress ?? ''))
  await host.sockets.listen(listener, { ...server, address: '0.0.0.0' })
  return await text(host.sockets.connect({ ...client, address: server.address, port: server.port }))
}

const before = await state()
const network = await openPodNetwork(name as NetworkName, { host })
const { node } = network
const [a, b] = [await network.attach(pod('a')), await network.attach(pod('b'))]
const onA = { network: a.network, address: a.ip, port: 80 }
const seen = {
  podToPod: await seenBy(onA, { network: b.network }),
  nodeToPod: await seenBy(onA, { network: node.network }),
  hostToPod: await seenBy(onA, {}),
  podToGateway: await seenBy(
    { network: node.network, address: node.gateway, port: 8080 },
    { network: a.network },
  ),
  podToNode: await seenBy(
    { network: node.network, address: node.internalIP, port: 8080 },
    { network: a.network },
  ),
}

// A Service by kube-proxy's means: what is sent to its address ends at the pod.
const nat = `*nat\n-A PREROUTING -d 10.96.0.50/32 -p tcp --dport 80 -j DNAT --to-destination ${a.ip}:80
-A OUTPUT -d 10.96.0.50/32 -p tcp --dport 80 -j DNAT --to-destination ${a.ip}:80
-A POSTROUTING -s ${a.ip}/32 -d ${a.ip}/32 -j MASQUERADE\nCOMMIT\n`
await host.commands.run(['iptables-restore', '--noflush'], { network: node.network, stdin: nat })
const service = async (client: Pick<SocketAddress, 'network'>): Promise<string> => {
  await using listener = createServer((socket) => socket.end(socket.remoteAddress ?? ''))
  await host.sockets.listen(listener, onA)
  return await text(host.sockets.connect({ ...client, address: '10.96.0.50', port: 80 }))
}
const services = {
  fromPod: await service({ network: b.network }),
  fromItself: await service({ network: a.network }),
  fromNode: await service({ network: node.network }),
  fromHost: await service({}),
}

const COUNT = 100
const started = host.clock.monotonic()
for (let index = 0; index < COUNT; index += 1) await network.attach(pod(`many-${index}`))
const attachMs = (host.clock.monotonic() - started) / COUNT
await network[Symbol.asyncDispose]()
const after = await state()
const report = {
  node: { internalIP: node.internalIP, gateway: node.gateway },
  a: a.ip,
  b: b.ip,
  seen,
  services,
}
writeSync(1, JSON.stringify({ ...report, attachMs, before, after, left: host.ledger.entries() }))
