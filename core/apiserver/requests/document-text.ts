/**
 * Documents as JSON or YAML. Pure.
 *
 * YAML as Kubernetes writes it (sigs.k8s.io/yaml): keys sorted, and quotes around what YAML 1.1 takes for another
 * type than a string, such as times and `yes`.
 */

import { stringify as stringifyYaml } from 'yaml'
import type { Representation } from './negotiate.ts'

/** @returns any document in the representation's media type */
export function documentText(
  document: unknown,
  { mediaType, pretty }: Pick<Representation, 'mediaType' | 'pretty'>,
): string {
  if (mediaType === 'application/yaml') return stringifyYaml(document, YAML)
  return `${JSON.stringify(document, undefined, pretty ? 2 : undefined)}\n`
}

const YAML = {
  version: '1.1',
  sortMapEntries: true,
  lineWidth: 0,
  aliasDuplicateObjects: false,
  indentSeq: false,
} as const
