import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalJson, isObject } from '../../requests/json-value.ts'
import { LEAF, SchemaTypes } from '../../registry/schema-type.ts'
import { JsonPatchError, applyJsonPatch } from './json-patch.ts'
import { applyMergePatch } from './merge-patch.ts'
import { applyStrategicMergePatch } from './strategic-merge-patch.ts'

const types = new SchemaTypes()
const json = fc.jsonValue({ maxDepth: 3 })
const jsonObject = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), json)

describe('JSON patch (RFC 6902)', () => {
  const CASES: [string, unknown, unknown, unknown][] = [
    ['adds a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    ['adds before an index', [1, 3], [{ op: 'add', path: '/1', value: 2 }], [1, 2, 3]],
    ['adds at the end', [1], [{ op: 'add', path: '/-', value: 2 }], [1, 2]],
    ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: { b: 7 } }], { b: 7 }],
    ['replaces the whole by no scalar', { a: 1 }, [{ op: 'replace', path: '', value: 7 }], { a: 1 }],
    ['removes', { a: { b: 1, c: 2 } }, [{ op: 'remove', path: '/a/b' }], { a: { c: 2 } }],
    ['removes from a list', [1, 2, 3], [{ op: 'remove', path: '/1' }], [1, 3]],
    ['replaces', { a: [1] }, [{ op: 'replace', path: '/a/0', value: null }], { a: [null] }],
    ['moves', { a: { b: 1 }, c: {} }, [{ op: 'move', from: '/a/b', path: '/c/d' }], { a: {}, c: { d: 1 } }],
    ['copies', { a: [1] }, [{ op: 'copy', from: '/a', path: '/b' }], { a: [1], b: [1] }],
    [
      'unescapes ~1 and ~0',
      { 'a/b': 1, 'c~d': 2 },
      [
        { op: 'remove', path: '/a~1b' },
        { op: 'test', path: '/c~0d', value: 2 },
      ],
      { 'c~d': 2 },
    ],
    ['takes no value for null', {}, [{ op: 'add', path: '/a' }], { a: null }],
    ['replaces what is missing', {}, [{ op: 'replace', path: '/a', value: 1 }], { a: 1 }],
    ['copies what is missing as null', {}, [{ op: 'copy', from: '/a', path: '/b' }], { b: null }],
    ['finds null where nothing is', {}, [{ op: 'test', path: '/a', value: null }], {}],
    ['counts from the end', [1, 2, 3], [{ op: 'remove', path: '/-1' }], [1, 2]],
    ['adds at the end by -1', [1], [{ op: 'add', path: '/-1', value: 2 }], [1, 2]],
    ['reads 01 as 1', [1, 2], [{ op: 'remove', path: '/01' }], [1]],
    ['reads ~01 as ~1', { '~1': 1 }, [{ op: 'replace', path: '/~01', value: 2 }], { '~1': 2 }],
    // As kube-apiserver does, by its library.
    ['replaces what is not there', { a: {} }, [{ op: 'replace', path: '/a/b', value: 1 }], { a: { b: 1 } }],
    ['finds null where nothing is', {}, [{ op: 'test', path: '/a', value: null }], {}],
    ['copies nothing as null', {}, [{ op: 'copy', from: '/a', path: '/b' }], { b: null }],
    ['adds before an index from the end', [1], [{ op: 'add', path: '/-1', value: 2 }], [1, 2]],
    ['replaces from the end', [1, 2], [{ op: 'replace', path: '/-2', value: 3 }], [3, 2]],
    ['removes from the end', [{ a: 1 }, { b: 2 }], [{ op: 'remove', path: '/-1/b' }], [{ a: 1 }, {}]],
    [
      'tests deeply, order aside',
      { a: { x: 1, y: [2] } },
      [{ op: 'test', path: '/a', value: { y: [2], x: 1 } }],
      { a: { x: 1, y: [2] } },
    ],
  ]
  it.each(CASES)('%s', (_, document, patch, expected) => {
    expect(applyJsonPatch(document, patch)).toEqual(expected)
  })

  const REFUSED: [string, unknown, unknown][] = [
    ['a missing parent', {}, [{ op: 'add', path: '/a/b', value: 1 }]],
    ['a missing member', {}, [{ op: 'remove', path: '/a' }]],
    ['an index before the beginning', [1], [{ op: 'remove', path: '/-2' }]],
    ['replacing an index past the end', [1], [{ op: 'replace', path: '/1', value: 1 }]],
    ['replacing in what is not there', {}, [{ op: 'replace', path: '/a/b', value: 1 }]],
    ['an index past the end', [1], [{ op: 'add', path: '/2', value: 1 }]],
    ['an index before the start', [1, 2], [{ op: 'remove', path: '/-3' }]],
    ['a failed test', { a: 1 }, [{ op: 'test', path: '/a', value: '1' }]],
    ['moving into itself', { a: { b: 1 } }, [{ op: 'move', from: '/a', path: '/a/b/c' }]],
    ['an unknown operation', {}, [{ op: 'spam', path: '/a' }]],
    ['a patch that is no list', {}, { op: 'add' }],
    ['prototype members', {}, [{ op: 'test', path: '/constructor', value: 1 }]],
  ]
  it.each(REFUSED)('refuses %s', (_, document, patch) => {
    expect(() => applyJsonPatch(document, patch)).toThrow(JsonPatchError)
  })

  const MISSING = 'missing value'
  const INVALID = 'invalid index referenced'
  const WORDS: [Record<string, unknown>, string][] = [
    [{ op: 'test', path: '/a', value: 2 }, 'testing value /a failed: test failed'],
    [{ op: 'test', path: '/z', value: 2 }, 'testing value /z failed: test failed'],
    [{ op: 'test', path: '', value: {} }, 'testing value  failed: test failed'],
    [
      { op: 'test', path: '/x/y', value: 1 },
      `test operation does not apply: is missing path: /x/y: ${MISSING}`,
    ],
    [
      { op: 'test', path: '/l/9', value: 1 },
      `error in test for path: '/l/9': Unable to access invalid index: 9: ${INVALID}`,
    ],
    [
      { op: 'test', path: '/l/x', value: 1 },
      `error in test for path: '/l/x': strconv.Atoi: parsing "x": invalid syntax`,
    ],
    [{ op: 'test' }, `test operation failed to decode path: operation missing path field: ${MISSING}`],
    [{ op: 'add', value: 1 }, `add operation failed to decode path: ${MISSING}`],
    [{ op: 'add', path: '', value: 1 }, `add operation does not apply: doc is missing path: "": ${MISSING}`],
    [
      { op: 'add', path: 'a', value: 1 },
      `add operation does not apply: doc is missing path: "a": ${MISSING}`,
    ],
    [
      { op: 'add', path: '/a/b', value: 1 },
      `add operation does not apply: doc is missing path: "/a/b": ${MISSING}`,
    ],
    [
      { op: 'add', path: '/l/9', value: 1 },
      `error in add for path: '/l/9': Unable to access invalid index: 9: ${INVALID}`,
    ],
    [
      { op: 'add', path: '/l/-9', value: 1 },
      `error in add for path: '/l/-9': Unable to access invalid index: -9: ${INVALID}`,
    ],
    [
      { op: 'add', path: '/l/x', value: 1 },
      `error in add for path: '/l/x': value was not a proper array index: 'x': strconv.Atoi: parsing "x": invalid syntax`,
    ],
    [{ op: 'remove' }, `remove operation failed to decode path: ${MISSING}`],
    [{ op: 'remove', path: '' }, `remove operation does not apply: doc is missing path: "": ${MISSING}`],
    [
      { op: 'remove', path: '/z' },
      `error in remove for path: '/z': Unable to remove nonexistent key: z: ${MISSING}`,
    ],
    [
      { op: 'remove', path: '/l/-' },
      `error in remove for path: '/l/-': strconv.Atoi: parsing "-": invalid syntax`,
    ],
    [
      { op: 'replace', path: '/x/y' },
      `replace operation does not apply: doc is missing path: /x/y: ${MISSING}`,
    ],
    [
      { op: 'replace', path: '/l/9' },
      `replace operation does not apply: doc is missing key: /l/9: ${MISSING}`,
    ],
    [
      { op: 'move', path: '/z' },
      `move operation failed to decode from: operation, missing from field: ${MISSING}`,
    ],
    [
      { op: 'move', path: '/z', from: '/x/y' },
      `move operation does not apply: doc is missing from path: /x/y: ${MISSING}`,
    ],
    [
      { op: 'move', path: '/z', from: '/y' },
      `error in move for path: 'y': Unable to remove nonexistent key: y: ${MISSING}`,
    ],
    [
      { op: 'move', path: '/x/y', from: '/a' },
      `move operation does not apply: doc is missing destination path: /x/y: ${MISSING}`,
    ],
    [
      { op: 'copy', path: '/z' },
      `copy operation failed to decode from: operation, missing from field: ${MISSING}`,
    ],
    [
      { op: 'copy', path: '/z', from: '/x/y' },
      `copy operation does not apply: doc is missing from path: /x/y: ${MISSING}`,
    ],
    [
      { op: 'copy', path: '/x/y', from: '/a' },
      `copy operation does not apply: doc is missing destination path: /x/y: ${MISSING}`,
    ],
    [{ op: 'foo', path: '/a' }, 'Unexpected kind: foo'],
    [{ path: '/a' }, 'Unexpected kind: unknown'],
  ]
  it.each(WORDS)('says as upstream’s library why %j cannot be done', (operation, message) => {
    expect(() => applyJsonPatch({ a: 1, l: [1] }, [operation])).toThrow(new JsonPatchError(message))
  })

  it('looks at no letters before the first slash', () => {
    expect(applyJsonPatch({ a: 1 }, [{ op: 'replace', path: 'zzz/a', value: 2 }])).toEqual({ a: 2 })
  })

  it('leaves the document as it was', () => {
    const document = Object.freeze({ a: Object.freeze([1]) })
    expect(applyJsonPatch(document, [{ op: 'add', path: '/a/0', value: 0 }])).toEqual({ a: [0, 1] })
    expect(document).toEqual({ a: [1] })
  })
})

describe('JSON merge patch (RFC 7386)', () => {
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: 'foo' }, { a: { b: { c: null } } }, { a: { b: {} } }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  ])('%j with %j is %j', (target, patch, expected) => {
    expect(applyMergePatch(target, patch)).toEqual(expected)
  })

  it('does the same twice as once', () => {
    fc.assert(
      fc.property(jsonObject, jsonObject, (target, patch) => {
        const once = applyMergePatch(target, patch)
        expect(applyMergePatch(once, patch)).toEqual(once)
      }),
    )
  })
})

describe('strategic merge patch', () => {
  const service = types.ofKind('v1', 'Service')
  const deployment = types.ofKind('apps/v1', 'Deployment')
  const pod = types.ofKind('v1', 'Pod')
  const template = (spec: unknown): unknown => ({ spec: { template: { spec } } })

  it.each([
    [
      'merges a list by its key, new items before those only the server has',
      deployment,
      template({ containers: [{ name: 'a', image: 'x' }, { name: 'b' }] }),
      template({ containers: [{ name: 'c' }, { name: 'a', image: 'y' }] }),
      template({ containers: [{ name: 'c' }, { name: 'a', image: 'y' }, { name: 'b' }] }),
    ],
    [
      'deletes an item',
      deployment,
      template({ containers: [{ name: 'a' }, { name: 'b' }] }),
      template({ containers: [{ name: 'a', $patch: 'delete' }] }),
      template({ containers: [{ name: 'b' }] }),
    ],
    [
      'replaces a list on request',
      deployment,
      template({ containers: [{ name: 'a' }, { name: 'b' }] }),
      template({ containers: [{ name: 'c' }, { $patch: 'replace' }] }),
      template({ containers: [{ name: 'c' }] }),
    ],
    [
      'replaces a map on request',
      deployment,
      { metadata: { labels: { a: '1', b: '2' } } },
      { metadata: { labels: { c: '3', $patch: 'replace' } } },
      { metadata: { labels: { c: '3' } } },
    ],
    [
      'puts items in the order asked for, those of the server at their place',
      pod,
      { spec: { containers: [{ name: 'sidecar' }, { name: 'a' }, { name: 'b' }] } },
      {
        spec: {
          $setElementOrder: undefined,
          '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
          containers: [{ name: 'a', image: 'y' }],
        },
      },
      { spec: { containers: [{ name: 'sidecar' }, { name: 'b' }, { name: 'a', image: 'y' }] } },
    ],
    [
      'keeps only the keys named',
      deployment,
      { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } },
      { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
      { spec: { strategy: { type: 'Recreate' } } },
    ],
    [
      'adds to and takes from lists of scalars',
      pod,
      { metadata: { finalizers: ['a', 'b'] } },
      { metadata: { finalizers: ['c'], '$deleteFromPrimitiveList/finalizers': ['a'] } },
      { metadata: { finalizers: ['c', 'b'] } },
    ],
    [
      'replaces lists without a strategy',
      pod,
      { spec: { tolerations: [{ key: 'a' }] } },
      { spec: { tolerations: [{ key: 'b' }] } },
      { spec: { tolerations: [{ key: 'b' }] } },
    ],
    [
      'merges Service ports by number alone, as upstream does',
      service,
      { spec: { ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] } },
      { spec: { ports: [{ name: 'dns-tcp', port: 53, protocol: 'TCP' }] } },
      { spec: { ports: [{ name: 'dns-tcp', port: 53, protocol: 'TCP' }] } },
    ],
    [
      'removes with null',
      service,
      { spec: { selector: { a: '1' }, type: 'NodePort' } },
      { spec: { selector: null } },
      { spec: { type: 'NodePort' } },
    ],
  ])('%s', (_, type, original, patch, expected) => {
    expect(applyStrategicMergePatch(original, patch, type)).toEqual(expected)
  })

  it('refuses an item without its merge key', () => {
    expect(() =>
      applyStrategicMergePatch({}, template({ containers: [{ image: 'x' }] }), deployment),
    ).toThrow('map: map[image:x] does not contain declared merge key: name')
  })

  it('is a merge patch where nothing is known of the type', () => {
    fc.assert(
      fc.property(jsonObject, jsonObject, (target, patch) => {
        const merged = applyStrategicMergePatch(target, patch, LEAF)
        expect(merged).toEqual(applyMergePatch(target, patch))
      }),
    )
  })

  it('does the same twice as once', () => {
    const container = fc.record(
      { name: fc.constantFrom('a', 'b', 'c', 'd'), image: fc.constantFrom('x', 'y') },
      { requiredKeys: ['name'] },
    )
    const containers = fc.uniqueArray(container, { selector: (item) => item.name })
    fc.assert(
      fc.property(containers, containers, (before, patch) => {
        const once = applyStrategicMergePatch(
          { spec: { containers: before } },
          { spec: { containers: patch } },
          pod,
        )
        const twice = applyStrategicMergePatch(once, { spec: { containers: patch } }, pod)
        expect(twice).toEqual(once)
      }),
    )
  })
})

it('equalJson agrees with comparing sorted text', () => {
  const sortedText = (value: unknown): string =>
    JSON.stringify(value, (_, inner: unknown) =>
      isObject(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    )
  fc.assert(
    fc.property(json, json, (a, b) => {
      expect(equalJson(a, b)).toBe(sortedText(a) === sortedText(b))
      expect(equalJson(a, structuredClone(a))).toBe(true)
    }),
  )
})
