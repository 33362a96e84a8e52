/**
 * Tells whoever writes an object which of the fields portolan accepts and ignores, once: a later write that leaves
 * the field as it was is not warned again. Programs that want no field validation (our own controllers) are not told.
 */

import { ignoredFields } from '../../api/ignored-fields.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import type { RequestContext } from './registry.ts'

/**
 * @param given as the client wants it, before defaults
 * @param old what is stored; undefined: nothing yet
 */
export function warnOfIgnoredFields(
  { resource, context }: { readonly resource: ResourceInfo; readonly context: RequestContext },
  given: KubernetesObject,
  old: KubernetesObject | undefined,
): void {
  if (context.fieldValidation === 'Ignore') return
  const texts = ignoredFields(resource, given)
  if (texts.length === 0) return
  const known = new Set(old === undefined ? [] : ignoredFields(resource, old))
  for (const text of summarized(texts.filter((each) => !known.has(each)))) context.warn(text)
}

/** Fields named in one text; further ones are counted. */
const MAX_NAMED = 3

/** One text per reason: `spec.hostPID, spec.hostIPC are ignored: ...`. */
function summarized(texts: readonly string[]): readonly string[] {
  const byReason = new Map<string, string[]>()
  for (const text of texts) {
    const [field = '', reason = ''] = text.split(' is ignored: ')
    byReason.set(reason, [...(byReason.get(reason) ?? []), field])
  }
  return [...byReason].map(([reason, fields]) => {
    const more = fields.length > MAX_NAMED ? ` and ${fields.length - MAX_NAMED} more` : ''
    const verb = fields.length === 1 ? 'is' : 'are'
    return `${fields.slice(0, MAX_NAMED).join(', ')}${more} ${verb} ignored: ${reason}`
  })
}
