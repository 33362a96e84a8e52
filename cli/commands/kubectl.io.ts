/** `portolan kubectl ...`: the system's kubectl, pointed at this cluster. */

import { CliError, EXIT } from '../errors.ts'
import { dataDirAt, runningInstance } from '../instance.io.ts'
import { passThrough } from '../pass-through.io.ts'

export async function kubectl(args: readonly string[], flags: { dataDir?: string }): Promise<void> {
  const instance = runningInstance(dataDirAt(flags.dataDir))
  const code = await passThrough(['kubectl', ...args], { KUBECONFIG: instance.kubeconfig })
  if (code === 'missing') {
    throw new CliError('kubectl is not installed', {
      exitCode: EXIT.host,
      remedy: 'Debian, Ubuntu: apt-get install kubernetes-client',
    })
  }
  process.exitCode = code
}
