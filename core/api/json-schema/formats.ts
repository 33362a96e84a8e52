/**
 * Whether texts and numbers have the format their schema names. Unknown formats say nothing. Pure.
 * kubernetes/kube-openapi pkg/validation/strfmt; kubernetes/apiextensions-apiserver supports these of it.
 */

import { parseCidr } from '../../net/cidr.ts'
import { parseIp } from '../../net/ip.ts'
import { isTimestamp } from '../timestamp.ts'

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/i
const DURATION = /^-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d|w))+$/
const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/
const MAX_HOST_NAME = 255

const FORMATS: Readonly<Record<string, (value: string) => boolean>> = {
  ipv4: (value) => parseIp(value)?.family === 'IPv4',
  ipv6: (value) => parseIp(value)?.family === 'IPv6',
  cidr: (value) => parseCidr(value) !== undefined,
  uri: (value) => URL.canParse(value),
  hostname: (value) => value.length <= MAX_HOST_NAME && value.split('.').every((label) => LABEL.test(label)),
  email: (value) => /^[^\s@]+@[^\s@]+$/.test(value),
  uuid: (value) => /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(value),
  mac: (value) => /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(value),
  byte: (value) => value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value),
  date: (value) => DATE.test(value),
  'date-time': (value) => isTimestamp(value),
  datetime: (value) => isTimestamp(value),
  duration: (value) => DURATION.test(value),
}

/** Whether `value` has the format. */
export function hasFormat(value: string, format: string): boolean {
  return Object.hasOwn(FORMATS, format) ? (FORMATS[format]?.(value) ?? true) : true
}
