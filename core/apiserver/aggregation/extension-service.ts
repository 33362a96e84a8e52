/**
 * An API server that extends this one, as an APIService names it: which Service it is behind, and how its certificate
 * is checked. Pure.
 */

import type { APIService } from '../../api/generated/apiregistration-v1.ts'

export interface ExtensionService {
  readonly group: string
  readonly version: string
  readonly namespace: string
  readonly name: string
  readonly port: number
  /** PEM; absent: the authorities every program trusts */
  readonly caCertificate: string | undefined
  readonly isVerified: boolean
}

const HTTPS_PORT = 443

/** @returns undefined for what this server serves itself */
export function extensionService({ spec }: APIService): ExtensionService | undefined {
  if (spec?.service === undefined) return undefined
  const { namespace = '', name = '', port = HTTPS_PORT } = spec.service
  const caCertificate = spec.caBundle ? Buffer.from(spec.caBundle, 'base64').toString('utf8') : undefined
  return {
    group: spec.group ?? '',
    version: spec.version ?? '',
    namespace,
    name,
    port,
    caCertificate,
    isVerified: !spec.insecureSkipTLSVerify,
  }
}

/** As its certificate names it. */
export const hostnameOf = ({ name, namespace }: ExtensionService): string => `${name}.${namespace}.svc`

/** `/apis/metrics.k8s.io/v1beta1` */
export const rootPathOf = ({ group, version }: ExtensionService): string =>
  group === '' ? `/api/${version}` : `/apis/${group}/${version}`
