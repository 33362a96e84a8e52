/**
 * Selectors as query strings have them: `app=web,tier in (a,b),!gone` and `spec.nodeName=n1,status.phase!=Failed`. Pure.
 *
 * Grammar of kubernetes/apimachinery pkg/labels/selector.go (operators `=`, `==`, `!=`, `in`, `notin`, exists, `!`, `>`,
 * `<`) and pkg/fields/selector.go. Texts of refusals follow upstream's beginning; the rest is ours.
 */

import { badRequest } from './api-error.ts'
import type { Requirement, Selector } from './selectors.ts'

const KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/

/** @throws ApiError BadRequest `unable to parse requirement: ...` */
export function parseLabelSelector(text: string): Selector {
  return splitOutsideParentheses(text)
    .map((part) => part.trim())
    .filter((part, _index, all) => part !== '' || all.length > 1)
    .map(parseRequirement)
}

function splitOutsideParentheses(text: string): readonly string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if (character !== ',' || depth > 0) continue
    parts.push(text.slice(start, index))
    start = index + 1
  }
  return [...parts, text.slice(start)]
}

function parseRequirement(text: string): Requirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(text)
  if (set) {
    const [, key = '', operator, list = ''] = set
    const values = list.split(',').map((value) => value.trim())
    return checked(text, { key, operator: operator === 'in' ? 'In' : 'NotIn', values })
  }
  const compared = /^([^\s=!<>]+)\s*(==|!=|=|>|<)\s*(\S*)$/.exec(text)
  if (compared) {
    const [, key = '', sign = '', value = ''] = compared
    const operator = ({ '!=': 'NotIn', '>': 'GreaterThan', '<': 'LessThan' } as const)[sign] ?? 'In'
    return checked(text, { key, operator, values: [value] })
  }
  const [, not, key = ''] = /^(!)?\s*(\S*)$/.exec(text) ?? []
  return checked(text, { key, operator: not ? 'DoesNotExist' : 'Exists', values: [] })
}

function checked(text: string, requirement: Requirement): Requirement {
  const refuse = (why: string): Error =>
    badRequest(`unable to parse requirement: ${why} (in ${JSON.stringify(text)})`)
  if (!KEY.test(requirement.key))
    throw refuse(`found ${JSON.stringify(requirement.key)}, expected: a label key`)
  const isNumber = requirement.operator === 'GreaterThan' || requirement.operator === 'LessThan'
  if (isNumber && !/^-?\d+$/.test(requirement.values[0] ?? ''))
    throw refuse('values: for Gt and Lt the value must be an integer')
  const wrong = requirement.values.find((value) => !VALUE.test(value))
  if (wrong !== undefined) throw refuse(`values: Invalid value: ${JSON.stringify(wrong)}`)
  return requirement
}

export interface FieldRequirement {
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

/** @throws ApiError BadRequest `invalid selector: ...; can't understand 'part'` */
export function parseFieldSelector(text: string): readonly FieldRequirement[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [, field = '', sign, value = ''] = /^([^=!]+?)(==|!=|=)(.*)$/.exec(part) ?? []
      if (sign === undefined)
        throw badRequest(`invalid selector: ${JSON.stringify(text)}; can't understand '${part}'`)
      return { field: field.trim(), operator: sign === '!=' ? '!=' : '=', value }
    })
}
