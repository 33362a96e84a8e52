/**
 * Errors of evaluation as Go's CEL words them, from those of the CEL library. Pure.
 * google/cel-go common/types, interpreter; where the library says less than Go, so does this.
 */

import { untranslated } from './dialect.ts'

const CONVERSIONS: Readonly<Record<string, string>> = {
  'timestamp()': 'google.protobuf.Timestamp',
  'Invalid duration': 'google.protobuf.Duration',
  'int()': 'int',
  'uint()': 'uint',
  'double()': 'double',
  'bool()': 'bool',
}

const REWORDED: readonly (readonly [RegExp, string])[] = [
  [/^No such key: index out of bounds, index (\d+) >= size \d+$/, 'index out of bounds: $1'],
  [/^No such key/, 'no such key'],
  [/^no such overload: (-)\w.*$/, 'no such overload: $1_'],
  [/^no such overload: (?:dyn<)?(?:map|null|list).* (<=?|>=?) \w.*$/, 'no such overload: _$1_'],
  [/^no such overload: .*$/, 'no such overload'],
  [/^found no matching overload for 'string\((map|list|null).*$/, 'no such overload: string($1)'],
  [/^found no matching overload for '(size)\(.*$/, 'no such overload: $1'],
  [/^found no matching overload for '.*$/, 'no such overload'],
  [
    /^(?:Ternary condition must be bool|Logical operator requires bool operands|.* predicate must return bool), .*$/,
    'no such overload',
  ],
  [
    /^Expression of type '(\w)(\w*).*' cannot be range of a comprehension.*$/,
    "got 'types.$1$2', expected iterable type",
  ],
  [/^Optional value is not present$/, 'optional.none() dereference'],
  [/^modulo by zero$/, 'modulus by zero'],
  [/^integer overflow: .*$/, 'integer overflow'],
]

/** @returns the message, without the place in the expression */
export function messageOf(error: unknown): string {
  const text = untranslated(error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
  const conversion = Object.entries(CONVERSIONS).find(([beginning]) => text.startsWith(beginning))
  if (conversion !== undefined) return `type conversion error from 'string' to '${conversion[1]}'`
  const reworded = REWORDED.find(([pattern]) => pattern.test(text))
  if (reworded === undefined) return text
  return text
    .replace(reworded[0], reworded[1])
    .replace(/(?<=^got 'types\.)./, (letter) => letter.toUpperCase())
}
