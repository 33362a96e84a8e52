/** `portolan up`: starts a cluster in this process, applies the files, and stays until it is told to stop. */

import { homedir } from 'node:os'
import type { ClusterConfig } from '../config.ts'
import { configFaults } from '../config.ts'
import type { Cluster } from '../cluster.io.ts'
import { startCluster } from '../cluster.io.ts'
import { detached, tellParent } from '../detach.io.ts'
import { CliError, EXIT, listed } from '../errors.ts'
import type { DataDir } from '../instance.io.ts'
import { dataDirAt, occupantOf, prepareDataDir } from '../instance.io.ts'
import type { ManifestObject } from '../manifests.ts'
import { inApplyOrder, parseManifests } from '../manifests.ts'
import { readManifests } from '../manifests.io.ts'
import type { EtcdFlags } from '../open-store.io.ts'
import { etcdConfigOf } from '../open-store.io.ts'
import type { Progress } from '../progress.io.ts'
import { plainProgress, terminalProgress } from '../progress.io.ts'
import { stopSignal, stopped } from '../stop-signal.io.ts'
import { apiServerLine, dnsLine, headline, ingressLine, readyLine } from '../summary.ts'

export interface UpFlags extends EtcdFlags {
  readonly filename: readonly string[]
  readonly network: ClusterConfig['network']
  readonly proxyMode: ClusterConfig['proxyMode']
  readonly dataDir?: string
  readonly port: number
  readonly detach: boolean
  readonly nodeName: string
  readonly clusterDomain: string
  readonly hostDns: boolean
  readonly honorProbeDelays: boolean
  readonly ingressHttpPort: number
  readonly ingressHttpsPort: number
  readonly wait: number
  readonly logLevel: ClusterConfig['logLevel']
  readonly output: 'text' | 'json'
}

function configOf(flags: UpFlags, dir: DataDir): ClusterConfig {
  return {
    network: flags.network,
    proxyMode: flags.proxyMode,
    dataDir: dir.path,
    port: flags.port,
    nodeName: flags.nodeName,
    clusterDomain: flags.clusterDomain,
    hostDNS: flags.hostDns,
    honorProbeDelays: flags.honorProbeDelays,
    ingressHTTPPort: flags.ingressHttpPort,
    ingressHTTPSPort: flags.ingressHttpsPort,
    logLevel: flags.logLevel,
    etcd: etcdConfigOf(flags),
  }
}

export async function up(flags: UpFlags): Promise<void> {
  const dir = dataDirAt(flags.dataDir)
  const config = configOf(flags, dir)
  const faults = configFaults(config)
  if (faults.length > 0) throw listed(faults, { exitCode: EXIT.usage })
  // All that can be wrong with the files is found before anything is started.
  const manifests = parseManifests(readManifests(flags.filename))
  if (manifests.faults.length > 0) throw listed(manifests.faults)
  prepareDataDir(dir)
  refuseSecond(dir)
  if (flags.detach && process.send === undefined) return detached(dir)

  const progress = progressFor(flags)
  for (const skipped of manifests.skipped) progress.line(`  - ${skipped}`)
  await run(config, inApplyOrder(manifests.objects), { flags, progress })
}

function refuseSecond(dir: DataDir): void {
  const occupant = occupantOf(dir)
  if (occupant.kind !== 'running') return
  throw new CliError(`portolan is already running on ${dir.path} (pid ${occupant.instance.pid})`, {
    remedy: `stop it with: portolan down --data-dir ${dir.path}`,
  })
}

function progressFor(flags: UpFlags): Progress {
  // JSON on standard output is for machines: progress goes to people on standard error.
  if (process.send !== undefined) return plainProgress((text) => tellParent({ kind: 'line', text }))
  return terminalProgress(flags.output === 'json' ? process.stderr : process.stdout)
}

interface Run {
  readonly flags: UpFlags
  readonly progress: Progress
}

async function run(
  config: ClusterConfig,
  objects: readonly ManifestObject[],
  { flags, progress }: Run,
): Promise<void> {
  const stop = stopSignal()
  const began = performance.now()
  let cluster: Cluster | undefined
  try {
    cluster = await startCluster({ config, phase: (text) => progress.phase(text), signal: stop })
    progress.line(headline(cluster.instance))
    progress.line(apiServerLine(cluster.instance, homedir()))
    progress.phase(`applying ${objects.length} objects`)
    await cluster.applyObjects(objects)
    await settle(cluster, { flags, progress }, began)
    if (flags.output === 'json') process.stdout.write(`${JSON.stringify(cluster.instance, null, 2)}\n`)
    tellParent({ kind: 'ready' })
    await stopped(stop)
  } catch (error) {
    // Ctrl-C while starting is no failure.
    if (!stop.aborted) throw error
  } finally {
    if (cluster) progress.phase('stopping')
    await cluster?.[Symbol.asyncDispose]()
    if (cluster) progress.line('  ✓ stopped; the host is as it was')
  }
}

async function settle(cluster: Cluster, { flags, progress }: Run, began: number): Promise<void> {
  const readiness = await cluster.settled(flags.wait * 1000, (now) => {
    progress.phase(`${now.deployments.ready}/${now.deployments.total} deployments ready`)
  })
  progress.line(dnsLine(cluster.instance))
  progress.line(ingressLine(cluster.instance))
  progress.line(readyLine(readiness, (performance.now() - began) / 1000))
  for (const waiting of readiness.waitingFor) progress.line(`    ${waiting}`)
  const url = cluster.exampleURL()
  if (url)
    progress.line(
      `  ${cluster.instance.dns.host.startsWith('host resolves') ? 'curl' : 'portolan curl'} ${url}`,
    )
}
