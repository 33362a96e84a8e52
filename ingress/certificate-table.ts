/**
 * Which certificate belongs to which server name: from `spec.tls` and Secrets. Pure.
 *
 * A name without a usable Secret (missing, unparsable, or not covering the name) has none: the default certificate
 * is served then, never a dead listener.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Secret } from '../core/api/generated/core-v1.ts'
import type { Ingress } from '../core/api/generated/networking-v1.ts'
import { objectKey } from '../core/api/object.ts'

export interface Certificate {
  /** `namespace/secret`, for messages */
  readonly secret: string
  /** PEM: the leaf first, then intermediates */
  readonly cert: string
  readonly key: string
}

export interface CertificateTable {
  readonly exact: ReadonlyMap<string, Certificate>
  /** by what follows `*.` */
  readonly wildcard: ReadonlyMap<string, Certificate>
  /** one sentence per name that falls back to the default certificate */
  readonly warnings: readonly string[]
}

/** @param ingresses oldest first: the first that names a host decides */
export function certificateTable(
  ingresses: readonly Ingress[],
  secrets: readonly Secret[],
): CertificateTable {
  const byKey = new Map(secrets.map((secret) => [objectKey(secret.metadata), secret]))
  const exact = new Map<string, Certificate>()
  const wildcard = new Map<string, Certificate>()
  const warnings: string[] = []
  for (const { host, secret } of ingresses.flatMap(claims)) {
    const target = host.startsWith('*.') ? wildcard : exact
    const name = host.startsWith('*.') ? host.slice(2) : host
    if (target.has(name)) continue
    const found = usableCertificate(secret, byKey.get(secret), host)
    if ('reason' in found) warnings.push(`${host}: ${found.reason}; the default certificate is served`)
    else target.set(name, found)
  }
  return { exact, wildcard, warnings }
}

interface Claim {
  readonly host: string
  /** `namespace/name` */
  readonly secret: string
}

/** An entry without hosts is for all hosts of the Ingress' rules. */
function claims(ingress: Ingress): readonly Claim[] {
  const ruleHosts = (ingress.spec.rules ?? []).flatMap((rule) => (rule.host ? [rule.host] : []))
  return (ingress.spec.tls ?? []).flatMap((entry) => {
    const hosts = entry.hosts && entry.hosts.length > 0 ? entry.hosts : ruleHosts
    return entry.secretName
      ? hosts.map((host) => ({
          host: host.toLowerCase(),
          secret: `${ingress.metadata.namespace}/${entry.secretName}`,
        }))
      : []
  })
}

function usableCertificate(
  key: string,
  secret: Secret | undefined,
  host: string,
): Certificate | { readonly reason: string } {
  const cert = secret?.data?.['tls.crt']
  const privateKey = secret?.data?.['tls.key']
  if (!cert || !privateKey)
    return { reason: `Secret ${key} ${secret ? 'lacks tls.crt or tls.key' : 'does not exist'}` }
  const pem = { cert: decoded(cert), key: decoded(privateKey) }
  try {
    const leaf = new X509Certificate(pem.cert)
    if (!leaf.checkPrivateKey(createPrivateKey(pem.key)))
      return { reason: `tls.key of Secret ${key} is not that of tls.crt` }
    if (leaf.checkHost(host.replace(/^\*\./, 'any.')) === undefined)
      return { reason: `Secret ${key} does not cover it` }
  } catch (error) {
    return {
      reason: `Secret ${key} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    }
  }
  return { secret: key, ...pem }
}

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8')

/** The certificate for a server name; undefined: the default one. */
export function certificateFor(name: string, table: CertificateTable): Certificate | undefined {
  const lower = name.toLowerCase()
  const dot = lower.indexOf('.')
  return table.exact.get(lower) ?? (dot > 0 ? table.wildcard.get(lower.slice(dot + 1)) : undefined)
}
