/**
 * An API server in a process of its own, to be killed: store, registry and listener, and the files of the directory
 * given as its argument, with nothing else around them. Prints its port, or takes the one given. Run by
 * api-crash.test.ts.
 */

import { join } from 'node:path'
import { NAMESPACES } from '../../core/api/scheme.ts'
import { serveApi } from '../../core/apiserver/http.io.ts'
import { createRegistry } from '../../core/apiserver/object-registry.ts'
import { openPki } from '../../core/apiserver/pki/pki.io.ts'
import { openStore } from '../../core/store/open-store.io.ts'
import { memoryLog } from '../../host/fake/fake-host.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import { systemRandom } from '../../host/linux/random.io.ts'
import { noNodeAgent } from '../../cli/no-node-agent.ts'
import type { Server } from 'node:net'
import { connect } from 'node:net'
import { once } from 'node:events'

const [directory = ''] = process.argv.slice(2)

const [store, pki] = await Promise.all([
  openStore({ directory: join(directory, 'store'), minRewriteBytes: 100_000 }),
  openPki({ directory: join(directory, 'pki'), addresses: ['127.0.0.1'], nowMs: systemClock.now() }),
])
const facts = { serviceCIDRs: ['10.96.0.0/24'], nodePortRange: { first: 30_000, last: 30_099 } }
const registry = createRegistry({ store, clock: systemClock, random: systemRandom, facts })
if (store.range('/registry/namespaces/').values.length === 0) {
  const context = { user: { name: 'test', groups: ['system:masters'] }, warn: () => undefined }
  await registry.create(NAMESPACES, undefined, { metadata: { name: 'default' } }, context)
}
const api = await serveApi({
  registry,
  nodeAgent: noNodeAgent(),
  pki,
  sockets: { listen },
  clock: systemClock,
  random: systemRandom,
  log: memoryLog(),
  listen: [{ address: '127.0.0.1', port: 0 }],
  dial: (to) => connect({ host: to.address, port: to.port }),
})
process.stdout.write(`${api.port}\n`)

async function listen(server: Server, { address, port }: { address: string; port: number }): Promise<number> {
  server.listen(port, address)
  await once(server, 'listening')
  const bound = server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : 0
}
