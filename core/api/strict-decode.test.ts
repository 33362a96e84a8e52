import { describe, expect, it } from 'vitest'
import { duplicateFields } from './json-duplicates.ts'
import type { ResourceInfo } from './resource.ts'
import { CONFIG_MAPS, DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS, PODS, SECRETS, SERVICES } from './scheme.ts'
import { strictDecode } from './strict-decode.ts'

const meta = { metadata: { name: 'x' } }
const noBalancer = { status: { loadBalancer: {} } }

describe('decoding', () => {
  it('keeps what the kind has, names what it has not', () => {
    const body = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'x', nmae: 'y' },
      spec: { ports: [{ port: 80, foo: 1 }], selector: { any: 'key' }, type: null, foo: {} },
      bar: [],
    }
    const { object, problems } = strictDecode(SERVICES, body)
    expect(object).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'x' },
      spec: { ports: [{ port: 80 }], selector: { any: 'key' } },
      status: { loadBalancer: {} },
    })
    expect(problems).toEqual([
      'unknown field "metadata.nmae"',
      'unknown field "spec.ports[0].foo"',
      'unknown field "spec.foo"',
      'unknown field "bar"',
    ])
  })

  it('keeps a list that is empty on purpose where one that is not given gets a default', () => {
    const behavior = { scaleUp: { policies: [] } }
    const body = { ...meta, spec: { maxReplicas: 1, scaleTargetRef: { kind: 'K', name: 'n' }, behavior } }
    expect(strictDecode(HORIZONTAL_POD_AUTOSCALERS, body).object).toMatchObject({ spec: { behavior } })
  })

  it.each<[string, ResourceInfo, object, object]>([
    [
      'empty lists and maps',
      CONFIG_MAPS,
      { data: {}, metadata: { name: 'x', labels: {} } },
      { metadata: { name: 'x' } },
    ],
    [
      'zeros that Go leaves out',
      PODS,
      {
        ...meta,
        spec: { containers: [], hostNetwork: false, nodeName: '', terminationGracePeriodSeconds: 0 },
      },
      { ...meta, spec: { terminationGracePeriodSeconds: 0 }, status: {} },
    ],
    ['null for a whole part', SERVICES, { ...meta, spec: null }, { ...meta, spec: {}, ...noBalancer }],
    [
      'a part that Go always has',
      DEPLOYMENTS,
      { ...meta, spec: {} },
      { ...meta, spec: { strategy: {}, template: { metadata: {}, spec: {} } }, status: {} },
    ],
    [
      'null in a list',
      PODS,
      { ...meta, spec: { containers: [null] } },
      { ...meta, spec: { containers: [{ name: '', resources: {} }] }, status: {} },
    ],
    [
      'quantities in their one spelling',
      PODS,
      {
        ...meta,
        spec: {
          containers: [{ name: 'a', resources: { limits: { cpu: 0.5, memory: '1024Mi', pods: '1e3' } } }],
        },
      },
      {
        ...meta,
        spec: {
          containers: [{ name: 'a', resources: { limits: { cpu: '500m', memory: '1Gi', pods: '1e3' } } }],
        },
        status: {},
      },
    ],
    [
      'numbers and names of ports',
      SERVICES,
      {
        ...meta,
        spec: {
          ports: [
            { port: 1, targetPort: 'http' },
            { port: 2, targetPort: 8080 },
          ],
        },
      },
      {
        ...meta,
        spec: {
          ports: [
            { port: 1, targetPort: 'http' },
            { port: 2, targetPort: 8080 },
          ],
        },
        ...noBalancer,
      },
    ],
    ['base64', SECRETS, { ...meta, data: { a: 'YQ==' } }, { ...meta, data: { a: 'YQ==' } }],
  ])('%s', (_name, resource, body, expected) => {
    expect(strictDecode(resource, body).object).toEqual(expected)
  })

  it.each<[string, ResourceInfo, object, string]>([
    [
      'text for a number',
      SERVICES,
      { spec: { ports: [{ port: '80' }] } },
      'Service in version "v1" cannot be handled as a Service: json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      'a number for text',
      DEPLOYMENTS,
      {
        spec: { template: { spec: { containers: [{ env: [{ name: 'a', value: 1 }] }] } } },
      },
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string',
    ],
    [
      'a boolean for text in a map',
      CONFIG_MAPS,
      { metadata: { annotations: { a: true } } },
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.annotations of type string',
    ],
    [
      'an object for a list',
      SERVICES,
      { spec: { ports: {} } },
      'Service in version "v1" cannot be handled as a Service: json: cannot unmarshal object into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort',
    ],
    [
      'a list for an object',
      PODS,
      { spec: [] },
      'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec',
    ],
    [
      'a number too large',
      SERVICES,
      { spec: { ports: [{ port: 3000000000 }] } },
      'Service in version "v1" cannot be handled as a Service: json: cannot unmarshal number 3000000000 into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      'half a port',
      SERVICES,
      { spec: { ports: [{ port: 1, targetPort: 1.5 }] } },
      'Service in version "v1" cannot be handled as a Service: json: cannot unmarshal number 1.5 into Go value of type int32',
    ],
    [
      'no quantity',
      PODS,
      { spec: { containers: [{ resources: { limits: { cpu: 'much' } } }] } },
      `Pod in version "v1" cannot be handled as a Pod: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
    ],
    [
      'no time',
      PODS,
      { metadata: { deletionTimestamp: 'now' } },
      'Pod in version "v1" cannot be handled as a Pod: parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"',
    ],
    [
      'no base64',
      SECRETS,
      { data: { a: '!' } },
      'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0',
    ],
    ...(
      [
        ['YQ=', 3],
        ['YQ==x', 4],
        ['YWJ_', 3],
        ['YWJjZ', 4],
        ['=', 0],
      ] as const
    ).map(([text, byte]): [string, ResourceInfo, object, string] => [
      `${text}, which is no base64`,
      SECRETS,
      { data: { a: text } },
      `Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte ${byte}`,
    ]),
    [
      'no object at all',
      PODS,
      [],
      'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal array into Go value of type v1.Pod',
    ],
  ])('refuses %s', (_name, resource, body, message) => {
    expect(() => strictDecode(resource, body)).toThrow(expect.objectContaining({ message, code: 400 }))
  })
})

describe('fields given twice', () => {
  it.each([
    ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}', []],
    ['{"a":1,"a":2}', ['duplicate field "a"']],
    [
      '{"spec":{"type":"A","ports":[{},{"port":1,"port":2}],"type":"B"}}',
      ['duplicate field "spec.ports[1].port"', 'duplicate field "spec.type"'],
    ],
    ['{"a":{"b":1},"a":{"b":1,"b":2}}', ['duplicate field "a"', 'duplicate field "a.b"']],
    ['{"a":"{\\"b\\":1,\\"b\\":2}, [","b":["a","a",":","b"]}', []],
    ['{"\\u0061":1,"a":2}', ['duplicate field "a"']],
    ['[[1,{"a":1,"a":1}]]', ['duplicate field "[0][1].a"']],
    ['"a"', []],
  ])('%s', (text, expected) => {
    JSON.parse(text)
    expect(duplicateFields(text)).toEqual(expected)
  })
})
