/** Protobuf bodies as Go writes them: zero values dropped, presence kept, irregular types in their JSON form. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeProtobuf, goDuration } from './protobuf.ts'
import { WireFormatError, bytesField, readFields, varintField } from './wire-format.ts'

/** Envelope and object, as kubernetes/apimachinery's serializer writes them. */
function body(apiVersion: string, kind: string, ...object: readonly Uint8Array[]): Uint8Array {
  const typeMeta = [bytesField(1, apiVersion), bytesField(2, kind)]
  const envelope = [bytesField(1, typeMeta), bytesField(2, object), bytesField(3, ''), bytesField(4, '')]
  return Buffer.concat([Buffer.from('6b387300', 'hex'), ...envelope])
}

/** ObjectMeta with the empty strings and zero creationTimestamp that Go always writes */
const metadata = bytesField(1, [
  bytesField(1, 'web'),
  bytesField(2, ''),
  bytesField(3, 'ns1'),
  bytesField(4, ''),
  bytesField(5, ''),
  bytesField(6, ''),
  varintField(7, 0),
  bytesField(8, []),
  bytesField(11, [bytesField(1, 'app'), bytesField(2, 'web')]),
  bytesField(11, [bytesField(1, 'empty'), bytesField(2, '')]),
])
const META = { name: 'web', namespace: 'ns1', labels: { app: 'web', empty: '' } }

describe('decodeProtobuf', () => {
  it('keeps a pointer that points to zero, drops zero values', () => {
    const spec = bytesField(2, [varintField(1, 0), varintField(5, 0), varintField(7, 0)])
    expect(decodeProtobuf(body('apps/v1', 'Deployment', metadata, spec))).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: META,
      spec: { replicas: 0 },
    })
  })

  it('knows numbers from names in targetPort', () => {
    const port = (target: readonly Uint8Array[]) => bytesField(1, [varintField(3, 80), bytesField(4, target)])
    const spec = bytesField(2, [
      port([varintField(1, 0), varintField(2, 8080), bytesField(3, '')]),
      port([varintField(1, 1), varintField(2, 0), bytesField(3, 'http')]),
      bytesField(2, [bytesField(1, 'app'), bytesField(2, 'web')]),
    ])
    expect(decodeProtobuf(body('v1', 'Service', metadata, spec))['spec']).toEqual({
      ports: [
        { port: 80, targetPort: 8080 },
        { port: 80, targetPort: 'http' },
      ],
      selector: { app: 'web' },
    })
  })

  it('writes schemas in schemas as JSON does', () => {
    const text = [varintField(2, 0), bytesField(5, 'string')]
    const list = [bytesField(5, 'array'), bytesField(24, [bytesField(1, text)])]
    const map = [bytesField(5, 'object'), bytesField(30, [varintField(1, 1), bytesField(2, text)])]
    const open = [bytesField(5, 'object'), bytesField(30, [varintField(1, 1)])]
    const number = [
      bytesField(5, 'integer'),
      bytesField(8, [bytesField(1, '1')]),
      bytesField(20, [bytesField(1, '1')]),
    ]
    const member = (name: string, schema: readonly Uint8Array[]): Uint8Array =>
      bytesField(29, [bytesField(1, name), bytesField(2, schema)])
    const members = [member('list', list), member('map', map), member('open', open), member('n', number)]
    const schema = bytesField(4, [bytesField(1, [bytesField(5, 'object'), ...members])])
    const version = bytesField(7, [bytesField(1, 'v1'), varintField(2, 1), varintField(3, 1), schema])
    const crd = body(
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      metadata,
      bytesField(2, [version]),
    )
    const spec = decodeProtobuf(crd)['spec'] as { readonly versions: readonly unknown[] }
    expect(spec.versions[0]).toMatchObject({
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: {
            list: { type: 'array', items: { type: 'string' } },
            map: { type: 'object', additionalProperties: { type: 'string' } },
            open: { type: 'object', additionalProperties: true },
            n: { type: 'integer', default: 1, enum: [1] },
          },
        },
      },
    })
  })

  it('merges inline members, encodes bytes, prints times', () => {
    const secretKey = [
      bytesField(1, [bytesField(1, 'credentials')]),
      bytesField(2, 'password'),
      varintField(3, 1),
    ]
    const env = bytesField(7, [bytesField(1, 'PASSWORD'), bytesField(3, [bytesField(4, secretKey)])])
    const container = bytesField(2, [bytesField(1, 'c'), env])
    const pod = decodeProtobuf(body('v1', 'Pod', metadata, bytesField(2, [container])))
    expect(pod['spec']).toEqual({
      containers: [
        {
          name: 'c',
          env: [
            {
              name: 'PASSWORD',
              valueFrom: { secretKeyRef: { name: 'credentials', key: 'password', optional: true } },
            },
          ],
        },
      ],
    })
    const secret = body(
      'v1',
      'Secret',
      bytesField(2, [bytesField(1, 'k'), bytesField(2, Buffer.from([1, 2]))]),
    )
    expect(decodeProtobuf(secret)['data']).toEqual({ k: 'AQI=' })
    const lease = bytesField(2, [bytesField(4, [varintField(1, 1_767_225_600), varintField(2, 5_000_000)])])
    expect(decodeProtobuf(body('coordination.k8s.io/v1', 'Lease', lease))['spec']).toEqual({
      renewTime: '2026-01-01T00:00:00.005000Z',
    })
  })

  it('takes the kind of the URL where the envelope names none', () => {
    const options = body('', '', bytesField(4, 'Background'))
    expect(decodeProtobuf(options, { apiVersion: 'v1', kind: 'DeleteOptions' })).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
    })
  })

  it('refuses other bytes, unknown kinds and endless nesting with one kind of error', () => {
    expect(() => decodeProtobuf(Buffer.from('{}'))).toThrow(WireFormatError)
    expect(() => decodeProtobuf(body('v1', 'Nope'))).toThrow('no kind "Nope" is registered for version "v1"')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        try {
          decodeProtobuf(body('v1', 'Pod', noise))
        } catch (error) {
          expect(error).toBeInstanceOf(WireFormatError)
        }
      }),
    )
  })
})

describe('the wire format', () => {
  it('comes back', () => {
    const value = fc.oneof(fc.nat(), fc.maxSafeNat())
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 1000 }), value)), (pairs) => {
        const bytes = Buffer.concat(pairs.map(([number, each]) => varintField(number, each)))
        const back = readFields(bytes).map((field) => [field.number, Number(field.value)])
        expect(back).toEqual(pairs)
      }),
    )
  })
})

describe('goDuration', () => {
  const rows: readonly [bigint, string][] = [
    [0n, '0s'],
    [15n, '15ns'],
    [1_500n, '1.5µs'],
    [2_000_000n, '2ms'],
    [30_000_000_000n, '30s'],
    [90_500_000_000n, '1m30.5s'],
    [3_600_000_000_000n, '1h0m0s'],
    [-5_000_000_000n, '-5s'],
  ]
  for (const [nanoseconds, expected] of rows) {
    it(expected, () => expect(goDuration(nanoseconds)).toBe(expected))
  }
})
