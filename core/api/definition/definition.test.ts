/**
 * What kube-apiserver 1.34.4 says of definitions: ./definition-cases.json holds what it was given and its causes,
 * captured in November 2026. `@` stands for the place of what was given.
 */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fieldErrorMessage } from '../field-error.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
  ValidationRule,
} from '../generated/apiextensions-v1.ts'
import { rulesFor } from '../kind-rules.ts'
import { CUSTOM_RESOURCE_DEFINITIONS } from '../scheme.ts'
import { strictDecode } from '../strict-decode.ts'
import {
  validateCustomResourceDefinition,
  validateCustomResourceDefinitionUpdate,
} from '../validation/custom-resource-definition.ts'

type Case<T> = readonly [given: T, expected: readonly string[]]

interface Cases {
  readonly schemas: readonly Case<JSONSchemaProps>[]
  readonly rules: readonly Case<ValidationRule>[]
  /** of the items of a list */
  readonly costs: readonly Case<{
    readonly maxItems?: number
    readonly properties: Readonly<Record<string, JSONSchemaProps>>
    readonly required: readonly string[]
    readonly rule: string
  }>[]
  readonly versions: readonly Case<Partial<CustomResourceDefinitionVersion>>[]
}

const cases = JSON.parse(readFileSync(new URL('definition-cases.json', import.meta.url), 'utf8')) as Cases

const integer: JSONSchemaProps = { type: 'integer' }
const text: JSONSchemaProps = { type: 'string' }
const object = (properties: Readonly<Record<string, JSONSchemaProps>>): JSONSchemaProps => ({
  type: 'object',
  properties,
})

const ROOT = {
  spec: object({ replicas: integer, text, list: { type: 'array', items: text } }),
  status: object({ replicas: integer, selector: text }),
}

function definition(version: Partial<CustomResourceDefinitionVersion>, root = {}): CustomResourceDefinition {
  const { object: decoded } = strictDecode(CUSTOM_RESOURCE_DEFINITIONS, {
    metadata: { name: 'widgets.crds.example' },
    spec: {
      group: 'crds.example',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: object({ ...ROOT, ...root }) },
          ...version,
        },
      ],
    },
  })
  const crd = rulesFor(CUSTOM_RESOURCE_DEFINITIONS).setDefaults(decoded) as CustomResourceDefinition
  const status = { acceptedNames: crd.spec.names, storedVersions: ['v1'] }
  return { ...crd, apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', status }
}

const said = (crd: CustomResourceDefinition): readonly string[] =>
  validateCustomResourceDefinition(crd).map(fieldErrorMessage)

/** Each once, in any order: upstream's is that of Go's maps. */
const sorted = (messages: readonly string[]): readonly string[] => [...new Set(messages)].toSorted()

const PLACE = 'spec.validation.openAPIV3Schema.properties[x]'
const placed = (messages: readonly string[]): readonly string[] =>
  sorted(messages.map((message) => message.replaceAll(PLACE, '@')))

describe('the schema of a member', () => {
  it.each(cases.schemas)('%j', (schema, expected) => {
    expect(placed(said(definition({}, { x: schema })))).toEqual(sorted(expected))
  })
})

describe('a rule', () => {
  const limited = {
    ...object({
      a: { type: 'string', maxLength: 10 },
      n: integer,
      l: { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 10 } },
      m: { type: 'object', maxProperties: 5, additionalProperties: { type: 'string', maxLength: 5 } },
      'with-dash': text,
      p: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      i: { 'x-kubernetes-int-or-string': true },
    }),
  }
  it.each(cases.rules)('%j', (rule, expected) => {
    const schema = { ...limited, 'x-kubernetes-validations': [rule] }
    expect(placed(said(definition({}, { x: schema })))).toEqual(sorted(expected))
  })
})

describe('what a rule costs, or makes no sense of', () => {
  const advice = / \(try simplifying the rule, or adding maxItems, [^)]*\)/
  it.each(cases.costs)('%j', ({ maxItems, properties, required, rule }, expected) => {
    const items = { type: 'object', properties, required, 'x-kubernetes-validations': [{ rule }] }
    const list = { type: 'array', items, ...(maxItems === undefined ? {} : { maxItems }) }
    const messages = said(definition({}, { x: list })).map((message) =>
      message
        .replaceAll(`${PLACE}.items`, '@')
        .replace(/Invalid value: \{"Rule".*?"OptionalOldSelf":null\}/, 'Invalid value: RULE')
        .replace(advice, ''),
    )
    expect(sorted(messages)).toEqual(sorted(expected))
  })
})

describe('a version', () => {
  it.each(cases.versions)('%j', (version, expected) => {
    expect(sorted(said(definition(version)))).toEqual(sorted(expected))
  })
})

describe('a change', () => {
  const established = (crd: CustomResourceDefinition): CustomResourceDefinition => ({
    ...crd,
    status: { ...crd.status, conditions: [{ type: 'Established', status: 'True' }] },
  })
  const before = established(definition({}))
  it.each<[string, (crd: CustomResourceDefinition) => object, readonly string[]]>([
    ['of nothing', () => ({}), []],
    ['of scope', () => ({ scope: 'Cluster' }), ['spec.scope: Invalid value: "Cluster": field is immutable']],
    [
      'of kind',
      ({ spec }) => ({ names: { ...spec.names, kind: 'Foo' } }),
      ['spec.names.kind: Invalid value: "Foo": field is immutable'],
    ],
    [
      'that leaves out a version that was stored',
      ({ spec }) => ({ versions: spec.versions?.map((version) => ({ ...version, name: 'v2' })) }),
      [
        'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
      ],
    ],
    [
      'to keep what is unknown',
      () => ({ preserveUnknownFields: true }),
      [
        'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ],
    ],
    [
      'of certificates to something else',
      () => ({
        conversion: {
          strategy: 'Webhook',
          webhook: {
            clientConfig: { url: 'https://a.example', caBundle: 'aGVsbG8=' },
            conversionReviewVersions: ['v1'],
          },
        },
      }),
      [
        'spec.conversion.webhookClientConfig.caBundle: Invalid value: "aGVsbG8=": unable to load root certificates: unable to parse bytes as PEM block',
      ],
    ],
  ])('%s', (_what, changeOf, expected) => {
    const after = { ...before, spec: { ...before.spec, ...changeOf(before) } }
    const faults = validateCustomResourceDefinitionUpdate(after, before)
    expect(faults.map(fieldErrorMessage)).toEqual(expected)
  })

  it('may keep what is too costly, if it was there', () => {
    const costly = {
      ...object({}),
      ...{
        type: 'array',
        items: text,
        'x-kubernetes-validations': [{ rule: 'self.all(x, self.all(y, x == y))' }],
      },
    }
    const { properties: _none, ...schema } = costly
    const crd = established(definition({}, { x: schema }))
    const each = (messages: readonly string[]): readonly string[] =>
      messages.filter((message) => message.includes('estimated rule cost exceeds'))
    expect(each(said(crd))).toHaveLength(1)
    expect(each(validateCustomResourceDefinitionUpdate(crd, crd).map(fieldErrorMessage))).toEqual([])
  })
})
