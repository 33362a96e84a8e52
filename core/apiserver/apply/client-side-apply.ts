/**
 * From client-side to server-side apply and back: what kubectl applied by itself is its own, and is remembered for the
 * day it does so again. For the field manager `kubectl` alone. Pure.
 *
 * kubernetes/apimachinery pkg/util/managedfields/internal/{lastappliedmanager,lastappliedupdater,lastapplied}.go.
 */

import type { KubernetesObject } from '../../api/object.ts'
import { sortedJson } from '../../api/json-schema/schema.ts'
import { isObject } from '../requests/json-value.ts'
import type { StructType } from '../registry/schema-type.ts'
import { compare, fieldSetOf } from './compare.ts'
import type { FieldSet } from './field-set.ts'
import { EMPTY_SET, difference } from './field-set.ts'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
const MANAGER = 'kubectl'
/** of all annotations of an object */
const MAX_ANNOTATION_BYTES = 256 * 1024

/**
 * @returns fields that kubectl set by client-side apply and nobody changed since: it may change them without asking
 * who owns them
 */
export function fieldsOfClientSideApply(
  live: KubernetesObject | undefined,
  type: StructType,
  by: { readonly manager: string; readonly apiVersion: string },
): FieldSet {
  const text = live?.metadata.annotations?.[LAST_APPLIED]
  if (by.manager !== MANAGER || !text) return EMPTY_SET
  const applied = parsed(text)
  if (!isObject(applied) || applied['apiVersion'] !== by.apiVersion) return EMPTY_SET
  const { added, modified, removed } = compare(applied, live, type)
  return [modified, added, removed].reduce(difference, fieldSetOf(applied, type))
}

/** Anybody may write anything there. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** @returns `next` remembering the configuration, if it remembers one at all */
export function rememberingApplied(
  next: KubernetesObject,
  config: KubernetesObject,
  manager: string,
): KubernetesObject {
  const { annotations = {} } = next.metadata
  if (manager !== MANAGER || !annotations[LAST_APPLIED]) return next
  const { [LAST_APPLIED]: _own, ...given } = config.metadata.annotations ?? {}
  const metadata = { ...config.metadata, ...(config.metadata.annotations ? { annotations: given } : {}) }
  const { [LAST_APPLIED]: _before, ...others } = annotations
  const text = `${JSON.stringify(sortedJson({ ...config, metadata }))}\n`
  const remembered = { ...others, [LAST_APPLIED]: text }
  const isTooLong = sizeOf(remembered) > MAX_ANNOTATION_BYTES
  return { ...next, metadata: { ...next.metadata, annotations: isTooLong ? others : remembered } }
}

const sizeOf = (annotations: Readonly<Record<string, string>>): number =>
  Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  )
