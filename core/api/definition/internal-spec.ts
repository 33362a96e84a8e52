/**
 * A definition's spec as kube-apiserver validates it: what all versions have in common stands beside them, and faults
 * are told at that place (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/v1/conversion.go). Pure.
 */

import { isSameValue } from '../equality.ts'
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  CustomResourceValidation,
  SelectableField,
} from '../generated/apiextensions-v1.ts'

export interface SharedParts {
  readonly schema?: CustomResourceValidation | undefined
  readonly subresources?: CustomResourceSubresources | undefined
  readonly additionalPrinterColumns?: readonly CustomResourceColumnDefinition[] | undefined
  readonly selectableFields?: readonly SelectableField[] | undefined
}

export interface InternalSpec {
  /** name of the first version; '' when there is none */
  readonly version: string
  /** what all versions say alike */
  readonly shared: SharedParts
  /** without what is shared; undefined when the definition names none */
  readonly versions: readonly CustomResourceDefinitionVersion[] | undefined
}

const PARTS = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const

/** @returns the versions of a definition, and what they share */
export function internalSpec({ versions }: CustomResourceDefinitionSpec): InternalSpec {
  const [first, ...others] = versions ?? []
  if (first === undefined) return { version: '', shared: {}, versions }
  const alike = PARTS.filter((part) => others.every((other) => isAlike(other[part], first[part])))
  const own = [first, ...others].map((version) => {
    const kept = Object.entries(version).filter(([name]) => !alike.some((part) => part === name))
    return Object.fromEntries(kept) as unknown as CustomResourceDefinitionVersion
  })
  return {
    version: first.name,
    shared: Object.fromEntries(alike.map((part) => [part, first[part]])),
    versions: own,
  }
}

/** Behind pointers, as schemas and subresources are, empty is not absent. */
function isAlike(a: unknown, b: unknown): boolean {
  const isEmptyList = (value: unknown): boolean =>
    value === undefined || (Array.isArray(value) && value.length === 0)
  if (a === undefined || b === undefined) return isEmptyList(a) && isEmptyList(b)
  return isSameValue(a, b)
}
