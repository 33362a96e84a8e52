/** The OpenAPI documents: what kubectl reads from them is there, and every reference leads somewhere. */

import { describe, expect, it } from 'vitest'
import { SCHEME } from '../../api/scheme.ts'
import type { WireField } from '../../api/wire-format.ts'
import { readFields } from '../../api/wire-format.ts'
import { gnosticDocument } from './gnostic.ts'
import { openApiV2 } from './v2.ts'
import { openApiV3 } from './v3.ts'

const v2 = openApiV2(SCHEME, 'v1.34.0')

/** All `$ref`s in a document. */
function references(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) =>
    key === '$ref' && typeof member === 'string' ? [member] : references(member),
  )
}

describe('v2', () => {
  it('defines whatever it refers to', () => {
    const missing = references(v2).filter(
      (ref) => v2.definitions[ref.replace('#/definitions/', '')] === undefined,
    )
    expect(missing).toEqual([])
  })

  it('has merge keys and list keys', () => {
    expect(v2.definitions['io.k8s.api.core.v1.ServiceSpec']?.properties?.['ports']).toEqual({
      type: 'array',
      items: { $ref: '#/definitions/io.k8s.api.core.v1.ServicePort' },
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-patch-merge-key': 'port',
      'x-kubernetes-patch-strategy': 'merge',
    })
    expect(v2.definitions['io.k8s.api.core.v1.EnvVar']?.required).toEqual(['name'])
    expect(v2.definitions['io.k8s.api.core.v1.SecretKeySelector']?.properties).toHaveProperty('name')
  })

  it('says what is required, and which values there are', () => {
    const of = (name: string) => v2.definitions[`io.k8s.api.${name}`]
    expect(of('apps.v1.DeploymentSpec')?.required).toEqual(['selector', 'template'])
    expect(of('apps.v1.StatefulSetStatus')?.required).toEqual(['replicas'])
    expect(of('core.v1.ServicePort')?.properties?.['protocol']?.enum).toEqual(['SCTP', 'TCP', 'UDP'])
    const { operations } = of('admissionregistration.v1.RuleWithOperations')?.properties ?? {}
    expect(operations?.items?.enum).toContain('CONNECT')
    expect(of('core.v1.ObjectReference')?.['x-kubernetes-map-type']).toBe('atomic')
    const fields = { exempt: 'Exempt', limited: 'Limited' }
    expect(of('flowcontrol.v1.PriorityLevelConfigurationSpec')?.['x-kubernetes-unions']).toEqual([
      { discriminator: 'type', 'fields-to-discriminateBy': fields },
    ])
  })

  it('says no defaults', () => {
    const withDefaults = Object.entries(v2.definitions).filter(([, { properties = {} }]) =>
      Object.values(properties).some((each) => 'default' in each || 'default' in (each.items ?? {})),
    )
    expect(withDefaults.map(([name]) => name)).toEqual([])
  })

  it('names the kind of every object in the scheme', () => {
    const kinds = Object.values(v2.definitions).flatMap(
      (schema) => (schema['x-kubernetes-group-version-kind'] ?? []) as { group: string; kind: string }[],
    )
    const names = new Set(kinds.map(({ group, kind }) => `${group}/${kind}`))
    for (const { group, kind } of SCHEME) expect(names).toContain(`${group}/${kind}`)
  })

  it('says that every PATCH validates fields and knows dry runs', () => {
    const patches = Object.entries(v2.paths).flatMap(([path, item]) =>
      item.patch ? [{ path, ...item.patch }] : [],
    )
    expect(patches.length).toBeGreaterThan(SCHEME.length)
    for (const { path, parameters } of patches) {
      const names = parameters.map(({ name }) => name)
      expect({ path, names }).toMatchObject({ names: expect.arrayContaining(['dryRun', 'fieldValidation']) })
    }
  })
})

describe('gnostic', () => {
  const inside = (fields: readonly WireField[], number: number): readonly (readonly WireField[])[] =>
    fields.flatMap((field) =>
      field.number === number && field.kind === 'bytes' ? [readFields(field.value)] : [],
    )
  const text = (fields: readonly WireField[] | undefined, number: number): string => {
    const field = fields?.find((each) => each.number === number)
    return field?.kind === 'bytes' ? Buffer.from(field.value).toString() : ''
  }

  it('holds every definition and path under its name', () => {
    const document = readFields(gnosticDocument(v2))
    expect(text(document, 1)).toBe('2.0')
    const definitions = inside(inside(document, 9)[0] ?? [], 1).map((named) => text(named, 1))
    expect(definitions).toEqual(Object.keys(v2.definitions))
    const paths = inside(inside(document, 8)[0] ?? [], 2).map((named) => text(named, 1))
    expect(paths).toEqual(Object.keys(v2.paths))
  })
})

describe('v3', () => {
  const groupVersions = [...new Set(SCHEME.map(({ group, version }) => `${group}/${version}`))]
  for (const groupVersion of groupVersions) {
    const resources = SCHEME.filter(({ group, version }) => `${group}/${version}` === groupVersion)
    const document = openApiV3(resources, 'v1.34.0') as {
      components: { schemas: Record<string, unknown> }
      paths: Record<string, { patch?: { parameters: { name: string }[] } }>
    }
    it(`${groupVersion} defines whatever it refers to`, () => {
      const names = references(document).map((ref) => ref.replace('#/components/schemas/', ''))
      expect(names.filter((name) => document.components.schemas[name] === undefined)).toEqual([])
    })
    it(`${groupVersion} has no lists that are empty: Go's reader leaves them out when it writes the document`, () => {
      expect(JSON.stringify(document)).not.toContain(':[]')
    })
    it(`${groupVersion} lists fieldValidation on every PATCH`, () => {
      for (const { patch } of Object.values(document.paths)) {
        if (patch) expect(patch.parameters.map(({ name }) => name)).toContain('fieldValidation')
      }
    })
  }
})
