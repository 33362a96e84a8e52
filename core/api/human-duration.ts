/**
 * How long ago, as kubectl's AGE column says it: `45s`, `2m5s`, `3h5m`, `2d3h`, `2y3d`. Pure.
 * kubernetes/apimachinery pkg/util/duration/duration.go, HumanDuration.
 */

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** @param ms a length of time; a little below zero (clocks differ) is `0s`, more is `<invalid>` */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 2 * MINUTE) return `${seconds}s`
  const minutes = Math.trunc(seconds / MINUTE)
  if (minutes < 10) return joined(`${minutes}m`, seconds % MINUTE, 's')
  if (minutes < 3 * 60) return `${minutes}m`
  const hours = Math.trunc(seconds / HOUR)
  if (hours < 8) return joined(`${hours}h`, minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.trunc(seconds / DAY)
  if (hours < 8 * 24) return joined(`${days}d`, hours % 24, 'h')
  if (hours < 24 * 365 * 2) return `${days}d`
  const years = Math.trunc(seconds / YEAR)
  return hours < 24 * 365 * 8 ? joined(`${years}y`, days % 365, 'd') : `${years}y`
}

const joined = (large: string, rest: number, unit: string): string =>
  rest === 0 ? large : `${large}${rest}${unit}`
