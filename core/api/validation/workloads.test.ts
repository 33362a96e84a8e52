import { describe, expect, it } from 'vitest'
import { faultsOf, statusFaultsOf, updateFaultsOf } from '../../../test/support/kind-rules.ts'
import { DEPLOYMENTS, PODS, REPLICA_SETS } from '../scheme.ts'

const web = { name: 'web', image: 'nginx' }
const pod = (spec: object): object => ({ spec: { containers: [web], ...spec } })
const withContainer = (container: object): object => ({ spec: { containers: [{ ...web, ...container }] } })
const at = 'spec.containers[0]'

type Case = [string, object, readonly string[]]

describe('a new Pod', () => {
  it.each<Case>([
    ['is right', pod({}), []],
    ['has no containers', { spec: {} }, ['spec.containers: Required value']],
    [
      'has nothing of a container',
      { spec: { containers: [{}] } },
      [`${at}.name: Required value`, `${at}.image: Required value`],
    ],
    [
      'has a dot in a name',
      withContainer({ name: 'a.b' }),
      [`${at}.name: Invalid value: "a.b": must not contain dots`],
    ],
    [
      'has an image with spaces',
      withContainer({ image: ' nginx' }),
      [`${at}.image: Invalid value: " nginx": must not have leading or trailing whitespace`],
    ],
    [
      'has a container name twice',
      { spec: { containers: [web, web], initContainers: [web] } },
      [
        'spec.containers[1].name: Duplicate value: "web"',
        'spec.initContainers[0].name: Duplicate value: "web"',
      ],
    ],
    [
      'has bad ports',
      withContainer({
        ports: [
          { name: 'a', containerPort: 0 },
          { name: 'a', containerPort: 70000, protocol: 'X' },
          { name: 'much-too-long-a-name', containerPort: 1, hostPort: 1 },
          { containerPort: 2, hostPort: 1 },
        ],
      }),
      [
        `${at}.ports[0].containerPort: Required value`,
        `${at}.ports[1].name: Duplicate value: "a"`,
        `${at}.ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive`,
        `${at}.ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"`,
        `${at}.ports[2].name: Invalid value: "much-too-long-a-name": must be no more than 15 characters`,
        `${at}.ports[3].hostPort: Duplicate value: "TCP//1"`,
      ],
    ],
    [
      'has bad variables',
      withContainer({
        env: [
          { value: 'x' },
          { name: 'a=b' },
          { name: 'c', value: 'd', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'e', valueFrom: {} },
          { name: 'f', valueFrom: { fieldRef: { fieldPath: 'spec.foo' } } },
          { name: 'g', valueFrom: { configMapKeyRef: { name: 'm' } } },
          { name: 'h', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a/b']" } } },
        ],
        envFrom: [{}],
      }),
      [
        `${at}.env[0].name: Required value`,
        `${at}.env[1].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '='`,
        `${at}.env[2].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`,
        `${at}.env[3].valueFrom: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\` or \`secretKeyRef\``,
        `${at}.env[4].valueFrom.fieldRef.fieldPath: Invalid value: "spec.foo": error converting fieldPath: field label not supported: spec.foo`,
        `${at}.env[5].valueFrom.configMapKeyRef.key: Required value`,
        `${at}.envFrom: Invalid value: "": must specify one of: \`configMapRef\` or \`secretRef\``,
      ],
    ],
    [
      'mounts what is not there',
      withContainer({ volumeMounts: [{ name: 'a', mountPath: '/a' }] }),
      [`${at}.volumeMounts[0].name: Not found: "a"`],
    ],
    [
      'mounts twice in a place',
      {
        spec: {
          volumes: [{ name: 'a' }],
          containers: [
            {
              ...web,
              volumeMounts: [
                { name: 'a', mountPath: '/a' },
                { name: 'a', mountPath: '/a', subPath: '../b' },
              ],
            },
          ],
        },
      },
      [
        `${at}.volumeMounts[1].mountPath: Invalid value: "/a": must be unique`,
        `${at}.volumeMounts.subPath: Invalid value: "../b": must not contain '..'`,
      ],
    ],
    [
      'has bad volumes',
      pod({
        volumes: [
          { name: 'a', emptyDir: {}, hostPath: { path: '/' } },
          { name: 'a', configMap: {} },
          { secret: { secretName: 's', defaultMode: 4096 } },
        ],
      }),
      [
        'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
        'spec.volumes[1].configMap.name: Required value',
        'spec.volumes[2].secret.defaultMode: Invalid value: 4096: must be a number between 0 and 0777 (octal), both inclusive',
        'spec.volumes[2].name: Required value',
      ],
    ],
    [
      'has bad probes',
      withContainer({
        livenessProbe: { periodSeconds: -1, httpGet: { port: 0 } },
        readinessProbe: { terminationGracePeriodSeconds: 1, exec: {}, tcpSocket: { port: 1 } },
        startupProbe: { successThreshold: 2 },
      }),
      [
        `${at}.livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive`,
        `${at}.livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0`,
        `${at}.readinessProbe.exec.command: Required value`,
        `${at}.readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`,
        `${at}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes`,
        `${at}.startupProbe: Required value: must specify a handler type`,
        `${at}.startupProbe.successThreshold: Invalid value: 2: must be 1`,
      ],
    ],
    [
      'probes what does not stay',
      pod({
        initContainers: [
          { name: 'a', image: 'b', readinessProbe: { tcpSocket: { port: 1 } } },
          { name: 'c', image: 'd', restartPolicy: 'Always', readinessProbe: { tcpSocket: { port: 1 } } },
        ],
      }),
      [
        'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
      ],
    ],
    [
      'has bad policies',
      {
        spec: {
          // What a container says of its own restarts is dropped.
          containers: [{ ...web, imagePullPolicy: 'x', restartPolicy: 'Always' }],
          restartPolicy: 'y',
          dnsPolicy: 'z',
        },
      },
      [
        `${at}.imagePullPolicy: Unsupported value: "x": supported values: "Always", "IfNotPresent", "Never"`,
        'spec.restartPolicy: Unsupported value: "y": supported values: "Always", "OnFailure", "Never"',
        'spec.dnsPolicy: Unsupported value: "z": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
      ],
    ],
    [
      'has no name servers',
      pod({ dnsPolicy: 'None', dnsConfig: {} }),
      [
        'spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
      ],
    ],
    [
      'asks for more than it may have',
      withContainer({
        resources: { limits: { cpu: '1', memory: '-1' }, requests: { cpu: '1500m', foo: '1' } },
      }),
      [
        `${at}.resources.limits[memory]: Invalid value: "-1": must be greater than or equal to 0`,
        `${at}.resources.requests: Invalid value: "1500m": must be less than or equal to cpu limit of 1`,
        // What is limited and not requested is requested.
        `${at}.resources.requests[memory]: Invalid value: "-1": must be greater than or equal to 0`,
        `${at}.resources.requests[foo]: Invalid value: "foo": must be a standard resource type or fully qualified`,
        `${at}.resources.requests[foo]: Invalid value: "foo": must be a standard resource for containers`,
      ],
    ],
    [
      'has other ports on the host network',
      pod({
        hostNetwork: true,
        containers: [{ ...web, ports: [{ containerPort: 80, hostPort: 81 }] }],
      }),
      [
        `${at}.ports[0].hostPort: Invalid value: 81: must match \`containerPort\` when \`hostNetwork\` is true`,
      ],
    ],
    [
      'has a bad host name and deadline',
      pod({ hostname: 'A', activeDeadlineSeconds: -1 }),
      [
        'spec.activeDeadlineSeconds: Invalid value: -1: must be between 1 and 2147483647, inclusive',
        expect.stringContaining('spec.hostname: Invalid value: "A": a lowercase RFC 1123 label'),
      ],
    ],
    [
      'has bad labels and annotations',
      {
        ...pod({}),
        metadata: { labels: { '-a': 'b', c: 'd!' }, annotations: { UPPER: 'x', 'a/b/c': 'y' } },
      },
      [
        expect.stringContaining('metadata.labels: Invalid value: "-a": name part must consist of'),
        expect.stringContaining('metadata.labels: Invalid value: "d!": a valid label must be'),
        expect.stringContaining(
          'metadata.annotations: Invalid value: "a/b/c": a qualified name must consist',
        ),
      ],
    ],
    [
      'has two controllers and a bad owner',
      {
        ...pod({}),
        metadata: {
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'a', uid: '1', controller: true },
            { apiVersion: 'apps/', kind: 'ReplicaSet', name: 'b', uid: '', controller: true },
          ],
        },
      },
      [
        'metadata.ownerReferences.apiVersion: Invalid value: "apps/": version must not be empty',
        'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
        expect.stringMatching(
          /^metadata.ownerReferences: Invalid value: \[.*\]: Only one reference can have Controller set to true. Found "true" in references for ReplicaSet\/a and ReplicaSet\/b$/,
        ),
      ],
    ],
    [
      'has too much in annotations',
      { ...pod({}), metadata: { annotations: { a: 'x'.repeat(262144) } } },
      ['metadata.annotations: Too long: may not be more than 262144 bytes'],
    ],
    [
      'has no name',
      { ...pod({}), metadata: { name: '' } },
      ['metadata.name: Required value: name or generateName is required'],
    ],
  ])('%s', (_name, body, expected) => expect(faultsOf(PODS, body)).toEqual(expected))
})

describe('a changed Pod', () => {
  const immutable =
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,' +
    '`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing ' +
    'tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'
  const toleration = { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 }
  it.each<[string, object, object, readonly string[]]>([
    ['may have another image', withContainer({ image: 'httpd:1', imagePullPolicy: 'Always' }), pod({}), []],
    ['may not move', pod({ nodeName: 'a' }), pod({}), [immutable]],
    ['may not have another command', withContainer({ command: ['x'] }), pod({}), [immutable]],
    [
      'may not have more containers',
      pod({ containers: [web, { name: 'b', image: 'c' }] }),
      pod({}),
      ['spec.containers: Forbidden: pod updates may not add or remove containers'],
    ],
    ['may tolerate more', pod({ tolerations: [toleration] }), pod({}), []],
    [
      'may not tolerate less',
      pod({}),
      pod({ tolerations: [toleration] }),
      ['spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds'],
    ],
    [
      'may tolerate for longer',
      pod({ tolerations: [{ ...toleration, tolerationSeconds: 2 }] }),
      pod({
        tolerations: [toleration],
      }),
      [],
    ],
    ['may end sooner', pod({ activeDeadlineSeconds: 5 }), pod({ activeDeadlineSeconds: 6 }), []],
    [
      'may not end later',
      pod({ activeDeadlineSeconds: 7 }),
      pod({ activeDeadlineSeconds: 6 }),
      ['spec.activeDeadlineSeconds: Invalid value: 7: must be less than or equal to previous value'],
    ],
  ])('%s', (_name, body, old, expected) => expect(updateFaultsOf(PODS, body, old)).toEqual(expected))
})

describe('a new Deployment', () => {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [web] } }
  const selector = { matchLabels: { app: 'web' } }
  const deployment = (spec: object): object => ({ spec: { selector, template, ...spec } })
  it.each<Case>([
    ['is right', deployment({}), []],
    [
      'has no selector',
      { spec: { template } },
      [
        'spec.selector: Required value',
        'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'chooses all',
      { spec: { selector: {}, template } },
      ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
    ],
    [
      'chooses others',
      deployment({ selector: { matchLabels: { app: 'db' } } }),
      [
        'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'has nothing to make',
      { spec: { selector } },
      [
        'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
        'spec.template.spec.containers: Required value',
      ],
    ],
    [
      'restarts never',
      deployment({ template: { ...template, spec: { containers: [web], restartPolicy: 'Never' } } }),
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
    [
      'has negative counts',
      deployment({ replicas: -1, minReadySeconds: -2, revisionHistoryLimit: -3 }),
      [
        'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
        'spec.minReadySeconds: Invalid value: -2: must be greater than or equal to 0',
        'spec.revisionHistoryLimit: Invalid value: -3: must be greater than or equal to 0',
      ],
    ],
    [
      'is impatient',
      deployment({ minReadySeconds: 10, progressDeadlineSeconds: 10 }),
      ['spec.progressDeadlineSeconds: Invalid value: 10: must be greater than minReadySeconds'],
    ],
    [
      'has an unknown strategy',
      deployment({ strategy: { type: 'X' } }),
      [
        'spec.strategy: Unsupported value: {"Type":"X","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"',
      ],
    ],
    [
      'rolls and recreates',
      deployment({ strategy: { type: 'Recreate', rollingUpdate: {} } }),
      ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
    ],
    [
      'cannot roll',
      deployment({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } }),
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0'],
    ],
    [
      'rolls by what is no amount',
      deployment({ strategy: { rollingUpdate: { maxSurge: 'x' } } }),
      [
        "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"x\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      ],
    ],
  ])('%s', (_name, body, expected) => expect(faultsOf(DEPLOYMENTS, body)).toEqual(expected))

  it.each([DEPLOYMENTS, REPLICA_SETS])('keeps its selector', (resource) => {
    const changed = deployment({ selector: { matchLabels: { app: 'web', tier: 'x' } } })
    expect(updateFaultsOf(resource, changed, deployment({}))).toEqual([
      expect.stringContaining('`selector` does not match template `labels`'),
      'spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"x"}}: field is immutable',
    ])
  })

  it('has a status whose parts are no more than the whole', () => {
    const status = { replicas: 1, readyReplicas: 2, availableReplicas: -1 }
    expect(statusFaultsOf(REPLICA_SETS, { ...deployment({}), status }, deployment({}))).toEqual([
      'status.availableReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
    ])
  })
})
