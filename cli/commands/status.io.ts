/** `portolan status`: what runs on a data dir, and what is not ready. Exit code 1 when something is not. */

import { homedir } from 'node:os'
import { DEPLOYMENTS, PODS } from '../../core/api/scheme.ts'
import { httpClient } from '../../core/client/http.io.ts'
import { readKubeconfig } from '../../core/client/kubeconfig.io.ts'
import { dataDirAt, runningInstance } from '../instance.io.ts'
import { readinessOf } from '../readiness.ts'
import { apiServerLine, dnsLine, headline, ingressLine, readyLine } from '../summary.ts'

export async function status(flags: { dataDir?: string; output: 'text' | 'json' }): Promise<void> {
  const instance = runningInstance(dataDirAt(flags.dataDir))
  using client = httpClient(await readKubeconfig(instance.kubeconfig))
  const [deployments, pods] = await Promise.all([client.list(DEPLOYMENTS), client.list(PODS)])
  const readiness = readinessOf(deployments.items, pods.items)
  if (readiness.waitingFor.length > 0) process.exitCode = 1
  if (flags.output === 'json') {
    process.stdout.write(
      `${JSON.stringify({ ...instance, ...readiness, pods: pods.items.length }, null, 2)}\n`,
    )
    return
  }
  const lines = [
    headline(instance),
    apiServerLine(instance, homedir()),
    dnsLine(instance),
    ingressLine(instance),
    readyLine(readiness, undefined),
    ...readiness.waitingFor.map((waiting) => `    ${waiting}`),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}
