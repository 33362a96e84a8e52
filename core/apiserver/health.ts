/**
 * The bodies of /healthz, /livez and /readyz. Pure.
 * kubernetes/apiserver pkg/server/healthz/healthz.go.
 */

/** A named check; false is failing. `ping` is always there. */
export type HealthChecks = Readonly<Record<string, () => boolean>>

export const HEALTH_ENDPOINTS = ['healthz', 'livez', 'readyz'] as const
export type HealthEndpoint = (typeof HEALTH_ENDPOINTS)[number]

export interface HealthReport {
  readonly code: 200 | 500
  readonly body: string
}

interface HealthQuery {
  readonly verbose: boolean
  readonly exclude: readonly string[]
  /** of `/readyz/NAME`: that check alone */
  readonly only?: string | undefined
}

/** @returns undefined when `only` names no check */
export function healthReport(
  endpoint: HealthEndpoint,
  checks: HealthChecks,
  query: HealthQuery,
): HealthReport | undefined {
  const all: [string, () => boolean][] = [['ping', () => true], ...Object.entries(checks)]
  const chosen = query.only === undefined ? all : all.filter(([name]) => name === query.only)
  if (chosen.length === 0) return undefined
  const results = chosen.map(([name, check]) => ({
    name,
    isExcluded: query.exclude.includes(name),
    isFine: query.exclude.includes(name) || check(),
  }))
  const isFine = results.every((result) => result.isFine)
  if (query.only !== undefined) {
    return isFine
      ? { code: 200, body: 'ok' }
      : { code: 500, body: 'internal server error: reason withheld\n' }
  }
  if (isFine && !query.verbose) return { code: 200, body: 'ok' }
  const lines = results.map(({ name, isExcluded, isFine: fine }) => {
    if (isExcluded) return `[+]${name} excluded: ok`
    return fine ? `[+]${name} ok` : `[-]${name} failed: reason withheld`
  })
  const summary = isFine ? `${endpoint} check passed` : `${endpoint} check failed`
  const unknown = query.exclude.filter((name) => !all.some(([known]) => known === name))
  const warning =
    unknown.length === 0
      ? []
      : [
          `warn: some health checks cannot be excluded: no matches for ${unknown.map((name) => JSON.stringify(name)).join(',')}`,
        ]
  return { code: isFine ? 200 : 500, body: [...lines, ...warning, summary, ''].join('\n') }
}
