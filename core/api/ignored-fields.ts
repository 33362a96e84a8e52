/**
 * Which fields of an object portolan accepts and ignores, where that is noticed, and why: the texts of warnings. Pure.
 * An object's maker is warned, not refused: manifests for real clusters work as they are.
 */

import type { MessageCoverage } from './coverage.ts'
import { COVERAGE } from './coverage.ts'
import { isSameValue } from './equality.ts'
import type { KubernetesObject } from './object.ts'
import type { ResourceInfo } from './resource.ts'
import { apiVersionOf } from './resource.ts'
import { fieldsByJsonName, messageFields, messageOfKind } from './schema/field-table.ts'

const BY_MESSAGE: ReadonlyMap<string, MessageCoverage> = new Map(COVERAGE.map((one) => [one.message, one]))

type Value = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Value =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * @param given as the client sent it (before defaults, which are nobody's wish)
 * @returns `spec.hostPID is ignored: processes are not confined beyond their namespaces`, in the order met
 */
export function ignoredFields(resource: ResourceInfo, given: KubernetesObject): readonly string[] {
  const message = messageOfKind(apiVersionOf(resource), resource.kind)
  return message === undefined ? [] : inStruct(message, given, '')
}

function inStruct(message: string, value: unknown, path: string): readonly string[] {
  if (!isRecord(value)) return []
  const fields = fieldsByJsonName(message)
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = path === '' ? name : `${path}.${name}`
    const because = isSameValue(inner, undefined) ? undefined : reason(message, name)
    if (because !== undefined) return [`${at} is ignored: ${because}`]
    const type = fields.get(name)?.t
    if (type === undefined || messageFields(type) === undefined) return []
    if (!Array.isArray(inner)) return inStruct(type, inner, at)
    return inner.flatMap((item, index) => inStruct(type, item, `${at}[${index}]`))
  })
}

function reason(message: string, name: string): string | undefined {
  const found = BY_MESSAGE.get(message)?.ignored?.find(({ fields }) => fields.includes(name))
  return found?.isUnnoticed ? undefined : found?.because
}
