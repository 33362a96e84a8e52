/**
 * Run inside a test host: serves DNS on 127.0.0.10:53, makes the host use it, and tells on stdout, a line of JSON each,
 * what programs see before, meanwhile and afterwards. Arguments: a scratch folder, and `crash` to end without undoing.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startForwarder } from '../../dns/forward.io.ts'
import { hostNameservers, hostResolver } from '../../dns/host-resolver.io.ts'
import { usableUpstreams } from '../../dns/upstreams.ts'
import { linuxCommands } from '../../host/linux/commands.io.ts'
import { openLedger } from '../../host/linux/ledger.io.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import { servedCluster, silentLog } from './served-cluster.io.ts'

const [folder = '', ending = ''] = process.argv.slice(2)
const ADDRESS = '127.0.0.10'
const commands = linuxCommands({ inside: (_network, work) => work() })

const getent = async (name: string): Promise<string> => {
  try {
    const { stdout } = await commands.run(['getent', 'hosts', name])
    return stdout.split(/\s/)[0] ?? ''
  } catch {
    return 'not found'
  }
}

const report = async (when: string): Promise<void> => {
  const seen = {
    when,
    resolvConf: readFileSync('/etc/resolv.conf', 'utf8'),
    cluster: await getent('db-0.db.data.svc.cluster.local'),
    short: await getent('db-0.db.data'),
    missing: await getent('no.shop.svc.cluster.local'),
    recorded: ledger.entries(),
  }
  process.stdout.write(`${JSON.stringify(seen)}\n`)
}

const ledger = await openLedger(join(folder, 'ledger'))
await report('before')
const nameservers = await hostNameservers()
{
  await using forward = startForwarder({
    upstreams: usableUpstreams(nameservers, [ADDRESS]),
    clock: systemClock,
    log: silentLog,
  })
  await using _server = await servedCluster({ forward, address: ADDRESS, port: 53 })
  await using resolver = await hostResolver({
    commands,
    ledger,
    log: silentLog,
    nameserver: { address: ADDRESS, port: 53 },
    clusterDomain: 'cluster.local',
    search: ['svc.cluster.local'],
    file: join(folder, 'resolv.conf'),
  })
  await report(`${resolver.method} ${resolver.reason} former ${nameservers.join(' ')}`)
  if (ending === 'crash') process.kill(process.pid, 'SIGKILL')
}
await report('after')
