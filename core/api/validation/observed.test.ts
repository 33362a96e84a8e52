/** What kube-apiserver 1.34 was seen to answer where it is easily thought otherwise. */

import { describe, expect, it } from 'vitest'

import { fieldErrorMessage } from '../field-error.ts'
import { rulesFor } from '../kind-rules.ts'
import type { KubernetesObject } from '../object.ts'
import type { ResourceInfo } from '../resource.ts'
import {
  CLUSTER_ROLES,
  CONTROLLER_REVISIONS,
  DAEMON_SETS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  HORIZONTAL_POD_AUTOSCALERS,
  IP_ADDRESSES,
  JOBS,
  NETWORK_POLICIES,
  REPLICATION_CONTROLLERS,
  RESOURCE_QUOTAS,
  ROLE_BINDINGS,
  SECRETS,
  SERVICE_CIDRS,
  SERVICES,
  STATEFUL_SETS,
  STORAGE_CLASSES,
} from '../scheme.ts'
import { strictDecode } from '../strict-decode.ts'

const FACTS = { serviceCIDRs: ['10.96.0.0/16'], nodePortRange: { first: 30_000, last: 32_767 } }

function faultsOf(resource: ResourceInfo, body: object): readonly string[] {
  const namespace = resource.namespaced ? { namespace: 'a' } : {}
  const { metadata = {} } = body as Partial<KubernetesObject>
  const rules = rulesFor(resource)
  const whole = { ...body, metadata: { name: 'a', uid: 'u', ...namespace, ...metadata } }
  const { object } = strictDecode(resource, whole)
  const given = rules.prepareForCreate?.(object, { name: 'test', groups: [] }) ?? object
  return rules.validateCreate(rules.setDefaults(given), FACTS).map(fieldErrorMessage)
}

const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
const once = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } }
const selector = { matchLabels: { a: 'b' } }
const unusable = { matchLabels: { a: '-1' } }
const LABEL =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }
const scaler = (metric: object): object => ({
  spec: { scaleTargetRef: target, maxReplicas: 1, metrics: [metric] },
})

const MISMATCH = '`selector` does not match template `labels`'

describe('a selector that cannot be used', () => {
  const own = `spec.selector.matchLabels: Invalid value: "-1": ${LABEL}`
  const shown = 'spec.selector: Invalid value: {"matchLabels":{"a":"-1"}}: '
  it.each<[string, ResourceInfo, object, readonly string[]]>([
    [
      'is told twice',
      DEPLOYMENTS,
      { spec: { selector: unusable, template } },
      [own, `${shown}invalid label selector`],
    ],
    ['without words', STATEFUL_SETS, { spec: { selector: unusable, template } }, [own, shown.slice(0, -2)]],
    ['is told once', DAEMON_SETS, { spec: { selector: unusable, template } }, [own]],
    [
      'is compared',
      REPLICATION_CONTROLLERS,
      { spec: { selector: { a: '-1' }, template } },
      [`spec.template.metadata.labels: Invalid value: {"a":"b"}: ${MISMATCH}`],
    ],
    [
      'and is not there',
      DAEMON_SETS,
      { spec: { template } },
      [`spec.template.metadata.labels: Invalid value: {"a":"b"}: ${MISMATCH}`],
    ],
    [
      'a key that is not there',
      NETWORK_POLICIES,
      { spec: { podSelector: { matchExpressions: [{ operator: 'Exists' }] } } },
      [
        'spec.podSelector.matchExpressions[0].key: Invalid value: "": name part must be non-empty',
        `spec.podSelector.matchExpressions[0].key: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
      ],
    ],
    [
      'in an aggregation rule',
      CLUSTER_ROLES,
      { aggregationRule: { clusterRoleSelectors: [unusable] } },
      [
        `aggregationRule.clusterRoleSelectors[0].matchLabels: Invalid value: "-1": ${LABEL}`,
        'aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.',
      ],
    ],
  ])('%s', (_, resource, body, expected) => expect(faultsOf(resource, body)).toEqual(expected))
})

describe('kinds', () => {
  it.each<[string, ResourceInfo, object, readonly string[]]>([
    [
      'finalizers without a domain',
      SERVICES,
      { metadata: { finalizers: ['1.2.3.4', 'orphan'] }, spec: { clusterIP: 'None' } },
      [
        'metadata.finalizers[0]: Invalid value: "1.2.3.4": name is neither a standard finalizer name nor is it fully qualified',
      ],
    ],
    [
      'empty where Go has a pointer',
      SERVICES,
      { spec: { ports: [{ port: 1 }], internalTrafficPolicy: '' } },
      ['spec.internalTrafficPolicy: Unsupported value: "": supported values: "Cluster", "Local"'],
    ],
    [
      'an empty key of SSH',
      SECRETS,
      { type: 'kubernetes.io/ssh-auth', data: { 'ssh-privatekey': '' } },
      ['data[ssh-privatekey]: Required value'],
    ],
    [
      'hints without names',
      ENDPOINT_SLICES,
      {
        addressType: 'IPv4',
        endpoints: [{ addresses: ['192.0.2.1'], hints: { forZones: [{}], forNodes: [{ name: 'a b' }] } }],
      },
      [
        `endpoints[0].hints.forNodes[0].name: Invalid value: "a b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
      ],
    ],
    [
      'an address of something',
      IP_ADDRESSES,
      {
        metadata: { name: '10.96.0.9' },
        spec: { parentRef: { resource: 's', name: 'n', namespace: 'a/b' } },
      },
      ['spec.parentRef.namespace: Invalid value: "a/b": may not contain \'/\''],
    ],
    [
      'two CIDRs of a family',
      SERVICE_CIDRS,
      { spec: { cidrs: ['10.1.0.0/16', '10.2.0.0/16'] } },
      [
        'spec.cidrs: Invalid value: ["10.1.0.0/16","10.2.0.0/16"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ],
    ],
    [
      'an account of the namespace',
      ROLE_BINDINGS,
      {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
        subjects: [{ kind: 'ServiceAccount', name: 's' }],
      },
      [],
    ],
    [
      'topologies of nothing',
      STORAGE_CLASSES,
      { provisioner: 'a.b/c', allowedTopologies: [{}] },
      ['allowedTopologies[0].matchLabelExpressions: Duplicate value: ""'],
    ],
    ['a revision of nothing', CONTROLLER_REVISIONS, {}, ['data: Required value: data is mandatory']],
    [
      'scopes of quotas',
      RESOURCE_QUOTAS,
      {
        spec: {
          hard: { pods: '1', secrets: '1' },
          scopeSelector: {
            matchExpressions: [
              { scopeName: 'PriorityClass', operator: 'In' },
              { scopeName: 'BestEffort', operator: 'In', values: ['x'] },
            ],
          },
        },
      },
      [
        'spec.scopeSelector.matchExpressions: Invalid value: {"MatchExpressions":[{"ScopeName":"PriorityClass","Operator":"In","Values":null},{"ScopeName":"BestEffort","Operator":"In","Values":["x"]}]}: unsupported scope applied to resource',
        "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        'spec.scopeSelector.matchExpressions: Invalid value: {"MatchExpressions":[{"ScopeName":"PriorityClass","Operator":"In","Values":null},{"ScopeName":"BestEffort","Operator":"In","Values":["x"]}]}: unsupported scope applied to resource',
        'spec.scopeSelector.matchExpressions.operator: Invalid value: "In": must be \'Exists\' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity',
      ],
    ],
    [
      'claims of a StatefulSet',
      STATEFUL_SETS,
      {
        spec: { serviceName: 'a.b', selector, template, volumeClaimTemplates: [{ metadata: { name: 'v' } }] },
      },
      [
        'spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required',
        'spec.volumeClaimTemplates[0].spec.resources[storage]: Required value',
        'spec.serviceName: Invalid value: "a.b": must not contain dots',
      ],
    ],
  ])('%s', (_, resource, body, expected) => expect(faultsOf(resource, body)).toEqual(expected))
})

describe('Jobs', () => {
  const rule = (each: object): object => ({
    spec: { podFailurePolicy: { rules: [each] }, template: once },
  })
  const at = 'spec.podFailurePolicy.rules[0]'
  const indexed = (each: object): object => ({
    spec: { completionMode: 'Indexed', completions: 4, template: once, ...each },
  })
  it.each<[string, object, readonly string[]]>([
    [
      'codes in disorder',
      rule({ action: 'FailJob', onExitCodes: { containerName: 'x', operator: 'In', values: [2, 1, 0, 1] } }),
      [
        `${at}.onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template`,
        `${at}.onExitCodes.values[2]: Invalid value: 0: must not be 0 for the In operator`,
        `${at}.onExitCodes.values[3]: Duplicate value: 1`,
        `${at}.onExitCodes.values: Invalid value: [2,1,0,1]: must be ordered`,
      ],
    ],
    [
      'a rule of nothing',
      rule({}),
      [
        `${at}.action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]`,
        `${at}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`,
      ],
    ],
    [
      'an index alone',
      rule({ action: 'FailIndex', onPodConditions: [{ type: 'DisruptionTarget' }] }),
      [`${at}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`],
    ],
    [
      'more than there are',
      indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 5, managedBy: 'me' }),
      [
        'spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")',
        'spec.maxFailedIndexes: Invalid value: 5: must be less than or equal to completions',
      ],
    ],
    [
      'success by indexes',
      indexed({
        successPolicy: {
          rules: [
            { succeededIndexes: '0-2', succeededCount: 4 },
            { succeededIndexes: '2,1' },
            { succeededIndexes: '1-2-3' },
            { succeededIndexes: 'x' },
            { succeededIndexes: '4' },
            {},
          ],
        },
      }),
      [
        'spec.successPolicy.rules[0].succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of indexes in the specified succeededIndexes field)',
        'spec.successPolicy.rules[1].succeededIndexes: Invalid value: "2,1": error parsing succeededIndexes: non-increasing order, previous: 2, current: 1',
        `spec.successPolicy.rules[2].succeededIndexes: Invalid value: "1-2-3": error parsing succeededIndexes: the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by '-'`,
        'spec.successPolicy.rules[3].succeededIndexes: Invalid value: "x": error parsing succeededIndexes: cannot convert string to integer for index: "x"',
        'spec.successPolicy.rules[4].succeededIndexes: Invalid value: "4": error parsing succeededIndexes: too large index: "4"',
        'spec.successPolicy.rules[5]: Required value: at least one of succeededCount or succeededIndexes must be specified',
      ],
    ],
    [
      'success of what is not counted',
      { spec: { successPolicy: { rules: [{ succeededCount: 1 }] }, template: once } },
      [
        'spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed completion mode',
      ],
    ],
    [
      'labels of another Job',
      { spec: { template: { ...once, metadata: { labels: { 'job-name': 'x' } } } } },
      [
        'spec.template.metadata.labels[job-name]: Invalid value: {"batch.kubernetes.io/controller-uid":"u","batch.kubernetes.io/job-name":"a","controller-uid":"u","job-name":"x"}: must be \'a\'',
      ],
    ],
  ])('%s', (_, body, expected) => expect(faultsOf(JOBS, body)).toEqual(expected))
})

describe('autoscalers', () => {
  const at = 'spec.metrics[0]'
  it.each<[string, object, readonly string[]]>([
    [
      'two sources',
      scaler({
        type: 'Pods',
        pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '1' } },
        external: { metric: { name: 'm' }, target: { type: 'Value', value: '0' } },
      }),
      [
        `${at}.external.target.value: Invalid value: "0": must be positive`,
        `${at}.external: Forbidden: must populate the given metric source only`,
      ],
    ],
    [
      'both targets',
      scaler({
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 0, averageValue: '1' } },
      }),
      [
        `${at}.resource.target.averageUtilization: Invalid value: 0: must be greater than 0`,
        `${at}.resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization`,
      ],
    ],
    [
      'a resource that no container has',
      scaler({
        type: 'ContainerResource',
        containerResource: {
          name: 'pods',
          container: 'a.b',
          target: { type: 'Utilization', averageUtilization: 1 },
        },
      }),
      [
        `${at}.containerResource.name: Invalid value: "pods": must be a standard resource for containers`,
        `${at}.containerResource.container: Invalid value: "a.b": must not contain dots`,
      ],
    ],
    [
      'rules of nothing',
      { spec: { scaleTargetRef: target, maxReplicas: 1, behavior: { scaleUp: { selectPolicy: 'Any' } } } },
      [
        'spec.behavior.scaleUp.selectPolicy: Unsupported value: "Any": supported values: "Disabled", "Max", "Min"',
      ],
    ],
  ])('%s', (_, body, expected) => expect(faultsOf(HORIZONTAL_POD_AUTOSCALERS, body)).toEqual(expected))
})
