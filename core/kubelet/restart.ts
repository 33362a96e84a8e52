/**
 * When an ended container starts again. Pure. At once the first time, then after 10 s, doubled, at most 300 s; a run of
 * ten minutes begins anew (kubernetes/kubernetes pkg/kubelet, MaxContainerBackOff).
 */

export const BACKOFF = { firstMs: 10_000, maxMs: 300_000, resetMs: 600_000 } as const

/** The pod's policy, and for sidecars their own. */
export function shouldRestart(policy: string, exitCode: number): boolean {
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

/**
 * @param restarts starts again so far since the last reset
 * @returns how long to wait, 0 for at once
 */
export function backoffMs(restarts: number): number {
  return restarts === 0 ? 0 : Math.min(BACKOFF.firstMs * 2 ** (restarts - 1), BACKOFF.maxMs)
}
