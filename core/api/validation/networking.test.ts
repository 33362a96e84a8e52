import { describe, expect, it } from 'vitest'
import { faultsOf, statusFaultsOf, updateFaultsOf } from '../../../test/support/kind-rules.ts'
import { ENDPOINT_SLICES, ENDPOINTS, INGRESS_CLASSES, INGRESSES, NETWORK_POLICIES } from '../scheme.ts'

const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start " +
  "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const WILDCARD =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of " +
  "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', " +
  "regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

type Case = [string, object, readonly string[]]

describe('a new NetworkPolicy', () => {
  const policy = (spec: object): object => ({ spec })
  const from = (peer: object): object => policy({ ingress: [{ from: [peer] }] })
  const port = (one: object): object => policy({ egress: [{ ports: [one] }] })
  const at = 'spec.egress[0].ports[0]'
  const peer = 'spec.ingress[0].from[0]'
  it.each<Case>([
    ['is right when empty', policy({}), []],
    ['has no spec at all', {}, []],
    [
      'has three types',
      policy({ policyTypes: ['Ingress', 'Egress', 'Ingress'] }),
      [
        'spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes',
      ],
    ],
    ['has a type twice, which is right', policy({ policyTypes: ['Ingress', 'Ingress'] }), []],
    [
      'has an unknown type',
      policy({ policyTypes: ['ingress'] }),
      ['spec.policyTypes[0]: Unsupported value: "ingress": supported values: "Ingress", "Egress"'],
    ],
    ['has an empty peer', from({}), [`${peer}: Required value: must specify a peer`]],
    [
      'has a block and a selector',
      from({ podSelector: {}, ipBlock: { cidr: '192.0.2.0/24' } }),
      [`${peer}: Forbidden: may not specify both ipBlock and another peer`],
    ],
    ['has a block without CIDR', from({ ipBlock: {} }), [`${peer}.ipBlock.cidr: Required value`]],
    [
      'has a bad CIDR',
      from({ ipBlock: { cidr: '192.0.2.0/33' } }),
      [`${peer}.ipBlock.cidr: Invalid value: "192.0.2.0/33": ${CIDR}`],
    ],
    ['has host bits in a CIDR, which is right', from({ ipBlock: { cidr: '192.0.2.7/24' } }), []],
    [
      'has exceptions outside, equal, larger, of another family',
      from({
        ipBlock: {
          cidr: '192.0.2.0/24',
          except: ['198.51.100.0/25', '192.0.2.0/24', '192.0.0.0/16', '2001:db8::/64', 'x', '192.0.2.0/25'],
        },
      }),
      [
        `${peer}.ipBlock.except[0]: Invalid value: "198.51.100.0/25": must be a strict subset of \`cidr\``,
        `${peer}.ipBlock.except[1]: Invalid value: "192.0.2.0/24": must be a strict subset of \`cidr\``,
        `${peer}.ipBlock.except[2]: Invalid value: "192.0.0.0/16": must be a strict subset of \`cidr\``,
        `${peer}.ipBlock.except[3]: Invalid value: "2001:db8::/64": must be a strict subset of \`cidr\``,
        `${peer}.ipBlock.except[4]: Invalid value: "x": ${CIDR}`,
      ],
    ],
    [
      'has an unknown protocol',
      port({ protocol: 'tcp' }),
      [`${at}.protocol: Unsupported value: "tcp": supported values: "TCP", "UDP", "SCTP"`],
    ],
    [
      'has a port out of range',
      port({ port: 65536 }),
      [`${at}.port: Invalid value: 65536: must be between 1 and 65535, inclusive`],
    ],
    [
      'has a number as a name',
      port({ port: '80' }),
      [`${at}.port: Invalid value: "80": must contain at least one letter (a-z)`],
    ],
    [
      'ends before it begins',
      port({ port: 80, endPort: 79 }),
      [`${at}.endPort: Invalid value: 80: must be greater than or equal to \`port\``],
    ],
    [
      'ends without a beginning',
      port({ endPort: 79 }),
      [`${at}.endPort: Invalid value: 79: may not be specified when \`port\` is not specified`],
    ],
    [
      'ends after a name',
      port({ port: 'http', endPort: 79 }),
      [`${at}.endPort: Invalid value: 79: may not be specified when \`port\` is non-numeric`],
    ],
    [
      'has bad selectors',
      policy({
        podSelector: {
          matchExpressions: [
            { key: 'a', operator: 'In' },
            { key: 'a', operator: 'Exists', values: ['b'] },
            { key: 'a', operator: 'Is' },
            { key: 'a', operator: 'NotIn', values: ['b!'] },
          ],
        },
      }),
      [
        "spec.podSelector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        "spec.podSelector.matchExpressions[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        'spec.podSelector.matchExpressions[2].operator: Invalid value: "Is": not a valid selector operator',
        expect.stringContaining(
          'spec.podSelector.matchExpressions[3].values[0]: Invalid value: "b!": a valid label',
        ),
      ],
    ],
  ])('%s', (_name, body, expected) => expect(faultsOf(NETWORK_POLICIES, body)).toEqual(expected))

  it('may keep values that were let in before', () => {
    const old = policy({
      podSelector: { matchLabels: { a: 'b!' } },
      ingress: [{ from: [{ ipBlock: { cidr: 'legacy' } }] }],
    })
    const changed = policy({
      egress: [{ to: [{ ipBlock: { cidr: 'legacy' } }, { ipBlock: { cidr: 'new' } }] }],
    })
    expect(updateFaultsOf(NETWORK_POLICIES, changed, old)).toEqual([
      `spec.egress[0].to[1].ipBlock.cidr: Invalid value: "new": ${CIDR}`,
    ])
  })
})

describe('a new Ingress', () => {
  const backend = { service: { name: 'web', port: { number: 80 } } }
  const ofPath = (path: object): object => ({
    spec: { rules: [{ http: { paths: [{ backend, ...path }] } }] },
  })
  const ofBackend = (one: object): object => ({ spec: { defaultBackend: one } })
  const ofHost = (host: string): object => ({ spec: { defaultBackend: backend, rules: [{ host }] } })
  const at = 'spec.rules[0].http.paths[0]'
  it.each<Case>([
    ['is right', ofPath({ path: '/', pathType: 'Prefix' }), []],
    [
      'says nothing',
      { spec: {} },
      ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified'],
    ],
    [
      'has an address for a host',
      ofHost('192.0.2.1'),
      ['spec.rules[0].host: Invalid value: "192.0.2.1": must be a DNS name, not an IP address'],
    ],
    [
      'has a bad host',
      ofHost('Example.org:80'),
      [`spec.rules[0].host: Invalid value: "Example.org:80": ${SUBDOMAIN}`],
    ],
    ['has a bad wildcard', ofHost('a.*.org'), [`spec.rules[0].host: Invalid value: "a.*.org": ${WILDCARD}`]],
    ['has a wildcard, which is right', ofHost('*.example.org'), []],
    ['has no paths', { spec: { rules: [{ http: {} }] } }, ['spec.rules[0].http.paths: Required value']],
    [
      'has no path type',
      ofPath({ path: '/' }),
      [`${at}.pathType: Required value: pathType must be specified`],
    ],
    [
      'has an unknown path type',
      ofPath({ path: '/', pathType: 'prefix' }),
      [
        `${at}.pathType: Unsupported value: "prefix": supported values: "Exact", "ImplementationSpecific", "Prefix"`,
      ],
    ],
    [
      'has no path',
      ofPath({ pathType: 'Exact' }),
      [`${at}.path: Invalid value: "": must be an absolute path`],
    ],
    [
      'has an odd path',
      ofPath({ path: '//a/../%2f/..', pathType: 'Prefix' }),
      [
        `${at}.path: Invalid value: "//a/../%2f/..": must not contain '//'`,
        `${at}.path: Invalid value: "//a/../%2f/..": must not contain '/../'`,
        `${at}.path: Invalid value: "//a/../%2f/..": must not contain '%2f'`,
        `${at}.path: Invalid value: "//a/../%2f/..": cannot end with '/..'`,
      ],
    ],
    ['may be as odd as it likes', ofPath({ path: '/a(.*)//', pathType: 'ImplementationSpecific' }), []],
    [
      'has both backends',
      ofBackend({ ...backend, resource: { kind: 'a', name: 'b' } }),
      ['spec.defaultBackend: Invalid value: "": cannot set both resource and service backends'],
    ],
    [
      'has no backend',
      ofBackend({}),
      ['spec.defaultBackend: Invalid value: "": resource or service backend is required'],
    ],
    [
      'has no port',
      ofBackend({ service: { name: 'web' } }),
      ['spec.defaultBackend: Required value: port name or number is required'],
    ],
    [
      'has two ports',
      ofBackend({ service: { name: 'web', port: { name: 'a', number: 1 } } }),
      ['spec.defaultBackend: Invalid value: "": cannot set both port name & port number'],
    ],
    [
      'has a bad port',
      ofBackend({ service: { name: 'web', port: { number: 70000 } } }),
      [
        'spec.defaultBackend.service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive',
      ],
    ],
    [
      'has no service name',
      ofBackend({ service: { port: { number: 1 } } }),
      ['spec.defaultBackend.service.name: Required value'],
    ],
    [
      'has a bad reference',
      ofBackend({ resource: { kind: '', name: 'a/b' } }),
      [
        'spec.defaultBackend.resource.kind: Required value',
        `spec.defaultBackend.resource.name: Invalid value: "a/b": may not contain '/'`,
      ],
    ],
    [
      'has a bad secret and host',
      { spec: { defaultBackend: backend, tls: [{ hosts: ['A'], secretName: 'B' }] } },
      [
        `spec.tls[0].hosts[0]: Invalid value: "A": ${SUBDOMAIN}`,
        `spec.tls[0].secretName: Invalid value: "B": ${SUBDOMAIN}`,
      ],
    ],
    [
      'names two classes',
      {
        metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } },
        spec: { defaultBackend: backend, ingressClassName: 'b' },
      },
      [
        'annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are specified',
      ],
    ],
  ])('%s', (_name, body, expected) => expect(faultsOf(INGRESSES, body)).toEqual(expected))

  it('may name two classes once it is there', () => {
    const both = {
      metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } },
      spec: { defaultBackend: backend, ingressClassName: 'b' },
    }
    expect(updateFaultsOf(INGRESSES, both, both)).toEqual([])
  })

  it('has a status of addresses and names', () => {
    const old = ofBackend(backend)
    const status = {
      loadBalancer: { ingress: [{ ip: 'x' }, { hostname: '192.0.2.1' }, { hostname: 'a.b' }] },
    }
    expect(statusFaultsOf(INGRESSES, { ...old, status }, old)).toEqual([
      'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'status.loadBalancer.ingress[1].hostname: Invalid value: "192.0.2.1": must be a DNS name, not an IP address',
    ])
  })
})

describe('a new IngressClass', () => {
  const controller = 'example.org/a'
  const parameters = { kind: 'Settings', name: 'a' }
  it.each<Case>([
    ['is right', { spec: { controller, parameters } }, []],
    ['has no controller', { spec: {} }, ['spec.controller: Required value']],
    [
      'has a controller without domain',
      { spec: { controller: 'a' } },
      ['spec.controller: Invalid value: "a": must be a domain-prefixed path (such as "acme.io/foo")'],
    ],
    [
      'has too long a controller',
      { spec: { controller: `example.org/${'a'.repeat(250)}` } },
      ['spec.controller: Too long: may not be more than 250 bytes'],
    ],
    [
      'has empty parameters',
      { spec: { controller, parameters: {} } },
      ['spec.parameters.kind: Required value', 'spec.parameters.name: Required value'],
    ],
    [
      'has an unknown scope',
      { spec: { controller, parameters: { ...parameters, scope: 'X' } } },
      ['spec.parameters.scope: Unsupported value: "X": supported values: "Cluster", "Namespace"'],
    ],
    [
      'lacks a namespace',
      { spec: { controller, parameters: { ...parameters, scope: 'Namespace' } } },
      ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
    ],
    [
      'has a namespace too many',
      { spec: { controller, parameters: { ...parameters, namespace: 'a' } } },
      ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"],
    ],
    [
      'is in a namespace',
      { metadata: { namespace: 'ns' }, spec: { controller } },
      ['metadata.namespace: Forbidden: not allowed on this type'],
    ],
  ])('%s', (_name, body, expected) => expect(faultsOf(INGRESS_CLASSES, body)).toEqual(expected))

  it('keeps its controller', () => {
    const changed = { spec: { controller: 'example.org/b' } }
    expect(updateFaultsOf(INGRESS_CLASSES, changed, { spec: { controller } })).toEqual([
      'spec.controller: Invalid value: "example.org/b": field is immutable',
    ])
  })
})

describe('a new EndpointSlice', () => {
  const slice = (endpoints: object[], rest: object = {}): object => ({
    addressType: 'IPv4',
    endpoints,
    ...rest,
  })
  const ready = { addresses: ['192.0.2.1'] }
  it.each<Case>([
    ['is right when empty', slice([]), []],
    ['may have a loopback address', slice([{ addresses: ['127.0.0.2'] }]), []],
    ['has no address type', { endpoints: [] }, ['addressType: Required value']],
    [
      'has an unknown address type',
      { addressType: 'IP' },
      ['addressType: Unsupported value: "IP": supported values: "FQDN", "IPv4", "IPv6"'],
    ],
    [
      'has no address',
      slice([{}]),
      ['endpoints[0].addresses: Required value: must contain at least 1 address'],
    ],
    [
      'has addresses of other types',
      slice([{ addresses: ['2001:db8::1', 'a.b', '169.254.0.1'] }]),
      [
        'endpoints[0].addresses[0]: Invalid value: "2001:db8::1": must be an IPv4 address',
        'endpoints[0].addresses[1]: Invalid value: "a.b": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'endpoints[0].addresses[2]: Invalid value: "169.254.0.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
      ],
    ],
    [
      'has a short name',
      { addressType: 'FQDN', endpoints: [{ addresses: ['a', 'a.b.'] }] },
      [
        'endpoints[0].addresses[0]: Invalid value: "a": should be a domain with at least two segments separated by dots',
      ],
    ],
    [
      'has too many of all',
      slice([
        { addresses: Array.from({ length: 101 }, () => '192.0.2.1') },
        { ...ready, hints: { forZones: Array.from({ length: 9 }, () => ({ name: 'a' })) } },
        { ...ready, hints: { forNodes: [{ name: 'a' }, { name: 'a' }] } },
      ]),
      [
        'endpoints[0].addresses: Too many: 101: must have at most 100 items',
        'endpoints[1].hints.forZones: Too many: 9: must have at most 8 items',
        'endpoints[2].hints.forNodes[1].name: Duplicate value: "a"',
      ],
    ],
    [
      'has too many endpoints',
      slice(Array.from({ length: 1001 }, () => ready)),
      ['endpoints: Too many: 1001: must have at most 1000 items'],
    ],
    [
      'has ports of the same name',
      slice([ready], { ports: [{ port: 1 }, { port: 2, protocol: 'X' }] }),
      [
        'ports[1].name: Duplicate value: ""',
        'ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
      ],
    ],
  ])('%s', (_name, body, expected) => expect(faultsOf(ENDPOINT_SLICES, body)).toEqual(expected))

  it('keeps its address type', () => {
    expect(updateFaultsOf(ENDPOINT_SLICES, { addressType: 'IPv6' }, { addressType: 'IPv4' })).toEqual([
      'addressType: Invalid value: "IPv6": field is immutable',
    ])
  })
})

describe('new Endpoints', () => {
  it.each<Case>([
    ['are right', { subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 1 }] }] }, []],
    [
      'have an empty subset',
      { subsets: [{}] },
      ['subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`'],
    ],
    [
      'have bad addresses',
      { subsets: [{ addresses: [{ ip: 'x' }], notReadyAddresses: [{ ip: '0.0.0.0' }] }] },
      [
        'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address',
        'subsets[0].notReadyAddresses[0].ip: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
      ],
    ],
    [
      'have ports without names',
      {
        subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 1, name: 'a' }, { port: 0 }] }],
      },
      [
        'subsets[0].ports[1].name: Required value',
        'subsets[0].ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      ],
    ],
  ])('%s', (_name, body, expected) => expect(faultsOf(ENDPOINTS, body)).toEqual(expected))
})
