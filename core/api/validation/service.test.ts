import { describe, expect, it } from 'vitest'
import { defaulted, faultsOf, statusFaultsOf, updateFaultsOf } from '../../../test/support/kind-rules.ts'
import { SERVICES } from '../scheme.ts'
import { prepareServiceUpdate } from '../service-transitions.ts'

const DNS_LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end " +
  "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

const service = (spec: object, metadata: object = {}): object => ({
  metadata,
  spec: { ports: [{ port: 80 }], ...spec },
})
const withIP = { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'] }

describe('a new Service', () => {
  it.each<[string, object, readonly string[]]>([
    ['is right', service({}), []],
    ['is right headless and without ports', { spec: { clusterIP: 'None', clusterIPs: ['None'] } }, []],
    [
      'has a name that begins with a digit',
      service({}, { name: '1x' }),
      [
        'metadata.name: Invalid value: "1x": a DNS-1035 label must consist of lower case alphanumeric characters ' +
          "or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  " +
          "or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
      ],
    ],
    ['has no ports', { spec: {} }, ['spec.ports: Required value']],
    [
      'has port 0',
      service({ ports: [{ port: 0, targetPort: 80 }] }),
      ['spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive'],
    ],
    [
      'has ports without names',
      service({ ports: [{ port: 1 }, { port: 2 }] }),
      ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value'],
    ],
    [
      'has a port name twice',
      service({
        ports: [
          { port: 1, name: 'a' },
          { port: 2, name: 'a' },
        ],
      }),
      ['spec.ports[1].name: Duplicate value: "a"'],
    ],
    [
      'has a bad port name',
      service({ ports: [{ port: 1, name: 'A' }] }),
      [`spec.ports[0].name: Invalid value: "A": ${DNS_LABEL}`],
    ],
    [
      'has an unknown protocol',
      service({ ports: [{ port: 1, protocol: 'tcp' }] }),
      ['spec.ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"'],
    ],
    [
      'has a bad target port name',
      service({ ports: [{ port: 1, targetPort: '8-' }] }),
      [
        'spec.ports[0].targetPort: Invalid value: "8-": must contain at least one letter (a-z)',
        'spec.ports[0].targetPort: Invalid value: "8-": must not begin or end with a hyphen',
      ],
    ],
    [
      'has a port twice',
      service({
        ports: [
          { port: 1, name: 'a' },
          { port: 1, name: 'b' },
        ],
      }),
      [
        'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,"TargetPort":0,"NodePort":0}',
      ],
    ],
    [
      'has a node port twice',
      service({
        type: 'NodePort',
        ports: [
          { port: 1, name: 'a', nodePort: 30001 },
          { port: 2, name: 'b', nodePort: 30001 },
        ],
      }),
      ['spec.ports[1].nodePort: Duplicate value: 30001'],
    ],
    [
      'has a node port but no such type',
      service({ ports: [{ port: 1, nodePort: 30001 }] }),
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      'has an unknown type',
      service({ type: 'Foo' }),
      [
        'spec.type: Unsupported value: "Foo": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
      ],
    ],
    [
      'is headless and a NodePort',
      service({ type: 'NodePort', clusterIP: 'None', clusterIPs: ['None'] }),
      [`spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for NodePort services`],
    ],
    [
      'is headless and a LoadBalancer',
      service({ type: 'LoadBalancer', clusterIP: 'None', clusterIPs: ['None'] }),
      [`spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for LoadBalancer services`],
    ],
    ['is external without a name', { spec: { type: 'ExternalName' } }, ['spec.externalName: Required value']],
    [
      'is external with a fully qualified name',
      {
        spec: { type: 'ExternalName', externalName: 'example.org.' },
      },
      [],
    ],
    [
      'is external with addresses',
      {
        spec: {
          type: 'ExternalName',
          externalName: 'example.org',
          ...withIP,
          ipFamilies: ['IPv4'],
          ipFamilyPolicy: 'SingleStack',
        },
      },
      [
        'spec.clusterIPs: Forbidden: may not be set for ExternalName services',
        'spec.ipFamilies: Forbidden: may not be set for ExternalName services',
        'spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services',
      ],
    ],
    [
      'has an unknown affinity',
      service({ sessionAffinity: 'X' }),
      ['spec.sessionAffinity: Unsupported value: "X": supported values: "ClientIP", "None"'],
    ],
    [
      'sticks for too long',
      service({
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 86401 } },
      }),
      [
        'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
      ],
    ],
    [
      'has an external address that is none',
      service({ externalIPs: ['x'] }),
      [
        'spec.externalIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ],
    ],
    [
      'has special external addresses',
      service({
        externalIPs: ['0.0.0.0', '127.0.0.1', '169.254.1.1', '224.0.0.1', '192.0.2.1'],
      }),
      [
        'spec.externalIPs[0]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
        'spec.externalIPs[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
        'spec.externalIPs[2]: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
        'spec.externalIPs[3]: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
      ],
    ],
    [
      'has source ranges but no such type',
      service({ loadBalancerSourceRanges: ['192.0.2.0/24'] }),
      ["spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'"],
    ],
    [
      'has a bad source range, and one with spaces',
      service({
        type: 'LoadBalancer',
        loadBalancerSourceRanges: ['192.0.2.0', ' 192.0.2.0/24 '],
      }),
      [
        'spec.LoadBalancerSourceRanges[0]: Invalid value: "192.0.2.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ],
    ],
    [
      'has bad source ranges in an annotation',
      service(
        { type: 'LoadBalancer' },
        {
          annotations: { 'service.beta.kubernetes.io/load-balancer-source-ranges': '192.0.2.0/24, x' },
        },
      ),
      [
        'metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ],
    ],
    [
      'has a class and more but no such type',
      service({
        allocateLoadBalancerNodePorts: true,
        loadBalancerClass: 'example.org/a',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 30000,
      }),
      [
        "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
        "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
        'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
        "spec.healthCheckNodePort: Invalid value: 30000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ],
    ],
    [
      'has unknown policies',
      service({
        type: 'NodePort',
        externalTrafficPolicy: 'X',
        internalTrafficPolicy: 'Y',
        trafficDistribution: 'Z',
      }),
      [
        'spec.externalTrafficPolicy: Unsupported value: "X": supported values: "Cluster", "Local"',
        'spec.internalTrafficPolicy: Unsupported value: "Y": supported values: "Cluster", "Local"',
        'spec.trafficDistribution: Unsupported value: "Z": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
      ],
    ],
    [
      'says two things of topology',
      service(
        {},
        {
          annotations: {
            'service.kubernetes.io/topology-mode': 'Auto',
            'service.kubernetes.io/topology-aware-hints': 'Disabled',
          },
        },
      ),
      [
        'metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "Auto": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified',
      ],
    ],
    [
      'has addresses that disagree',
      service({ clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.8'] }),
      ['spec.clusterIPs: Invalid value: ["10.96.0.8"]: first value must match `clusterIP`'],
    ],
    [
      'has only the list of addresses',
      service({ clusterIPs: ['10.96.0.8'] }),
      ['spec.clusterIPs: Invalid value: ["10.96.0.8"]: must be empty when `clusterIP` is not specified'],
    ],
    [
      'has None among addresses',
      service({ clusterIP: 'None', clusterIPs: ['None', '10.96.0.8'] }),
      [`spec.clusterIPs: Invalid value: ["None","10.96.0.8"]: 'None' must be the first and only value`],
    ],
    [
      'has two addresses of a family',
      service({ clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7', '10.96.0.8'] }),
      [
        'spec.clusterIPs: Invalid value: ["10.96.0.7","10.96.0.8"]: may specify no more than one IP for each IP family',
      ],
    ],
    [
      'has an address of another family than it says',
      service({ ...withIP, ipFamilies: ['IPv6'] }),
      [
        'spec.clusterIPs[0]: Invalid value: "10.96.0.7": expected an IPv6 value as indicated by `ipFamilies[0]`',
      ],
    ],
    [
      'has bad families',
      service({ ipFamilies: ['IPv4', 'IPv4', 'x'], ipFamilyPolicy: 'y' }),
      [
        'spec.ipFamilies[1]: Duplicate value: "IPv4"',
        'spec.ipFamilies[2]: Unsupported value: "x": supported values: "IPv4", "IPv6"',
        'spec.ipFamilyPolicy: Unsupported value: "y": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
      ],
    ],
    [
      'two families without a policy',
      service({ ipFamilies: ['IPv4', 'IPv6'], ports: [] }),
      [
        `spec.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified`,
      ],
    ],
    [
      'two families without a policy, headless and without a selector',
      service({ clusterIP: 'None', clusterIPs: ['None'], selector: {}, ipFamilies: ['IPv4', 'IPv6'] }),
      [],
    ],
  ])('%s', (_name, body, expected) => expect(faultsOf(SERVICES, body)).toEqual(expected))
})

describe('a changed Service', () => {
  const dual = { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7', 'fd00::7'] }
  it.each<[string, object, object, readonly string[]]>([
    ['may leave its address out', service({}), service(withIP), []],
    [
      'may not have another address',
      service({ clusterIP: '10.96.0.8', clusterIPs: ['10.96.0.8'] }),
      service(withIP),
      ['spec.clusterIPs[0]: Invalid value: ["10.96.0.8"]: may not change once set'],
    ],
    [
      'may not become headless',
      service({ clusterIP: 'None', clusterIPs: ['None'] }),
      service(withIP),
      ['spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set'],
    ],
    [
      'may have any address after ExternalName',
      service(withIP),
      {
        spec: { type: 'ExternalName', externalName: 'example.org' },
      },
      [],
    ],
    [
      'may not lose its second address just so',
      service({ ...withIP, ipFamilyPolicy: 'PreferDualStack' }),
      service(dual),
      [
        `spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be 'SingleStack' to release the secondary cluster IP`,
      ],
    ],
    [
      'may not lose its second family just so',
      service({ ...dual, ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4'] }),
      service({ ...dual, ipFamilies: ['IPv4', 'IPv6'] }),
      [
        `spec.ipFamilyPolicy: Invalid value: "RequireDualStack": must be 'SingleStack' to release the secondary IP family`,
      ],
    ],
    [
      'may not have a second family with its old policy',
      service({ ...withIP, ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4', 'IPv6'] }),
      service({ ...withIP, ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'] }),
      [
        `spec.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified`,
      ],
    ],
    [
      'loses its second address with the policy',
      service({ ...dual, ipFamilyPolicy: 'SingleStack' }),
      service({
        ...dual,
        ipFamilyPolicy: 'PreferDualStack',
      }),
      [],
    ],
    [
      'may not change its first family',
      service({ ...withIP, ipFamilies: ['IPv6'] }),
      service({
        ...withIP,
        ipFamilies: ['IPv4'],
      }),
      [
        'spec.clusterIPs[0]: Invalid value: "10.96.0.7": expected an IPv6 value as indicated by `ipFamilies[0]`',
      ],
    ],
    [
      'may not change its class',
      service({ ...withIP, type: 'LoadBalancer', loadBalancerClass: 'a/b' }),
      service({
        ...withIP,
        type: 'LoadBalancer',
      }),
      ['spec.loadBalancerClass: Invalid value: "a/b": may not change once set'],
    ],
    [
      'may not change its health check port',
      service({
        ...withIP,
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 30001,
      }),
      service({
        ...withIP,
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 30000,
      }),
      ['spec.healthCheckNodePort: Forbidden: field is immutable'],
    ],
  ])('%s', (_name, body, old, expected) => expect(updateFaultsOf(SERVICES, body, old)).toEqual(expected))
})

describe('a change of type', () => {
  const balanced = defaulted(
    SERVICES,
    service({
      ...withIP,
      type: 'LoadBalancer',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 30100,
      loadBalancerClass: 'example.org/a',
      ports: [{ port: 80, nodePort: 30080 }],
    }),
  )
  const changed = (spec: object) => {
    const wanted = defaulted(SERVICES, { ...balanced, spec: { ...balanced.spec, ...spec } })
    return prepareServiceUpdate(wanted, balanced).spec
  }

  it('to ClusterIP drops what only load balancers have', () => {
    expect(changed({ type: 'ClusterIP' })).toEqual({
      ...withIP,
      type: 'ClusterIP',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    })
  })

  it('to ExternalName drops addresses too', () => {
    expect(changed({ type: 'ExternalName', externalName: 'example.org' })).toEqual({
      type: 'ExternalName',
      externalName: 'example.org',
      sessionAffinity: 'None',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    })
  })

  it('keeps what the client asks for, to be refused', () => {
    const { ports, healthCheckNodePort } = changed({
      type: 'ClusterIP',
      healthCheckNodePort: 30101,
      ports: [{ port: 80, nodePort: 30081 }],
    })
    expect(ports?.[0]?.nodePort).toBe(30081)
    expect(healthCheckNodePort).toBe(30101)
  })

  // as kube-apiserver 1.34 does it
  it.each<[string, object, readonly (number | undefined)[]]>([
    [
      'stays with the name',
      { ports: [{ port: 81 }, { port: 80, name: 'b', nodePort: 30081 }] },
      [30080, 30081],
    ],
    ['does not stay with the number', { ports: [{ port: 80, name: 'a' }] }, [undefined]],
    [
      'goes to who asks for it',
      { ports: [{ port: 80 }, { port: 81, name: 'b', nodePort: 30080 }] },
      [undefined, 30080],
    ],
    [
      'is not given to a load balancer that wants none',
      { allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }] },
      [undefined],
    ],
    [
      'stays with a load balancer that wants none, when it is asked for',
      { allocateLoadBalancerNodePorts: false },
      [30080],
    ],
    [
      'is not dropped when another comes with it',
      {
        type: 'ClusterIP',
        ports: [
          { port: 80, nodePort: 30080 },
          { port: 81, name: 'b', nodePort: 30081 },
        ],
      },
      [30080, 30081],
    ],
  ])('a node port %s', (_what, spec, expected) => {
    expect(changed(spec).ports?.map(({ nodePort }) => nodePort)).toEqual(expected)
  })

  it('leaves no empty list of ports', () => {
    const { spec } = defaulted(SERVICES, service({ type: 'ExternalName', externalName: 'example.org' }))
    const { ports: _, ...rest } = spec
    expect(prepareServiceUpdate({ ...balanced, spec: rest }, balanced).spec).not.toHaveProperty('ports')
  })
})

describe('the status of a Service', () => {
  const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }, { hostname: '192.0.2.2' }] } }
  it.each([
    [
      'ClusterIP',
      ["status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"],
    ],
    [
      'LoadBalancer',
      [
        'status.loadBalancer.ingress[1].hostname: Invalid value: "192.0.2.2": must be a DNS name, not an IP address',
      ],
    ],
  ])('of type %s', (type, expected) => {
    const old = service({ type })
    expect(statusFaultsOf(SERVICES, { ...old, status }, old)).toEqual(expected)
  })
})
