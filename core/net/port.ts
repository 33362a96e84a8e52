/** Port numbers, protocols and ranges of ports. Pure; imports nothing. */

export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'] as const
export type Protocol = (typeof PROTOCOLS)[number]

export const MAX_PORT = 65535

/** From `first` to `last`, both included. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

/** Whether `port` is a whole number from 1 to 65535. */
export function isPortNumber(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= MAX_PORT
}

/** @returns 1 to 65535, or undefined when `text` is no port number in decimal */
export function parsePort(text: string): number | undefined {
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0
  return isPortNumber(port) ? port : undefined
}

/**
 * Reads a range as kube-apiserver's --service-node-port-range has it: `30000-32767`, `30000+100` (that many more), or
 * one port.
 * @returns undefined when `text` is none of these, or ends before it begins
 */
export function parsePortRange(text: string): PortRange | undefined {
  const [, from = '', sign, to = ''] = /^(\d+)(?:([-+])(\d+))?$/.exec(text.trim()) ?? []
  const first = parsePort(from)
  if (first === undefined) return undefined
  const last = sign === undefined ? first : sign === '+' ? first + Number(to) : Number(to)
  return last >= first && last <= MAX_PORT ? { first, last } : undefined
}

/** `30000-32767`, or the port alone when it is one. */
export function printPortRange({ first, last }: PortRange): string {
  return first === last ? String(first) : `${first}-${last}`
}

/** Whether `port` is in the range. */
export function rangeContains({ first, last }: PortRange, port: number): boolean {
  return first <= port && port <= last
}
