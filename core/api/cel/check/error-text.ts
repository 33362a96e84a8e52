/**
 * What is wrong with an expression, as cel-go shows it: `ERROR: <input>:1:5: undefined field 'x'`, with the line it is in
 * and a caret (google/cel-go common/{error,source}.go). Pure.
 */

export interface CheckError {
  /** offset in the source, from 0 */
  readonly at: number
  readonly message: string
}

const INDENT = '\n | '

/** Several errors as one text. */
export function errorText(source: string, errors: readonly CheckError[]): string {
  return errors.map((error) => shownError(source, error)).join('\n')
}

function shownError(source: string, { at, message }: CheckError): string {
  // There is no line to show.
  if (source === '') return `ERROR: <input>:1:0: ${message}`
  const before = source.slice(0, at).split('\n')
  const [line, column] = [before.length, Array.from(before.at(-1) ?? '').length]
  const text = (source.split('\n')[line - 1] ?? '').replaceAll('\t', ' ')
  const dots = Array.from(text)
    .slice(0, column)
    .map((one) => (isWide(one) ? '\uff0e' : '.'))
    .join('')
  const mark = isWide(Array.from(text)[column] ?? '') ? '\uff3e' : '^'
  return `ERROR: <input>:${line}:${column + 1}: ${message}${INDENT}${text}${INDENT}${dots}${mark}`
}

const isWide = (character: string): boolean => Buffer.byteLength(character) > 1
