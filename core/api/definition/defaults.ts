/**
 * Whether the defaults of a schema are themselves what it asks for: pruned, of the right shape, true to its rules
 * (kubernetes/apiextensions-apiserver pkg/apiserver/schema/defaulting/validation.go). Pure.
 */

import type { CelRules } from '../cel/rules.ts'
import type { Schema } from '../json-schema/schema.ts'
import { isEmbedded, itemSchema, sortedJson, TYPE_META } from '../json-schema/schema.ts'
import { isSameValue } from '../equality.ts'
import { resourceFaults } from '../json-schema/embedded.ts'
import { pruned } from '../json-schema/prune.ts'
import { schemaFaults } from '../json-schema/validate.ts'
import { fieldErrorMessage } from '../field-error.ts'
import type { Faults } from '../validation/faults.ts'
import { invalidValue } from '../validation/faults.ts'

interface Place {
  readonly schema: Schema
  readonly at: string
  /** the resource the value is in */
  readonly resource: Schema
  /** inside of its apiVersion, kind or metadata: makes the resource around a default */
  readonly around: ((value: unknown) => unknown) | undefined
}

const RESOURCE = { apiVersion: 'validation/v1', kind: 'Validation' }

/** Faults of all defaults of a structural schema. */
export function defaultFaults(schema: Schema, at: string, cel: CelRules): Faults {
  const resource = { ...schema, 'x-kubernetes-embedded-resource': true }
  return nodeFaults({ schema: resource, at, resource, around: undefined }, cel)
}

function nodeFaults(given: Place, cel: CelRules): Faults {
  const isResource = isEmbedded(given.schema)
  const place: Place = isResource ? { ...given, resource: given.schema, around: undefined } : given
  const { schema, at, around } = place
  const items = itemSchema(schema)
  return [
    ...(schema.default === undefined ? [] : ownFaults(place, schema.default, cel)),
    // Maps' values have no defaults that would be used.
    ...(items
      ? nodeFaults(
          { ...place, schema: items, at: `${at}.items`, around: around && ((value) => around([value])) },
          cel,
        )
      : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
      const isMeta = isResource && TYPE_META.includes(name)
      const inner =
        around ?? (isMeta ? (value: unknown) => ({ ...RESOURCE, ...(value as object) }) : undefined)
      return nodeFaults(
        {
          ...place,
          schema: member,
          at: `${at}.properties[${name}]`,
          around: inner && ((value) => inner({ [name]: value })),
        },
        cel,
      )
    }),
  ]
}

function ownFaults(place: Place, value: unknown, cel: CelRules): Faults {
  const { schema, around } = place
  const at = `${place.at}.default`
  if (around) {
    const faults = resourceFaults(around(value), place.resource, '')
    if (faults.length > 0)
      return [
        invalidValue(
          at,
          sortedJson(value),
          `must result in valid metadata: ${joined(faults.map(fieldErrorMessage))}`,
        ),
      ]
    return valueFaults(value, schema, at, cel)
  }
  const { value: kept } = pruned(value, schema, isEmbedded(schema))
  const unknown = isSameValue(kept, value)
    ? []
    : [invalidValue(at, sortedJson(value), 'must not have unknown fields')]
  const resource = resourceFaults(value, schema, at)
  return [...unknown, ...(resource.length > 0 ? resource : valueFaults(value, schema, at, cel))]
}

/** Rules are asked as of an object that stays as it is, then as of a new one. */
function valueFaults(value: unknown, schema: Schema, at: string, cel: CelRules): Faults {
  const shape = schemaFaults(value, schema, { at, isDefault: true })
  if (shape.length > 0) return shape
  const same = cel.faults(value, value, schema, at)
  return same.length > 0 ? same : cel.faults(value, undefined, schema, at)
}

/** Several messages as Go's aggregated errors print them. */
const joined = (messages: readonly string[]): string =>
  messages.length === 1 ? (messages[0] ?? '') : `[${messages.join(', ')}]`
