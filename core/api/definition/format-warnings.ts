/**
 * The formats of texts in a definition's schemas that no value is held against
 * (kubernetes/apiextensions-apiserver pkg/registry/customresourcedefinition/strategy.go). Pure.
 */

import type { CustomResourceDefinition } from '../generated/apiextensions-v1.ts'
import { knownFormat } from '../json-schema/formats.ts'
import { internalSpec } from './internal-spec.ts'
import { everySchema } from './walk.ts'

/** @returns texts for `Warning` headers, of the formats that were not there before */
export function unknownFormats(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): readonly string[] {
  const before = old ? formatsOf(old) : []
  return formatsOf(crd)
    .filter((format) => !before.includes(format))
    .map((format) => `unrecognized format "${format}"`)
}

/** A schema that all versions share counts once. */
function formatsOf({ spec }: CustomResourceDefinition): readonly string[] {
  const { shared, versions = [] } = internalSpec(spec)
  const roots = [shared, ...versions].flatMap(({ schema }) => schema?.openAPIV3Schema ?? [])
  return roots
    .flatMap((root) => [...everySchema(root)])
    .filter(({ type, format }) => type === 'string' && format && knownFormat(format) === undefined)
    .map(({ format }) => format ?? '')
}
