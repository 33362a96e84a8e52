/** How Go writes a text down: what `%q` prints, and which characters it prints as they are. Pure. */

/** What has a name. */
export const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
}

/** @returns the text in double quotes: `"a\x01b"` */
export function goQuoted(text: string): string {
  const inner = Array.from(text).map(
    (letter) => ESCAPES[letter] ?? (isPrintable(letter) ? letter : escaped(letter)),
  )
  return `"${inner.join('')}"`
}

/** As Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols, and the space of ASCII alone. */
export const isPrintable = (letter: string): boolean =>
  letter === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(letter)

function escaped(letter: string): string {
  const code = letter.codePointAt(0) ?? 0
  const hex = code.toString(16)
  if (code < 0x80) return `\\x${hex.padStart(2, '0')}`
  return code > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`
}

const DIAL_FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
}

/** @returns how Go says why there is no connection; undefined for codes that say something else */
export function dialFault(
  code: string,
  { address, port }: { readonly address: string; readonly port: number },
): string | undefined {
  const why = Object.hasOwn(DIAL_FAULTS, code) ? DIAL_FAULTS[code] : undefined
  const host = address.includes(':') ? `[${address}]` : address
  return why === undefined ? undefined : `dial tcp ${host}:${port}: connect: ${why}`
}
