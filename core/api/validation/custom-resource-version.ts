/**
 * What versions of a CustomResourceDefinition say of their objects: schema, sub-resources, columns, selectable fields
 * (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go). Pure.
 *
 * What all versions say alike upstream takes for what the definition says as a whole (its pkg/apis/apiextensions/v1
 * conversion.go), and tells of it under the names that its older API had there.
 */

import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  SelectableField,
} from '../generated/apiextensions-v1.ts'
import { isSameValue } from '../equality.ts'
import type { Schema } from '../json-schema/schema.ts'
import type { Faults } from './faults.ts'
import { duplicate, invalidValue, required, tooMany, when } from './faults.ts'
import { validateStructuralSchema } from './structural-schema.ts'

export interface PartFaults {
  /** schemas that are not there */
  readonly missing: Faults
  /** of what versions say on their own, by their places */
  readonly each: readonly Faults[]
  /** of what all say alike */
  readonly whole: Faults
}

type Version = CustomResourceDefinitionVersion

/** Faults of the parts of all versions. */
export function validateParts(versions: readonly Version[]): PartFaults {
  const [first] = versions
  const isShared = (part: 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields') =>
    versions.every((version) => isSameValue(version[part], first?.[part]))
  const shares = {
    schema: isShared('schema'),
    subresources: isShared('subresources'),
    columns: isShared('additionalPrinterColumns'),
    fields: isShared('selectableFields'),
  }
  const hasWhole = shares.schema && first?.schema?.openAPIV3Schema !== undefined
  return {
    missing: hasWhole
      ? []
      : versions.flatMap(({ schema }, index) =>
          when(schema?.openAPIV3Schema === undefined, () =>
            required(`spec.versions[${index}].schema.openAPIV3Schema`),
          ),
        ),
    each: versions.map((version, index) => {
      const at = `spec.versions[${index}]`
      return [
        ...warningFaults(version, `${at}.deprecationWarning`),
        ...(shares.schema ? [] : schemaFaults(version, `${at}.schema`)),
        ...(shares.subresources ? [] : scaleFaults(version.subresources, `${at}.subresources`)),
        ...(shares.columns ? [] : columnFaults(version, `${at}.additionalPrinterColumns`)),
        ...(shares.fields ? [] : fieldFaults(version, `${at}.selectableFields`)),
      ]
    }),
    whole: [
      ...(first && shares.schema ? schemaFaults(first, 'spec.validation') : []),
      ...(first && shares.subresources ? scaleFaults(first.subresources, 'spec.subresources') : []),
      ...(first && shares.columns ? columnFaults(first, 'spec.additionalPrinterColumns') : []),
      ...(first && shares.fields ? fieldFaults(first, 'spec.selectableFields') : []),
    ],
  }
}

const MAX_WARNING = 256

function warningFaults({ deprecated, deprecationWarning: text }: Version, field: string): Faults {
  if (text === undefined) return []
  if (!deprecated) return [invalidValue(field, text, 'can only be set for deprecated versions')]
  const letters = Array.from(text)
  const hidden = letters.findIndex((letter) => !/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(letter))
  return [
    ...when(Buffer.byteLength(text) > MAX_WARNING, () =>
      invalidValue(field, text, `must be <= ${MAX_WARNING} characters long`),
    ),
    ...when(text === '', () => invalidValue(field, text, 'must not be an empty string')),
    ...when(hidden >= 0, () =>
      invalidValue(
        field,
        text,
        `must only contain printable UTF-8 characters; non-printable character found at index ${Buffer.byteLength(letters.slice(0, hidden).join(''))}`,
      ),
    ),
  ]
}

function schemaFaults({ schema, subresources }: Version, at: string): Faults {
  const { openAPIV3Schema: root } = schema ?? {}
  if (!root) return []
  const place = `${at}.openAPIV3Schema`
  const ONLY =
    'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
  return [
    ...when(subresources?.status && root.type && root.type !== 'object', () =>
      invalidValue(`${place}.type`, root.type, ONLY),
    ),
    ...validateStructuralSchema(root, place),
  ]
}

const TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']

function columnFaults({ additionalPrinterColumns = [] }: Version, at: string): Faults {
  return additionalPrinterColumns.flatMap((column: CustomResourceColumnDefinition, index) => {
    const { name, type, format, jsonPath } = column
    const place = `${at}[${index}]`
    const oneOf = (list: readonly string[]): string => `must be one of ${list.join(',')}`
    return [
      ...when(!name, () => required(`${place}.name`)),
      ...when(!type, () => required(`${place}.type`, oneOf(TYPES))),
      ...when(type && !TYPES.includes(type), () => invalidValue(`${place}.type`, type, oneOf(TYPES))),
      ...when(format && !FORMATS.includes(format), () =>
        invalidValue(`${place}.format`, format, oneOf(FORMATS)),
      ),
      ...pathFaults(`${place}.JSONPath`, jsonPath),
    ]
  })
}

function pathFaults(field: string, path: string | undefined): Faults {
  if (!path) return [required(field)]
  return when(!path.startsWith('.'), () =>
    invalidValue(field, path, 'must be a simple json path starting with .'),
  )
}

/** @param under what the path may begin with @param where as the message says that */
function placedPathFaults(
  field: string,
  path: string | undefined,
  under: readonly string[],
  where: string,
): Faults {
  const faults = pathFaults(field, path)
  if (faults.length > 0) return faults
  return when(!under.some((prefix) => path?.startsWith(prefix)), () =>
    invalidValue(field, path, `should be a json path under ${where}`),
  )
}

function scaleFaults(subresources: CustomResourceSubresources | undefined, at: string): Faults {
  const { scale } = subresources ?? {}
  if (!scale) return []
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale
  const both = ['.spec.', '.status.']
  return [
    ...placedPathFaults(`${at}.scale.specReplicasPath`, specReplicasPath, ['.spec.'], '.spec'),
    ...placedPathFaults(`${at}.scale.statusReplicasPath`, statusReplicasPath, ['.status.'], '.status'),
    ...(labelSelectorPath
      ? placedPathFaults(`${at}.scale.labelSelectorPath`, labelSelectorPath, both, 'either .spec or .status')
      : []),
  ]
}

const MAX_FIELDS = 8
const SELECTABLE = ['string', 'boolean', 'integer']

function fieldFaults({ selectableFields = [], schema }: Version, at: string): Faults {
  if (selectableFields.length === 0) return []
  const root = schema?.openAPIV3Schema
  if (!root) return [invalidValue(at, '', 'may only be set when validations.schema is included')]
  const seen = new Set<string>()
  const faults = selectableFields.flatMap(({ jsonPath }: SelectableField, index) => {
    const field = `${at}[${index}].jsonPath`
    if (!jsonPath) return [required(field)]
    const found = schemaAt(jsonPath, root)
    if ('problem' in found) return [invalidValue(field, jsonPath, `is an invalid path: ${found.problem}`)]
    const again = seen.has(jsonPath)
    seen.add(jsonPath)
    return [
      ...when(jsonPath.startsWith('.metadata.'), () =>
        invalidValue(field, jsonPath, 'must not point to fields in metadata'),
      ),
      ...when(!SELECTABLE.includes(found.schema.type ?? ''), () =>
        invalidValue(
          field,
          jsonPath,
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        ),
      ),
      ...when(again, () => duplicate(field, jsonPath)),
    ]
  })
  return [...faults, ...tooMany(at, seen.size, MAX_FIELDS)]
}

type Found = { readonly schema: Schema } | { readonly problem: string }

/** `.spec.color`: the schema of what is there. */
function schemaAt(path: string, root: Schema): Found {
  const tokens = path.match(/[.[\]]|[^.[\]]+/g) ?? []
  let schema = root
  for (let place = 0; place < tokens.length; place += 2) {
    const [delimiter, name] = [tokens[place] ?? '', tokens[place + 1]]
    if (delimiter === '[') return { problem: 'array notation is not allowed' }
    if (delimiter !== '.') return { problem: `expected [ or . but got: ${delimiter}` }
    if (name === undefined) return { problem: 'unexpected end of JSON path' }
    const { properties, additionalProperties } = schema
    const next = properties
      ? properties[name]
      : typeof additionalProperties === 'object'
        ? additionalProperties
        : undefined
    if (next === undefined) return { problem: 'does not refer to a valid field' }
    schema = next
  }
  return { schema }
}
