/**
 * Points in time as the API writes them (RFC 3339, UTC) and as milliseconds since 1970. Pure: `Date` is used for
 * the calendar only, never for the time of day it is.
 */

/* oxlint-disable no-restricted-globals -- calendar arithmetic, not the clock */

/** @returns whole seconds, as metav1.Time prints: `2026-01-02T03:04:05Z` */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** @returns six digits of fraction, as metav1.MicroTime prints: `2026-01-02T03:04:05.678000Z` */
export function microTimestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`
}

/** @returns milliseconds since 1970; undefined when `text` is absent or no time */
export function parseTimestamp(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}

/** Whether `text` is a time as RFC 3339 has it, zone included. */
export function isTimestamp(text: string): boolean {
  const shape = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/
  return shape.test(text) && parseTimestamp(text) !== undefined
}
