/** `portolan apiserver`: the API server alone, until it is told to stop. */

import type { ApiServerConfig } from '../api-server-config.ts'
import { apiServerFaults } from '../api-server-config.ts'
import { startApiServer } from '../api-server.io.ts'
import { EXIT, listed } from '../errors.ts'
import type { EtcdFlags } from '../open-store.io.ts'
import { etcdConfigOf } from '../open-store.io.ts'
import { stopSignal, stopped } from '../stop-signal.io.ts'
import { VERSION } from '../version.io.ts'

export interface ApiServerFlags extends EtcdFlags {
  readonly dataDir?: string
  readonly bindAddress: string
  readonly securePort: number
  readonly serviceClusterIpRange: string
  readonly serviceNodePortRange: string
  readonly authorizationMode: string
  readonly kubeconfig?: string
  readonly anonymousAuth: 'true' | 'false'
  readonly advertiseAddress?: string
  readonly clientCaFile?: string
  readonly certDir?: string
  readonly tlsCertFile?: string
  readonly tlsPrivateKeyFile?: string
  readonly serviceAccountIssuer: readonly string[]
  readonly serviceAccountKeyFile: readonly string[]
  readonly serviceAccountSigningKeyFile?: string
  readonly tokenAuthFile?: string
  readonly logLevel: ApiServerConfig['logLevel']
  readonly enableAdmissionPlugins: readonly string[]
  readonly disableAdmissionPlugins: readonly string[]
  readonly output: 'text' | 'json'
}

export async function apiserver(flags: ApiServerFlags): Promise<void> {
  const stop = stopSignal()
  const config: ApiServerConfig = {
    dataDir: flags.dataDir,
    bindAddress: flags.bindAddress,
    securePort: flags.securePort,
    serviceClusterIPRange: flags.serviceClusterIpRange,
    serviceNodePortRange: flags.serviceNodePortRange,
    authorizationMode: flags.authorizationMode.split(',').map((mode) => mode.trim()),
    kubeconfig: flags.kubeconfig,
    anonymousAuth: flags.anonymousAuth === 'true',
    logLevel: flags.logLevel,
    admissionPlugins: { enabled: flags.enableAdmissionPlugins, disabled: flags.disableAdmissionPlugins },
    etcd: etcdConfigOf(flags),
    advertiseAddress: flags.advertiseAddress,
    clientCAFile: flags.clientCaFile,
    certDir: flags.certDir,
    tlsCertFile: flags.tlsCertFile,
    tlsPrivateKeyFile: flags.tlsPrivateKeyFile,
    serviceAccountIssuers: flags.serviceAccountIssuer,
    serviceAccountKeyFiles: flags.serviceAccountKeyFile,
    serviceAccountSigningKeyFile: flags.serviceAccountSigningKeyFile,
    tokenAuthFile: flags.tokenAuthFile,
  }
  const faults = apiServerFaults(config)
  if (faults.length > 0) throw listed(faults, { exitCode: EXIT.usage })
  await using running = await startApiServer(config)
  const { server, kubeconfig } = running
  const text =
    flags.output === 'json'
      ? JSON.stringify({ version: VERSION, pid: process.pid, server, kubeconfig })
      : `portolan ${VERSION} · API server ${server}\n  export KUBECONFIG=${kubeconfig}`
  process.stdout.write(`${text}\n`)
  await stopped(stop)
}
