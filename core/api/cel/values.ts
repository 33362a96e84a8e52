/**
 * API values as CEL sees them: whole numbers are its ints, members are found under names that CEL can spell. Pure.
 * kubernetes/apiserver pkg/cel/common/values.go, pkg/cel/escaping.go.
 */

import type { Schema } from '../json-schema/schema.ts'
import { durationValue } from './durations.ts'
import { isIntOrString, isJsonObject, itemSchema, memberSchema } from '../json-schema/schema.ts'

/** Words of CEL that may not stand as names of members. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return ' +
    'var void while'
  ).split(' '),
)

const ESCAPES: readonly (readonly [RegExp, string])[] = [
  [/__/g, '__underscores__'],
  [/\./g, '__dot__'],
  [/-/g, '__dash__'],
  [/\//g, '__slash__'],
]

/** Whether a word of CEL may not stand as a name. */
export const reservedCelWord = (name: string): boolean => RESERVED.has(name)

/** @returns the name under which a rule finds a member; undefined for one no rule can name */
export function celName(name: string): string | undefined {
  if (RESERVED.has(name)) return `__${name}__`
  const escaped = ESCAPES.reduce((text, [from, to]) => text.replace(from, to), name)
  return /^[A-Za-z_]\w*$/.test(escaped) ? escaped : undefined
}

/** @param schema undefined: nothing is known of the value */
export function celValue(value: unknown, schema: Schema | undefined): unknown {
  if (typeof value === 'number') return numberValue(value, schema)
  if (typeof value === 'string') return stringValue(value, schema)
  if (Array.isArray(value)) {
    const items = schema && itemSchema(schema)
    return value.map((item) => celValue(item, items))
  }
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
    const isProperty = schema?.properties !== undefined && Object.hasOwn(schema.properties, name)
    const shown = isProperty ? celName(name) : name
    return shown === undefined ? [] : [[shown, celValue(member, schema && memberSchema(schema, name))]]
  })
  return Object.assign(Object.create(null), Object.fromEntries(entries)) as object
}

function numberValue(value: number, schema: Schema | undefined): unknown {
  const isDouble = schema?.type === 'number' && !isIntOrString(schema)
  return Number.isInteger(value) && !isDouble ? BigInt(value) : value
}

/** Times, durations and bytes are that to CEL, where their schema says so. */
function stringValue(value: string, schema: Schema | undefined): unknown {
  switch (schema?.format) {
    case 'date':
    case 'date-time': {
      // oxlint-disable-next-line no-restricted-globals -- a moment out of a text, not the clock
      const time = new Date(value)
      return Number.isNaN(time.getTime()) ? value : time
    }
    case 'duration':
      return durationValue(value) ?? value
    case 'byte':
      return new Uint8Array(Buffer.from(value, 'base64'))
    default:
      return value
  }
}
