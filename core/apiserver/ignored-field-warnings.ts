/**
 * Tells whoever writes an object which of the fields portolan accepts and ignores, once: a later write that leaves
 * the field as it was is not warned again. Programs that want no field validation (our own controllers) are not told.
 */

import { ignoredFields } from '../api/ignored-fields.ts'
import type { KubernetesObject } from '../api/object.ts'
import type { ResourceInfo } from '../api/resource.ts'
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
  for (const text of texts) if (!known.has(text)) context.warn(text)
}
