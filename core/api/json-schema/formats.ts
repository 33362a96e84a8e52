/**
 * Whether texts have the format their schema names. Unknown formats say nothing. Pure.
 * kubernetes/kube-openapi pkg/validation/strfmt, and those of it that kubernetes/apiextensions-apiserver
 * pkg/apiserver/validation/formats.go lets schemas use: of 1.34's those that the version before knew, too.
 */

import { parseCidr } from '../../net/cidr.ts'
import { parseIp } from '../../net/ip.ts'
import { nanosecondsOf } from './go-duration.ts'

const MAX_HOST_NAME = 255
const MAX_LABEL = 63

const HOST_NAME =
  /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u
const CARD =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/
const BYTE_255 = String.raw`\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*`
const RGB = new RegExp(String.raw`^rgb\(${BYTE_255},${BYTE_255},${BYTE_255}\)$`)
const BASE_64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/
const MAC =
  /^([0-9a-f]{2}([:-])[0-9a-f]{2}(\2[0-9a-f]{2}){4}((\2[0-9a-f]{2}){2}|(\2[0-9a-f]{2}){14})?|[0-9a-f]{4}(\.[0-9a-f]{4}){2}((\.[0-9a-f]{4})|(\.[0-9a-f]{4}){7})?)$/i

const uuid = (third: string, fourth: string): RegExp =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${third}[0-9a-f]{3}-?${fourth}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i')

const UUID = uuid('[0-9a-f]', '[0-9a-f]')

type Check = (text: string) => boolean
const like =
  (pattern: RegExp): Check =>
  (text) =>
    pattern.test(text)

/** By the names without dashes. */
const FORMATS: Readonly<Record<string, Check>> = {
  bsonobjectid: like(/^[0-9a-f]{24}$/i),
  uri: isRequestUri,
  email: isMailAddress,
  hostname: (text) =>
    HOST_NAME.test(text) &&
    Buffer.byteLength(text) <= MAX_HOST_NAME &&
    text.split('.').every((label) => Buffer.byteLength(label) <= MAX_LABEL),
  // Leading zeros are let through, as always.
  ipv4: (text) => text.includes('.') && parseIp(withoutLeadingZeros(text)) !== undefined,
  ipv6: (text) => text.includes(':') && parseIp(text) !== undefined,
  cidr: (text) => parseCidr(withoutLeadingZeros(text)) !== undefined,
  mac: like(MAC),
  uuid: like(UUID),
  uuid3: like(uuid('3', '[0-9a-f]')),
  uuid4: like(uuid('4', '[89ab]')),
  uuid5: like(uuid('5', '[89ab]')),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: (text) => text.length === 11 && /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: like(/^#?([0-9a-f]{3}|[0-9a-f]{6})$/i),
  rgbcolor: like(RGB),
  byte: like(BASE_64),
  password: () => true,
  date: isDate,
  duration: (text) => nanosecondsOf(text) !== undefined,
  datetime: isDateTime,
}

const plain = (format: string): string => format.replaceAll('-', '')

/** @returns the format's name when values are held against it; undefined for no format, and unknown ones */
export function knownFormat(format: string | undefined): string | undefined {
  return format && Object.hasOwn(FORMATS, plain(format)) ? format : undefined
}

/** Whether `value` has the format. */
export function hasFormat(value: string, format: string): boolean {
  const name = plain(format)
  return Object.hasOwn(FORMATS, name) ? (FORMATS[name]?.(value) ?? true) : true
}

const withoutLeadingZeros = (text: string): string => text.replaceAll(/(?<![0-9a-f:])0+(?=\d)/gi, '')

/** As Go's url.ParseRequestURI: with a scheme, or a path from the root. */
function isRequestUri(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- which is what may not be there
  if (text === '' || /[\u0000-\u001f\u007f]/.test(text) || /%(?![0-9a-f]{2})/i.test(text)) return false
  if (text.startsWith('/')) return !text.startsWith('//') || isAuthority(text.slice(2).split(/[/?]/)[0] ?? '')
  if (text === '*') return true
  const [, rest] = /^[a-z][a-z0-9+.-]*:(.*)$/is.exec(text) ?? []
  if (rest === undefined) return false
  return !rest.startsWith('//') || isAuthority(rest.slice(2).split(/[/?]/)[0] ?? '')
}

function isAuthority(text: string): boolean {
  const host = text.slice(text.lastIndexOf('@') + 1)
  if (host.startsWith('[')) return /^\[[^\]]*\](:\d*)?$/.test(host)
  return /^[^\s"<>\\^`{|}:[\]]*(:\d*)?$/.test(host)
}

/** `a@b`, `Name <a@b>`: what Go's net/mail reads. */
function isMailAddress(text: string): boolean {
  const atom = "[\\w!#$%&'*+/=?^`{|}~\\u0080-\\u{10ffff}\\-]+"
  const local = String.raw`(${atom}(\.${atom})*|"([^"\\]|\\.)*")`
  const address = String.raw`${local}@(${atom}(\.${atom})*|\[[^\]]*\])`
  const named = String.raw`\s*((${atom}|"([^"\\]|\\.)*"|[\s.])*<${address}>|${address})\s*`
  return new RegExp(`^${named}$`, 'u').test(text)
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/

function isDate(text: string): boolean {
  const [match, year, month, day] = DATE.exec(text) ?? []
  if (match === undefined) return false
  const [m, d] = [Number(month), Number(day)]
  if (m < 1 || m > 12 || d < 1) return false
  // oxlint-disable-next-line no-restricted-globals -- calendar arithmetic, not the clock
  return d <= new Date(Date.UTC(Number(year) + (Number(year) < 100 ? 400 : 0), m, 0)).getUTCDate()
}

function isDateTime(text: string): boolean {
  const [date = '', time] = text.toLowerCase().split('t')
  const [match, hour = '', minute = '', second = ''] =
    /^(\d{2}):(\d{2}):(\d{2})(.\d+)?(z|([+-]\d{2}:\d{2}))$/.exec(time ?? '') ?? []
  return match !== undefined && isDate(date) && hour <= '23' && minute <= '59' && second <= '59'
}

const compact = (text: string): string => text.replaceAll(/[\s-]+/g, '')

function isIsbn10(text: string): boolean {
  const digits = compact(text)
  if (!/^\d{9}[\dX]$/.test(digits)) return false
  const sum = Array.from(digits).reduce(
    (all, digit, index) => all + (index + 1) * (digit === 'X' ? 10 : Number(digit)),
    0,
  )
  return sum % 11 === 0
}

function isIsbn13(text: string): boolean {
  const digits = compact(text)
  if (!/^\d{13}$/.test(digits)) return false
  const sum = Array.from(digits)
    .slice(0, 12)
    .reduce((all, digit, index) => all + (index % 2 === 0 ? 1 : 3) * Number(digit), 0)
  return Number(digits[12]) === (10 - (sum % 10)) % 10
}

/** Luhn's sum. */
function isCreditCard(text: string): boolean {
  const digits = text.replaceAll(/\D+/g, '')
  if (!CARD.test(digits)) return false
  const sum = Array.from(digits)
    .toReversed()
    .reduce((all, digit, index) => {
      const value = Number(digit) * (index % 2 === 1 ? 2 : 1)
      return all + (value > 9 ? value - 9 : value)
    }, 0)
  return sum % 10 === 0
}
