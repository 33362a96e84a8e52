/** What Go says of texts that are not JSON: encoding/json's words, as kube-apiserver 1.34 passes them on. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bodySummary, goSyntaxError, goTypeError } from './go-json.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('goSyntaxError', () => {
  it.each([
    ['', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['"a', 'unexpected end of JSON input'],
    ['-', 'unexpected end of JSON input'],
    ['tru', 'unexpected end of JSON input'],
    ['{"a":}', "invalid character '}' looking for beginning of value"],
    ['{"a":NaN}', "invalid character 'N' looking for beginning of value"],
    ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['[1 2]', "invalid character '2' after array element"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['{} x', "invalid character 'x' after top-level value"],
    ['{}{}', "invalid character '{' after top-level value"],
    ['"\t"', "invalid character '\\t' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['truf', "invalid character 'f' in literal true (expecting 'e')"],
    ['01', "invalid character '1' after top-level value"],
    ['1.', 'unexpected end of JSON input'],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1ex', "invalid character 'x' in exponent of numeric literal"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['\u{feff}{}', "invalid character 'ï' looking for beginning of value"],
    ['\0', "invalid character '\\x00' looking for beginning of value"],
  ])('%j: %s', (text, message) => {
    expect(goSyntaxError(bytes(text))).toBe(message)
  })

  it('finds a fault where, and only where, JSON.parse does', () => {
    const letters = fc.constantFrom(...'{}[]:,"\\ \ntruefalsn0123.-+eEu\t'.split(''))
    const broken = fc
      .tuple(fc.json(), fc.nat(), letters)
      .map(
        ([json, at, letter]) =>
          json.slice(0, at % (json.length + 1)) + letter + json.slice(at % (json.length + 1)),
      )
    const isJson = (text: string): boolean => {
      try {
        JSON.parse(text)
        return true
      } catch {
        return false
      }
    }
    fc.assert(
      fc.property(fc.oneof(fc.json(), broken, fc.string({ unit: letters })), (text) => {
        expect([text, goSyntaxError(bytes(text)) === undefined]).toEqual([text, isJson(text)])
      }),
      { seed: 20_261_121, numRuns: 1000 },
    )
  })
})

describe('what is shown of values and bodies', () => {
  it.each([
    [[], 'array'],
    [true, 'bool'],
    ['x', 'string'],
    [5, 'number'],
    [{}, 'object'],
  ])('%j is an %s', (value, kind) => {
    expect(goTypeError(value, 'map[string]int')).toBe(
      `json: cannot unmarshal ${kind} into Go value of type map[string]int`,
    )
  })

  it.each([
    ['', '<empty>'],
    ['{', '{'],
    ['{"apiVersion":"v1","kind":"ConfigMap"}', '{"apiVersion":"v1","kind":"Con ...'],
    ['5', '35'],
    ['[]', '5b5d'],
  ])('%s is shown as %s', (text, summary) => {
    expect(bodySummary(bytes(text))).toBe(summary)
  })
})
