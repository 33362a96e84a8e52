/** `portolan curl URL`: the system's curl through portolan's HTTP proxy, so that cluster names work everywhere. */

import { CliError, EXIT } from '../errors.ts'
import { dataDirAt, runningInstance } from '../instance.io.ts'
import { passThrough } from '../pass-through.io.ts'

export async function curl(args: readonly string[], flags: { dataDir?: string }): Promise<void> {
  const instance = runningInstance(dataDirAt(flags.dataDir))
  const proxy = `http://127.0.0.1:${instance.proxyPort}`
  const code = await passThrough(['curl', '--proxy', proxy, '--noproxy', '127.0.0.1,localhost', ...args], {})
  if (code === 'missing') {
    throw new CliError('curl is not installed', {
      exitCode: EXIT.host,
      remedy: 'Debian, Ubuntu: apt-get install curl',
    })
  }
  process.exitCode = code
}
