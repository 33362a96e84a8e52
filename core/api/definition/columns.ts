/**
 * Printer columns, sub-resources and selectable fields of a definition
 * (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go). Pure.
 */

import type {
  CustomResourceColumnDefinition,
  CustomResourceSubresources,
  SelectableField,
} from '../generated/apiextensions-v1.ts'
import type { Schema } from '../json-schema/schema.ts'
import type { Faults } from '../validation/faults.ts'
import { duplicate, invalidValue, pointed, required, tooMany, when } from '../validation/faults.ts'
import { fieldPath } from './field-path.ts'

const TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']
const MAX_SELECTABLE_FIELDS = 8

export function columnFaults(column: CustomResourceColumnDefinition, at: string): Faults {
  const { name, type, format, jsonPath } = column
  const types = `must be one of ${TYPES.join(',')}`
  return [
    ...when(!name, () => required(`${at}.name`)),
    ...(type
      ? when(!TYPES.includes(type), () => invalidValue(`${at}.type`, type, types))
      : [required(`${at}.type`, types)]),
    ...when(format && !FORMATS.includes(format), () =>
      invalidValue(`${at}.format`, format, `must be one of ${FORMATS.join(',')}`),
    ),
    ...(jsonPath ? simplePathFaults(jsonPath, `${at}.JSONPath`) : [required(`${at}.JSONPath`)]),
  ]
}

function simplePathFaults(path: string, field: string): Faults {
  return when(!path.startsWith('.'), () =>
    invalidValue(field, path, 'must be a simple json path starting with .'),
  )
}

export function subresourceFaults({ scale }: CustomResourceSubresources, at: string): Faults {
  if (scale === undefined) return []
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale
  const within = (name: string, path: string, roots: readonly string[]): Faults => {
    const field = `${at}.scale.${name}`
    const wrong = simplePathFaults(path, field)
    if (wrong.length > 0 || roots.some((root) => path.startsWith(`${root}.`))) return wrong
    const either = roots.length > 1 ? 'either ' : ''
    const shown = roots.length > 1 ? pointed(path) : path
    return [invalidValue(field, shown, `should be a json path under ${either}${roots.join(' or ')}`)]
  }
  const needed = (name: string, path: string, root: string): Faults =>
    path ? within(name, path, [root]) : [required(`${at}.scale.${name}`)]
  return [
    ...needed('specReplicasPath', specReplicasPath, '.spec'),
    ...needed('statusReplicasPath', statusReplicasPath, '.status'),
    ...(labelSelectorPath ? within('labelSelectorPath', labelSelectorPath, ['.spec', '.status']) : []),
  ]
}

/** @param schema of the version whose objects are selected by the fields */
export function selectableFieldFaults(
  fields: readonly SelectableField[],
  schema: Schema,
  at: string,
): Faults {
  const seen = new Set<string>()
  const faults = fields.flatMap(({ jsonPath }, index): Faults => {
    const field = `${at}[${index}].jsonPath`
    if (!jsonPath) return [required(field)]
    const found = fieldPath(jsonPath, schema, { allowsKeys: false })
    if ('fault' in found) return [invalidValue(field, jsonPath, `is an invalid path: ${found.fault}`)]
    const isAgain = seen.has(found.path)
    seen.add(found.path)
    return [
      ...when(found.root === 'metadata', () =>
        invalidValue(field, jsonPath, 'must not point to fields in metadata'),
      ),
      ...when(!['string', 'boolean', 'integer'].includes(found.schema?.type ?? ''), () =>
        invalidValue(
          field,
          jsonPath,
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        ),
      ),
      ...when(isAgain, () => duplicate(field, jsonPath)),
    ]
  })
  return [...faults, ...tooMany(at, seen.size, MAX_SELECTABLE_FIELDS)]
}
