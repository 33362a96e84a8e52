/**
 * One log entry as a line for people. Pure.
 *
 *   12:00:01.250 warn  sync failed  dataplane=iptables durationMs=12 err="iptables-restore: line 3 failed"
 */

interface Entry {
  readonly level: string
  readonly time: string
  readonly message?: string
}

/** @param json one entry as pino writes it. @returns the line with its newline; text that is no entry as it is */
export function logLine(json: string): string {
  const entry = parsed(json)
  if (entry === undefined) return json
  const { level, time, message, ...fields } = entry
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${shownValue(value)}`)
  return `${[`${time.slice(11, 23)} ${level.padEnd(5)} ${message ?? ''}`, ...shown].join('  ')}\n`
}

function parsed(json: string): (Entry & Readonly<Record<string, unknown>>) | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return isEntry(value) ? value : undefined
  } catch {
    // Not JSON: the caller prints it as it came.
    return undefined
  }
}

const isEntry = (value: unknown): value is Entry & Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && 'level' in value && 'time' in value

function shownValue(value: unknown): string {
  const text =
    typeof value === 'string' ? value : (errorMessage(value) ?? JSON.stringify(value) ?? 'undefined')
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)
}

const errorMessage = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
    ? value.message
    : undefined
