/**
 * Whether the numbers of replicas of a custom resource are where its definition says, and are numbers
 * (kubernetes/apiextensions-apiserver pkg/registry/customresource/validator.go, with
 * kubernetes/apimachinery pkg/apis/meta/v1/unstructured/helpers.go's words). Pure.
 */

import type { FieldError } from '../../api/field-error.ts'
import type { CustomResourceSubresourceScale } from '../../api/generated/apiextensions-v1.ts'
import { isJsonObject } from '../../api/json-schema/schema.ts'
import { invalidValue, when } from '../../api/validation/faults.ts'
import { goType } from '../requests/go-json.ts'
import { goText } from '../requests/json-value.ts'

type Faults = readonly FieldError[]

const MAX = 2 ** 31 - 1

export const specReplicasFaults = (object: unknown, scale: CustomResourceSubresourceScale): Faults =>
  replicasFaults(object, scale.specReplicasPath)

export const statusReplicasFaults = (object: unknown, scale: CustomResourceSubresourceScale): Faults =>
  replicasFaults(object, scale.statusReplicasPath)

export function labelSelectorFaults(
  object: unknown,
  { labelSelectorPath }: CustomResourceSubresourceScale,
): Faults {
  if (labelSelectorPath === undefined) return []
  const found = valueAt(object, labelSelectorPath, 'string')
  return 'fault' in found ? [invalidValue(labelSelectorPath, '', found.fault)] : []
}

function replicasFaults(object: unknown, path: string): Faults {
  const found = valueAt(object, path, 'int64')
  if ('fault' in found) return [invalidValue(path, 0, found.fault)]
  const count = Number(found.value ?? 0)
  return [
    ...when(count < 0, () => invalidValue(path, count, 'should be a non-negative integer')),
    ...when(count > MAX, () => invalidValue(path, count, `should be less than or equal to ${MAX}`)),
  ]
}

type Found = { readonly value: unknown } | { readonly fault: string }

/** @returns undefined for what is not there; Go's words for what is of another type */
function valueAt(object: unknown, path: string, wanted: 'int64' | 'string'): Found {
  const names = path.replace(/^\./, '').split('.')
  let value = object
  for (const [index, name] of names.entries()) {
    if (value === null || value === undefined) return { value: undefined }
    const at = `.${names.slice(0, index + 1).join('.')}`
    if (!isJsonObject(value)) return { fault: mistyped(at, value, 'map[string]interface{}') }
    if (!Object.hasOwn(value, name)) return { value: undefined }
    value = value[name]
  }
  const isWanted = wanted === 'string' ? typeof value === 'string' : Number.isInteger(value)
  return isWanted ? { value } : { fault: mistyped(`.${names.join('.')}`, value, wanted) }
}

const mistyped = (at: string, value: unknown, wanted: string): string =>
  `${at} accessor error: ${goText(value)} is of the type ${goType(value)}, expected ${wanted}`
