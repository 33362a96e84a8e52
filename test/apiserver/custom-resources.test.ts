/** CustomResourceDefinitions and their objects through the registry: established at once, versions, status, deletion. */

import { describe, expect, it } from 'vitest'
import type { ResourceInfo } from '../../core/api/resource.ts'
import { CONFIG_MAPS, CUSTOM_RESOURCE_DEFINITIONS } from '../../core/api/scheme.ts'
import { eventually } from '../support/test-host.io.ts'
import type { Fixture, Loose } from './fixture.ts'
import { fixture } from './fixture.ts'

const SPEC: Loose = {
  type: 'object',
  properties: {
    size: { type: 'integer', minimum: 1, default: 1 },
    parts: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, n: { type: 'integer' } },
      },
    },
  },
}
const SCHEMA: Loose = {
  type: 'object',
  properties: { spec: SPEC, status: { type: 'object', properties: { phase: { type: 'string' } } } },
}

const version = (name: string, more: Loose = {}): Loose => ({
  name,
  served: true,
  storage: true,
  schema: { openAPIV3Schema: SCHEMA },
  subresources: { status: {} },
  ...more,
})

const definition = (more: Loose = {}, names: Loose = {}): Loose => ({
  metadata: { name: 'gadgets.example.org' },
  spec: {
    group: 'example.org',
    scope: 'Namespaced',
    names: { plural: 'gadgets', kind: 'Gadget', shortNames: ['gd'], ...names },
    versions: [version('v1')],
    ...more,
  },
})

async function served(api: Fixture, more: Loose = {}, wanted = 'v1'): Promise<ResourceInfo> {
  await api.create(CUSTOM_RESOURCE_DEFINITIONS, definition(more))
  const row = api.registry.kinds.forPath('example.org', wanted, 'gadgets')
  if (row === undefined) throw new Error('not served')
  return row
}

const gadget = (name: string, spec: Loose = {}): Loose => ({ metadata: { name, namespace: 'default' }, spec })

describe('a definition', () => {
  it('is established, and served, by the time it is created', async () => {
    const api = await fixture()
    const crd = await api.create(CUSTOM_RESOURCE_DEFINITIONS, definition())
    expect(crd.metadata.generation).toBe(1)
    expect(crd.metadata.finalizers).toBeUndefined()
    expect(crd.spec.names).toEqual({
      plural: 'gadgets',
      singular: 'gadget',
      shortNames: ['gd'],
      kind: 'Gadget',
      listKind: 'GadgetList',
    })
    expect(crd.status.storedVersions).toEqual(['v1'])
    expect(crd.status.conditions.map((each: Loose) => `${each.type} ${each.status} ${each.reason}`)).toEqual([
      'NamesAccepted True NoConflicts',
      'Established True InitialNamesAccepted',
    ])
    const row = api.registry.kinds.forPath('example.org', 'v1', 'gadgets')
    expect(row).toMatchObject({ kind: 'Gadget', singular: 'gadget', shortNames: ['gd'], namespaced: true })
  })

  it.each<[string, Loose, string]>([
    [
      'another name',
      { ...definition(), metadata: { name: 'x' } },
      'metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group',
    ],
    [
      'no versions',
      definition({ versions: [] }),
      'spec.versions: Invalid value: null: must have exactly one version marked as storage version',
    ],
    [
      'two stored versions',
      definition({ versions: [version('v1'), version('v2')] }),
      'must have exactly one version marked as storage version',
    ],
    [
      'no schema',
      definition({ versions: [version('v1', { schema: undefined })] }),
      'spec.versions[0].schema.openAPIV3Schema: Required value',
    ],
    [
      'another scope',
      definition({ scope: 'Global' }),
      'spec.scope: Unsupported value: "Global": supported values: "Cluster", "Namespaced"',
    ],
    [
      'a group of one word',
      { ...definition({ group: 'org' }), metadata: { name: 'gadgets.org' } },
      'spec.group: Invalid value: "org": should be a domain with at least one dot',
    ],
    [
      'a schema that says nothing of a member',
      definition({
        versions: [
          version('v1', { schema: { openAPIV3Schema: { type: 'object', properties: { spec: {} } } } }),
        ],
      }),
      'spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields',
    ],
    [
      'a wrong default',
      definition({
        versions: [
          version('v1', {
            schema: {
              openAPIV3Schema: { type: 'object', properties: { spec: { type: 'integer', default: 'x' } } },
            },
          }),
        ],
      }),
      'spec.validation.openAPIV3Schema.properties[spec].default: Invalid value: "string"',
    ],
  ])('is refused with %s', async (_what, crd, message) => {
    const api = await fixture()
    await expect(api.create(CUSTOM_RESOURCE_DEFINITIONS, crd)).rejects.toThrow(message)
    expect(api.registry.kinds.forPath('example.org', 'v1', 'gadgets')).toBeUndefined()
  })

  it('whose kind is taken is not served', async () => {
    const api = await fixture()
    await served(api)
    const other = {
      ...definition({}, { plural: 'widgets', singular: 'widget', shortNames: [] }),
      metadata: { name: 'widgets.example.org' },
    }
    const crd = await api.create(CUSTOM_RESOURCE_DEFINITIONS, other)
    expect(crd.status.conditions[0]).toMatchObject({
      type: 'NamesAccepted',
      status: 'False',
      reason: 'ListKindConflict',
      message: '"GadgetList" is already in use',
    })
    expect(crd.status.acceptedNames).toEqual({ plural: 'widgets', singular: 'widget', kind: '' })
    expect(api.registry.kinds.forPath('example.org', 'v1', 'widgets')).toBeUndefined()
  })

  it('names the rules that cannot be evaluated here', async () => {
    const api = await fixture()
    const rules = [{ rule: "int(duration('1s')) == 1" }]
    const schema = { openAPIV3Schema: { ...SCHEMA, 'x-kubernetes-validations': rules } }
    await api.create(CUSTOM_RESOURCE_DEFINITIONS, definition({ versions: [version('v1', { schema })] }))
    expect(api.warnings).toEqual([
      expect.stringMatching(
        /^spec\.versions\[0\]\.schema\.openAPIV3Schema\.x-kubernetes-validations\[0\]\.rule: the rule cannot be evaluated here and is not enforced: /,
      ),
    ])
  })
})

describe('a custom resource', () => {
  it('is pruned, filled and checked', async () => {
    const api = await fixture()
    const row = await served(api)
    const made = await api.create(row, gadget('a', { junk: 1 }))
    expect(made.spec).toEqual({ size: 1 })
    expect(api.warnings).toEqual(['unknown field "spec.junk"'])
    await expect(api.create(row, gadget('b', { size: 0 }))).rejects.toThrow(
      'Gadget.example.org "b" is invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
    )
  })

  it('has its status apart, and counts changes of the rest', async () => {
    const api = await fixture()
    const row = await served(api)
    const made = await api.create(row, { ...gadget('a'), status: { phase: 'x' } })
    expect(made.status).toBeUndefined()
    const told = await api.update(row, { ...made, spec: { size: 9 }, status: { phase: 'y' } }, 'status')
    expect([told.metadata.generation, told.spec.size, told.status]).toEqual([1, 1, { phase: 'y' }])
    const grown = await api.update(row, { ...told, spec: { size: 9 }, status: {} })
    expect([grown.metadata.generation, grown.spec.size, grown.status]).toEqual([2, 9, { phase: 'y' }])
  })

  it('says which version it changes', async () => {
    const api = await fixture()
    const row = await served(api)
    await api.create(row, gadget('a'))
    await expect(
      api.update(row, { apiVersion: 'example.org/v1', kind: 'Gadget', ...gadget('a') }),
    ).rejects.toThrow('metadata.resourceVersion: Invalid value: 0: must be specified for an update')
  })

  it('is merged by the keys of its lists', async () => {
    const api = await fixture()
    const row = await served(api)
    const apply = (manager: string, parts: Loose): Promise<Loose> => {
      const patch = { apiVersion: 'example.org/v1', kind: 'Gadget', ...gadget('a', { parts }) }
      return api.patch(
        row,
        'a',
        { type: 'apply', patch },
        { fieldManager: manager, user: { name: 'u', groups: ['system:masters'] } },
      )
    }
    await apply('one', [{ name: 'x', n: 1 }])
    const both = await apply('two', [{ name: 'y', n: 2 }])
    expect(new Set(both.spec.parts)).toEqual(
      new Set([
        { name: 'x', n: 1 },
        { name: 'y', n: 2 },
      ]),
    )
    await expect(apply('two', [{ name: 'x', n: 3 }])).rejects.toThrow(
      'Apply failed with 1 conflict: conflict with "one": .spec.parts[name="x"].n',
    )
    await expect(api.patch(row, 'a', { type: 'strategic', patch: {} })).rejects.toThrow('unknown format')
  })

  it('is read and written in any version, and stored in one', async () => {
    const api = await fixture()
    const versions = [version('v1'), version('v1alpha1', { storage: false })]
    const v1 = await served(api, { versions })
    const alpha = api.registry.kinds.forPath('example.org', 'v1alpha1', 'gadgets') as ResourceInfo
    await api.create(alpha, gadget('a', { size: 3 }))
    expect(api.store.get('/registry/example.org/gadgets/default/a')?.value.apiVersion).toBe('example.org/v1')
    expect(api.get(v1, 'a')).toMatchObject({ apiVersion: 'example.org/v1', spec: { size: 3 } })
    expect(api.get(alpha, 'a').apiVersion).toBe('example.org/v1alpha1')
    const { seen, end } = api.watch(alpha)
    await api.patch(v1, 'a', { type: 'merge', patch: { spec: { size: 4 } } })
    end()
    expect(
      seen.map((event: Loose) => `${event.type} ${event.object.apiVersion} ${event.object.spec.size}`),
    ).toEqual(['ADDED example.org/v1alpha1 3', 'MODIFIED example.org/v1alpha1 4'])
  })

  it('may stay as wrong as it was', async () => {
    const api = await fixture()
    const row = await served(api)
    const made = await api.create(row, gadget('a', { size: 5 }))
    const crd = api.get(CUSTOM_RESOURCE_DEFINITIONS, 'gadgets.example.org')
    const stricter = structuredClone(crd)
    stricter.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.size.maximum = 4
    await api.update(CUSTOM_RESOURCE_DEFINITIONS, stricter)
    const again = api.registry.kinds.forPath('example.org', 'v1', 'gadgets') as ResourceInfo
    const labelled = { ...made, metadata: { ...made.metadata, labels: { a: 'b' } } }
    await expect(api.update(again, labelled)).resolves.toMatchObject({ spec: { size: 5 } })
    await expect(api.patch(again, 'a', { type: 'merge', patch: { spec: { size: 6 } } })).rejects.toThrow(
      'less than or equal to 4',
    )
  })
})

describe('deleting a definition', () => {
  it('deletes what it defined, then goes', async () => {
    const api = await fixture()
    const row = await served(api)
    await api.create(row, gadget('a'))
    const held = await api.create(row, {
      ...gadget('b'),
      metadata: { name: 'b', namespace: 'default', finalizers: ['x.org/y'] },
    })
    const end = api.registry.kinds.endOf?.(row)
    await api.remove(CUSTOM_RESOURCE_DEFINITIONS, 'gadgets.example.org')
    expect(end?.aborted).toBe(true)
    await eventually('the first object to go', async () => (api.names(row).length === 1 ? true : undefined))
    expect(
      api.get(CUSTOM_RESOURCE_DEFINITIONS, 'gadgets.example.org').metadata.deletionTimestamp,
    ).toBeDefined()
    expect(held.metadata.deletionTimestamp).toBeUndefined()
    await api.patch(row, 'b', { type: 'merge', patch: { metadata: { finalizers: null } } })
    await eventually('the definition to go', async () =>
      api.names(CUSTOM_RESOURCE_DEFINITIONS).length === 0 ? true : undefined,
    )
    expect(api.registry.kinds.forPath('example.org', 'v1', 'gadgets')).toBeUndefined()
    expect(api.names(CONFIG_MAPS)).toEqual([])
  })
})

it('what a store holds is served from the start', async () => {
  const first = await fixture()
  await served(first)
  const second = await fixture(first.store)
  expect(second.registry.kinds.forPath('example.org', 'v1', 'gadgets')).toBeDefined()
})

describe('a custom resource', () => {
  it('in another version is read in that one before it is refused', async () => {
    const api = await fixture()
    const extra = {
      type: 'object',
      properties: { spec: { type: 'object', properties: { later: { type: 'integer' } } } },
    }
    const other = version('v2', { storage: false, schema: { openAPIV3Schema: extra } })
    const row = await served(api, { versions: [version('v1'), other] })
    const sent = { apiVersion: 'example.org/v2', kind: 'Gadget', ...gadget('a', { size: 1, later: 1 }) }
    const mismatch =
      'the API version in the data (example.org/v2) does not match the expected API version (example.org/v1)'
    await expect(api.create(row, sent)).rejects.toMatchObject({ code: 400, message: mismatch })
    await expect(api.create(row, { ...sent, apiVersion: 'example.org/v9' })).rejects.toThrow(
      'the API version',
    )
    expect(api.warnings).toEqual(['unknown field "spec.size"', 'unknown field "spec"'])
    await expect(api.create(row, sent, { fieldValidation: 'Strict' })).rejects.toMatchObject({
      code: 400,
      message:
        'Gadget in version "v2" cannot be handled as a Gadget: strict decoding error: unknown field "spec.size"',
    })
  })

  it.each<[string, Loose, Loose]>([
    ['says how many', { size: 2 }, { spec: { replicas: 2 } }],
    ['wants none', { size: 0 }, { spec: {} }],
  ])('that %s has a Scale', async (_what, spec, expected) => {
    const api = await fixture()
    const row = await scalable(api)
    await api.create(row, gadget('a', spec))
    expect(api.registry.getScale(row, { namespace: 'default', name: 'a' })).toMatchObject(expected)
  })

  it('that does not say how many has none to read, but one to write', async () => {
    const api = await fixture()
    const row = await scalable(api)
    await api.create(row, gadget('a'))
    const name = { namespace: 'default', name: 'a' }
    expect(() => api.registry.getScale(row, name)).toThrow(
      'Internal error occurred: the spec replicas field ".spec.size" does not exist',
    )
    await api.patch(row, 'a', { type: 'merge', subresource: 'scale', patch: { spec: { replicas: 3 } } })
    expect(api.registry.getScale(row, name)).toMatchObject({ spec: { replicas: 3 } })
  })

  const scalable = (api: Fixture): Promise<ResourceInfo> => {
    const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' }
    const spec = { type: 'object', properties: { size: { type: 'integer' } } }
    const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } }
    return served(api, { versions: [version('v1', { subresources: { scale }, schema })] })
  }
})
