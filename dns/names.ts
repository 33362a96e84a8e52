/**
 * Domain names: labels, their text and their bytes (RFC 1035 sections 3.1 and 4.1.4, RFC 4343 on letter case). Pure.
 *
 * A label is a string of octets (one character each, U+0000 to U+00FF), because clients may put anything in one;
 * only A to Z have another case.
 */

/** Labels from left to right, letter case as received, without the root: `['web', 'shop']`; `[]` is the root. */
export type Name = readonly string[]

export const MAX_LABEL_OCTETS = 63
/** with the length octets and the root */
export const MAX_NAME_OCTETS = 255

/** What cannot be a DNS message, or not part of one. The only error the decoders throw. */
export class FormatError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'FormatError'
  }
}

/** Reads presentation form: `web.shop.`, with `\.` and `\DDD`; a final dot makes no difference. Undefined if it is no name. */
export function parseName(text: string): Name | undefined {
  if (text === '' || text === '.') return text === '.' ? [] : undefined
  const labels: string[] = []
  let label = ''
  for (const [unit, digits, escaped] of text.matchAll(/\\(\d{3})|\\([\s\S])|[\s\S]/g)) {
    if (unit === '.') {
      labels.push(label)
      label = ''
    } else label += digits === undefined ? (escaped ?? unit) : String.fromCharCode(Number(digits))
  }
  if (label !== '') labels.push(label)
  return isName(labels) ? labels : undefined
}

function isName(labels: readonly string[]): boolean {
  const fits = labels.every((label) => label !== '' && label.length <= MAX_LABEL_OCTETS && isOctets(label))
  return fits && octetsOf(labels) <= MAX_NAME_OCTETS
}

// oxlint-disable-next-line no-control-regex -- any octet
const isOctets = (label: string): boolean => /^[\u0000-\u00ff]*$/.test(label)

/** Length on the wire, uncompressed. */
export function octetsOf(name: Name): number {
  return name.reduce((sum, label) => sum + label.length + 1, 1)
}

/** Presentation form with the final dot; `parseName` reads it back. */
export function nameText(name: Name): string {
  return name.length === 0 ? '.' : name.map((label) => `${labelText(label)}.`).join('')
}

function labelText(label: string): string {
  return label.replace(/[^!-~]|[.\\]/g, (octet) =>
    octet === '.' || octet === '\\' ? `\\${octet}` : `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`,
  )
}

/** Lower-cases A to Z and nothing else. */
export function lowerLabel(label: string): string {
  return /[A-Z]/.test(label) ? label.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : label
}

export function lowerName(name: Name): Name {
  return name.map(lowerLabel)
}

/** Whether both are the same name, whatever the case. */
export function sameName(a: Name, b: Name): boolean {
  return a.length === b.length && isAtOrBelow(a, b)
}

/** Whether `name` is `zone` or a name in it, whatever the case. */
export function isAtOrBelow(name: Name, zone: Name): boolean {
  const extra = name.length - zone.length
  return (
    extra >= 0 && zone.every((label, index) => lowerLabel(label) === lowerLabel(name[extra + index] ?? ''))
  )
}

export interface DecodedName {
  readonly name: Name
  /** offset of what follows the name */
  readonly next: number
}

/**
 * Reads a name that may be compressed. Pointers must lead backwards, so that none can loop.
 *
 * @throws FormatError when cut off, too long, or with a pointer or label type that is not allowed
 */
export function decodeName(bytes: Buffer, offset: number): DecodedName {
  const name: string[] = []
  let next: number | undefined
  let at = offset
  let floor = offset
  let octets = 1
  for (;;) {
    const length = bytes[at]
    if (length === undefined) throw new FormatError(`name at ${offset} is cut off`)
    if (length === 0) return { name, next: next ?? at + 1 }
    if (length >= 0xc0) {
      const low = bytes[at + 1]
      if (low === undefined) throw new FormatError(`pointer at ${at} is cut off`)
      next ??= at + 2
      at = ((length & 0x3f) << 8) | low
      if (at >= floor) throw new FormatError(`pointer to ${at} does not lead backwards`)
      floor = at
      continue
    }
    if (length > MAX_LABEL_OCTETS) throw new FormatError(`unknown label type at ${at}`)
    octets += length + 1
    if (octets > MAX_NAME_OCTETS) throw new FormatError(`name at ${offset} is too long`)
    if (at + length >= bytes.length) throw new FormatError(`label at ${at} is cut off`)
    name.push(bytes.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
}
