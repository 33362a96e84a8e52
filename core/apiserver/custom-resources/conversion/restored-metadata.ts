/**
 * The metadata of a converted object: what it was, but for labels and annotations, which a conversion may change. Pure.
 * kubernetes/apiextensions-apiserver pkg/apiserver/conversion/webhook_converter.go restoreObjectMeta.
 */

import type { FieldError } from '../../../api/field-error.ts'
import { fieldErrorMessage } from '../../../api/field-error.ts'
import type { KubernetesObject } from '../../../api/object.ts'
import { validateLabels } from '../../../api/validation/label-selector.ts'
import { validateAnnotations } from '../../../api/validation/metadata.ts'
import { goType } from '../../requests/go-json.ts'
import type { JsonObject } from '../../requests/json-value.ts'
import { equalJson, isObject } from '../../requests/json-value.ts'
import { without } from '../../../api/omitted.ts'

type Texts = Readonly<Record<string, string>>

/** Upstream names annotations in the singular. */
const CHANGEABLE: readonly (readonly ['labels' | 'annotations', (texts: Texts) => readonly FieldError[]])[] =
  [
    ['labels', (texts) => validateLabels(texts, 'metadata.labels')],
    ['annotations', (texts) => validateAnnotations(texts, 'metadata.annotation')],
  ]

/** @throws Error for labels and annotations that are none */
export function restoredMetadata(
  original: KubernetesObject['metadata'],
  converted: JsonObject,
): KubernetesObject['metadata'] {
  const [labels, annotations] = CHANGEABLE.map(([name, faultsOf]) => {
    const texts = textsOf(name, converted[name])
    if (texts !== undefined && !equalJson(texts, original[name] ?? {})) refuse(faultsOf(texts))
    return texts === undefined ? {} : { [name]: texts }
  })
  return { ...without(original, 'labels', 'annotations'), ...labels, ...annotations }
}

function textsOf(name: string, value: unknown): Texts | undefined {
  if (value === undefined || value === null) return undefined
  if (!isObject(value))
    throw new Error(`invalid metadata.${name} of type ${goType(value)} in converted object`)
  for (const [key, text] of Object.entries(value)) {
    if (typeof text === 'string') continue
    throw new Error(`metadata.${name}[${key}] must be a string, but is ${goType(text)} in converted object`)
  }
  return value as Texts
}

function refuse(faults: readonly FieldError[]): void {
  if (faults.length === 0) return
  const messages = [...new Set(faults.map(fieldErrorMessage))]
  throw new Error(messages.length === 1 ? messages[0] : `[${messages.join(', ')}]`)
}
