/**
 * Which tokens kept in Secrets are still used, and who is to use others: KEP-2799. Pure.
 * kubernetes/kubernetes pkg/serviceaccount/legacy.go, pkg/controlplane/controller/legacytokentracking.
 */

import { parseTimestamp, timestamp } from '../../api/timestamp.ts'
import type { ConfigMap, Secret, ServiceAccount } from '../../api/generated/core-v1.ts'

const WARNING =
  'Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.'

/** The day on which a token was last used, as a label of its Secret. */
export const LAST_USED = 'kubernetes.io/legacy-token-last-used'

const DAY_MS = 86_400_000

/** `2026-01-31`, UTC */
export const dayOf = (ms: number): string => timestamp(ms).slice(0, 10)

/** @returns the day to be written down; undefined when it is already. Another server's clock may be ahead of ours. */
export function usageToTell({ metadata }: Secret, nowMs: number): string | undefined {
  const [today, tomorrow] = [dayOf(nowMs), dayOf(nowMs + DAY_MS)]
  const told = metadata.labels?.[LAST_USED]
  return told === today || told === tomorrow ? undefined : today
}

/** @returns what whoever uses the token is told: old clusters made one for every account */
export function usageWarnings(account: ServiceAccount | undefined, secret: string): readonly string[] {
  const isOfItsOwn = (account?.secrets ?? []).some(({ name }) => name === secret)
  return isOfItsOwn ? [WARNING] : []
}

export const TRACKING = {
  namespace: 'kube-system',
  name: 'kube-apiserver-legacy-service-account-token-tracking',
}

/** @returns what says since when usage is written down, as it is to be; undefined when it is so */
export function trackingConfigMap(existing: ConfigMap | undefined, nowMs: number): ConfigMap | undefined {
  const since = existing?.data?.['since'] ?? ''
  if (isDay(since)) return undefined
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    ...existing,
    metadata: existing?.metadata ?? TRACKING,
    data: { ...existing?.data, since: dayOf(nowMs) },
  }
}

function isDay(text: string): boolean {
  const ms = parseTimestamp(`${text}T00:00:00Z`)
  // The 31st of February is no day, though it can be read.
  return ms !== undefined && dayOf(ms) === text
}
