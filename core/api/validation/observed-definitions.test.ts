/** What kube-apiserver 1.34 was seen to say of CustomResourceDefinitions. */

import { describe, expect, it } from 'vitest'
import { defaulted, faultsOf, statusFaultsOf, updateFaultsOf } from '../../../test/support/kind-rules.ts'
import { rulesFor } from '../kind-rules.ts'
import type { KubernetesObject } from '../object.ts'
import { CUSTOM_RESOURCE_DEFINITIONS as CRDS } from '../scheme.ts'

const root = {
  type: 'object',
  properties: { spec: { type: 'object', properties: { a: { type: 'string' } } } },
}
const version = (more: object = {}): object => ({
  name: 'v1',
  served: true,
  storage: true,
  schema: { openAPIV3Schema: root },
  ...more,
})
const names = { plural: 'cups', singular: 'cup', kind: 'Cup', listKind: 'CupList' }
const crd = (spec: object = {}): object => ({
  metadata: { name: 'cups.a.test' },
  spec: { group: 'a.test', scope: 'Namespaced', names, versions: [version()], ...spec },
})
const withSchema = (schema: object): object =>
  crd({ versions: [version({ schema: { openAPIV3Schema: { type: 'object', ...schema } } })] })
const property = (schema: object): object => withSchema({ properties: { x: schema } })
const LABEL =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
const X = 'spec.validation.openAPIV3Schema.properties[x]'
const NESTED = 'Forbidden: must be empty to be structural'
const TYPES = 'supported values: "array", "boolean", "integer", "number", "object", "string"'

describe('a definition', () => {
  it.each<[string, object, readonly string[]]>([
    ['as it should be', crd(), []],
    [
      'a kind that is no word',
      crd({ names: { ...names, kind: 'C!' } }),
      [`spec.names.kind: Invalid value: "C!": may have mixed case, but should otherwise match: ${LABEL}`],
    ],
    [
      'a group without a dot',
      { metadata: { name: 'cups.a' }, spec: { group: 'a', scope: 'Cluster', names, versions: [version()] } },
      ['spec.group: Invalid value: "a": should be a domain with at least one dot'],
    ],
    [
      'no versions',
      crd({ versions: [] }),
      [
        'spec.versions: Invalid value: null: must have exactly one version marked as storage version',
        'status.storedVersions: Invalid value: null: must have at least one stored version',
      ],
    ],
    [
      'a version that is no word',
      crd({ versions: [version({ name: '1' })] }),
      [`spec.versions[0].name: Invalid value: "1": ${LABEL}`, `spec.version: Invalid value: "1": ${LABEL}`],
    ],
    [
      'unknown fields kept',
      crd({ preserveUnknownFields: true }),
      [
        'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ],
    ],
    ['no strategy', crd({ conversion: {} }), ['spec.conversion.strategy: Required value']],
    [
      'an empty warning',
      crd({ versions: [version({ deprecated: true, deprecationWarning: '' })] }),
      ['spec.versions[0].deprecationWarning: Invalid value: "": must not be an empty string'],
    ],
    [
      'a column of no type',
      crd({ versions: [version({ additionalPrinterColumns: [{ name: 'A', jsonPath: 'a', format: 'x' }] })] }),
      [
        'spec.additionalPrinterColumns[0].type: Required value: must be one of boolean,date,integer,number,string',
        'spec.additionalPrinterColumns[0].format: Invalid value: "x": must be one of byte,date,date-time,double,float,int32,int64,password',
        'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "a": must be a simple json path starting with .',
      ],
    ],
    [
      'a scale of other things',
      crd({
        versions: [
          version({
            subresources: {
              scale: { specReplicasPath: '.status.a', statusReplicasPath: 'a', labelSelectorPath: '.a' },
            },
          }),
        ],
      }),
      [
        'spec.subresources.scale.specReplicasPath: Invalid value: ".status.a": should be a json path under .spec',
        'spec.subresources.scale.statusReplicasPath: Invalid value: "a": must be a simple json path starting with .',
        'spec.subresources.scale.labelSelectorPath: Invalid value: ".a": should be a json path under either .spec or .status',
      ],
    ],
  ])('%s', (_what, body, faults) => expect(faultsOf(CRDS, body).toSorted()).toEqual(faults.toSorted()))

  it('what versions do not say alike is told of each', () => {
    const other = version({ name: 'v2', storage: false, schema: { openAPIV3Schema: { type: 'array' } } })
    expect(new Set(faultsOf(CRDS, crd({ versions: [version(), other] })))).toEqual(
      new Set([
        'spec.versions[1].schema.openAPIV3Schema.type: Invalid value: "array": must be object at the root',
        'spec.versions[1].schema.openAPIV3Schema.items: Required value: must be specified',
      ]),
    )
  })

  it.each<[string, readonly string[]]>([
    ['.spec.a', []],
    ['', ['jsonPath: Required value']],
    ['spec', ['jsonPath: Invalid value: "spec": is an invalid path: expected [ or . but got: spec']],
    ['.spec.b', ['jsonPath: Invalid value: ".spec.b": is an invalid path: does not refer to a valid field']],
    [
      '.spec',
      [
        'jsonPath: Invalid value: ".spec": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
      ],
    ],
  ])('the selectable field %j', (jsonPath, faults) => {
    const found = faultsOf(CRDS, crd({ versions: [version({ selectableFields: [{ jsonPath }] })] }))
    expect(found).toEqual(faults.map((text) => `spec.selectableFields[0].${text}`))
  })
})

describe('a schema', () => {
  const list = (more: object): object =>
    property({
      type: 'array',
      items: { type: 'object', required: ['k'], properties: { k: { type: 'string' } } },
      ...more,
    })
  const rules = (rule: object): object =>
    property({ type: 'object', properties: { a: { type: 'string' } }, 'x-kubernetes-validations': [rule] })
  const R = `${X}.x-kubernetes-validations[0]`
  it.each<[string, object, readonly string[]]>([
    [
      'items of no type',
      property({ type: 'array', items: {} }),
      [`${X}.items.type: Required value: must not be empty for specified array items`],
    ],
    [
      'a default of another type',
      property({ type: 'string', default: 5 }),
      [`${X}.default: Invalid value: "integer":  in body must be of type string: "integer"`],
    ],
    [
      'a default within',
      property({ type: 'object', properties: { a: { type: 'string', maxLength: 1 } }, default: { a: 'aa' } }),
      [`${X}.default.a: Too long: may not be more than 1 byte`],
    ],
    [
      'keys of no map',
      list({ 'x-kubernetes-list-map-keys': ['k'] }),
      [`${X}.x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty`],
    ],
    [
      'a map of no keys',
      list({ 'x-kubernetes-list-type': 'map' }),
      [`${X}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`],
    ],
    [
      'keys that are not',
      list({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k', 'k', 'z'] }),
      [
        `${X}.x-kubernetes-list-map-keys: Invalid value: ["k","k","z"]: entries must all be names of item properties`,
        `${X}.x-kubernetes-list-map-keys: Invalid value: ["k","k","z"]: must not contain duplicate entries`,
      ],
    ],
    [
      'types within quantifiers',
      property({
        type: 'string',
        anyOf: [{ type: 'x' }],
        not: { type: 'string', nullable: true, default: 'a' },
      }),
      [
        `${X}.anyOf[0].type: Unsupported value: "x": ${TYPES}`,
        `${X}.anyOf[0].type: ${NESTED}`,
        `${X}.not.type: ${NESTED}`,
        `${X}.not.default: Forbidden: must be undefined to be structural`,
        `${X}.not.nullable: Forbidden: must be false to be structural`,
      ],
    ],
    [
      'numbers or texts',
      property({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }),
      [],
    ],
    [
      'the same, further limited',
      property({
        'x-kubernetes-int-or-string': true,
        allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { pattern: '^a' }],
      }),
      [],
    ],
    ['a rule that is none', rules({ rule: ' ' }), [`${R}.rule: Required value: rule is not specified`]],
    [
      'a rule of more lines',
      rules({ rule: 'true\n&& true' }),
      [`${R}.message: Required value: message must be specified if rule contains line breaks`],
    ],
    [
      'a reason nobody knows',
      rules({ rule: 'true', reason: 'X' }),
      [
        `${R}.reason: Unsupported value: "X": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"`,
      ],
    ],
    ['a place that is', rules({ rule: 'true', fieldPath: '.a' }), []],
    [
      'a place that is not',
      rules({ rule: 'true', fieldPath: '.b' }),
      [`${R}.fieldPath: Invalid value: ".b": must be a valid path`],
    ],
  ])('%s', (_what, body, faults) => expect(faultsOf(CRDS, body).toSorted()).toEqual(faults.toSorted()))
})

describe('a definition that is there', () => {
  const status = { storedVersions: ['v1'], conditions: [{ type: 'Established', status: 'True' }] }
  const stored = { ...crd(), status }
  const GONE =
    'missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions'
  it.each<[string, object, readonly string[]]>([
    ['another version beside it', { versions: [version(), version({ name: 'v2', storage: false })] }, []],
    ['stored in another version', { versions: [version({ storage: false }), version({ name: 'v2' })] }, []],
    [
      'the version gone that was stored',
      { versions: [version({ name: 'v2' })] },
      [`status.storedVersions[0]: Invalid value: "v1": ${GONE}`],
    ],
    [
      'a version twice',
      { versions: [version(), version({ storage: false })] },
      [
        expect.stringMatching(
          /^spec\.versions: Invalid value: .*: must contain unique version names$/,
        ) as never,
      ],
    ],
    ['another group', { group: 'b.test' }, ['spec.group: Invalid value: "b.test": field is immutable']],
    [
      'another kind',
      { names: { ...names, kind: 'Mug' } },
      ['spec.names.kind: Invalid value: "Mug": field is immutable'],
    ],
    ['another scope', { scope: 'Cluster' }, ['spec.scope: Invalid value: "Cluster": field is immutable']],
  ])('%s', (_what, spec, faults) => {
    expect(updateFaultsOf(CRDS, { ...crd(spec), status }, stored).toSorted()).toEqual(faults.toSorted())
  })

  it('accepts names that are words', () => {
    const body = { ...crd(), status: { acceptedNames: { plural: 'C', kind: 'C!' } } }
    expect(statusFaultsOf(CRDS, body, stored)).toEqual([
      `status.acceptedNames.plural: Invalid value: "C": ${LABEL}`,
      `status.acceptedNames.kind: Invalid value: "C!": may have mixed case, but should otherwise match: ${LABEL}`,
    ])
  })

  it('is always stored in one version', () => {
    const wanted = defaulted(CRDS, { ...crd(), status: {} })
    const made = rulesFor(CRDS).prepareStatus?.(wanted, wanted) as KubernetesObject & { status?: unknown }
    expect(made.status).toMatchObject({ storedVersions: ['v1'] })
  })
})
