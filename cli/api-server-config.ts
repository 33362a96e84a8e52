/**
 * What `portolan apiserver` and startApiServer() can be told: one type, its defaults, and its validation, which
 * reports all faults at once. Names are those of kube-apiserver's flags. Pure.
 */

import { DEFAULT_MODES, modeFaults } from '../core/apiserver/authorization/modes.ts'
import type { PluginChoice } from '../core/apiserver/admission/plugins.ts'
import { pluginFaults } from '../core/apiserver/admission/plugins.ts'
import { cidrSize, parseCidr } from '../core/net/cidr.ts'
import type { PortRange } from '../core/net/port.ts'
import { parsePortRange } from '../core/net/port.ts'
import { parseIp } from '../core/net/ip.ts'
import type { LogLevel } from './config.ts'
import type { CredentialFiles } from './given-credentials.io.ts'
import type { EtcdConfig } from './open-store.io.ts'
import { LOG_LEVELS } from './config.ts'

export interface ApiServerConfig extends CredentialFiles {
  /** absent: objects are kept in memory only */
  readonly dataDir: string | undefined
  readonly bindAddress: string
  /** the address that Service default/kubernetes leads to; absent: that it listens on */
  readonly advertiseAddress?: string | undefined
  /** 0: any free one */
  readonly securePort: number
  /** one CIDR, or two of different families */
  readonly serviceClusterIPRange: string
  /** `30000-32767` */
  readonly serviceNodePortRange: string
  /** who decides on access, in turn: kube-apiserver's --authorization-mode */
  readonly authorizationMode: readonly string[]
  /** whether requests that prove nothing are those of system:anonymous, or refused */
  readonly anonymousAuth: boolean
  /** where the administrator's kubeconfig is written; absent: into the data dir */
  readonly kubeconfig: string | undefined
  readonly logLevel: LogLevel
  /** of service account tokens: the first one issues, those of all are good; absent: the cluster's own */
  readonly serviceAccountIssuers?: readonly string[] | undefined
  /** by upstream's names; absent: those that usually are on */
  readonly admissionPlugins?: PluginChoice | undefined
  /** absent: objects are kept in the data dir, or in memory */
  readonly etcd?: EtcdConfig | undefined
}

export const API_SERVER_DEFAULTS: ApiServerConfig = Object.freeze({
  dataDir: undefined,
  bindAddress: '127.0.0.1',
  securePort: 6443,
  serviceClusterIPRange: '10.96.0.0/12',
  serviceNodePortRange: '30000-32767',
  authorizationMode: DEFAULT_MODES,
  anonymousAuth: true,
  kubeconfig: undefined,
  logLevel: 'warn',
})

export const serviceCIDRsOf = ({ serviceClusterIPRange }: ApiServerConfig): readonly string[] =>
  serviceClusterIPRange.split(',').map((text) => text.trim())

/** @throws Error when the config has faults: see apiServerFaults */
export function nodePortRangeOf({ serviceNodePortRange }: ApiServerConfig): PortRange {
  const range = parsePortRange(serviceNodePortRange)
  if (range === undefined) throw new Error(`not a range of ports: ${serviceNodePortRange}`)
  return range
}

/** The first address is the API server's own, the network's and the broadcast address are nobody's. */
const SMALLEST_RANGE = 8n
/** kube-apiserver refuses larger ranges, too. */
const MAX_HOST_BITS = 20

/** @returns one sentence per fault, each with the flag it belongs to; empty when all is well */
export function apiServerFaults(config: ApiServerConfig): readonly string[] {
  const { bindAddress, securePort, serviceNodePortRange, logLevel } = config
  const faults = [...rangeFaults(serviceCIDRsOf(config))]
  const checkAddress = (flag: string, address: string): void => {
    if (parseIp(address) === undefined)
      faults.push(`${flag}: ${JSON.stringify(address)} is not an IP address`)
  }
  checkAddress('--bind-address', bindAddress)
  if (config.advertiseAddress !== undefined) checkAddress('--advertise-address', config.advertiseAddress)
  if (!Number.isInteger(securePort) || securePort < 0 || securePort > 65_535)
    faults.push('--secure-port: must be between 0 and 65535')
  if (parsePortRange(serviceNodePortRange) === undefined)
    faults.push(`--service-node-port-range: ${JSON.stringify(serviceNodePortRange)} is not a range of ports`)
  faults.push(...modeFaults(config.authorizationMode).map((fault) => `--authorization-mode: ${fault}`))
  if (!LOG_LEVELS.includes(logLevel))
    faults.push(`--log-level: ${JSON.stringify(logLevel)} is not one of ${LOG_LEVELS.join(', ')}`)
  if (config.admissionPlugins) faults.push(...pluginFaults(config.admissionPlugins))
  return faults
}

function rangeFaults(texts: readonly string[]): readonly string[] {
  const flag = '--service-cluster-ip-range'
  const ranges = texts.map((text) => parseCidr(text))
  const faults = ranges.flatMap((range, index) => {
    const text = JSON.stringify(texts[index])
    if (range === undefined) return [`${flag}: ${text} is not a CIDR`]
    if (cidrSize(range) < SMALLEST_RANGE) return [`${flag}: ${text} is too small`]
    return cidrSize(range) > 1n << BigInt(MAX_HOST_BITS)
      ? [`${flag}: ${text} is too large: at most ${MAX_HOST_BITS} bits are for addresses`]
      : []
  })
  if (texts.length > 2) faults.push(`${flag}: at most two CIDRs may be given`)
  if (ranges.length === 2 && ranges[0] && ranges[0].family === ranges[1]?.family)
    faults.push(`${flag}: two CIDRs must be of different families`)
  return faults
}
