/**
 * The FlowSchemas and PriorityLevelConfigurations that every cluster is born with
 * (kubernetes/apiserver pkg/apis/flowcontrol/bootstrap/default.go), those first that nobody may change. Data.
 */

import type {
  FlowSchema,
  FlowSchemaSpec,
  LimitResponse,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  ResourcePolicyRule,
  Subject,
} from './generated/flowcontrol-v1.ts'

/** Whether the server that finds an object of these to differ puts its spec back. */
export const AUTOUPDATE_SPEC = 'apf.kubernetes.io/autoupdate-spec'

const API_VERSION = 'flowcontrol.apiserver.k8s.io/v1'

function level(name: string, spec: PriorityLevelConfigurationSpec): PriorityLevelConfiguration {
  return {
    apiVersion: API_VERSION,
    kind: 'PriorityLevelConfiguration',
    metadata: { name, annotations: { [AUTOUPDATE_SPEC]: 'true' } },
    spec,
  }
}

const limited = (
  nominalConcurrencyShares: number,
  lendablePercent: number,
  limitResponse: LimitResponse,
): PriorityLevelConfigurationSpec => ({
  type: 'Limited',
  limited: { nominalConcurrencyShares, lendablePercent, limitResponse },
})

const queued = (queues: number, handSize: number): LimitResponse => ({
  type: 'Queue',
  queuing: { queues, handSize, queueLengthLimit: 50 },
})

export const MANDATORY_PRIORITY_LEVELS: readonly PriorityLevelConfiguration[] = [
  level('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
  level('catch-all', limited(5, 0, { type: 'Reject' })),
]

export const SUGGESTED_PRIORITY_LEVELS: readonly PriorityLevelConfiguration[] = [
  level('system', limited(30, 33, queued(64, 6))),
  level('node-high', limited(40, 25, queued(64, 6))),
  level('leader-election', limited(10, 0, queued(16, 4))),
  level('workload-high', limited(40, 50, queued(128, 6))),
  level('workload-low', limited(100, 90, queued(128, 6))),
  level('global-default', limited(20, 50, queued(128, 6))),
]

const group = (name: string): Subject => ({ kind: 'Group', group: { name } })
const user = (name: string): Subject => ({ kind: 'User', user: { name } })
const KUBE_SYSTEM_ACCOUNTS: Subject = {
  kind: 'ServiceAccount',
  serviceAccount: { namespace: 'kube-system', name: '*' },
}
const EVERYONE = [group('system:unauthenticated'), group('system:authenticated')]

const anywhere = (
  apiGroup: string,
  resources: readonly string[],
  verbs: readonly string[] = ['*'],
): ResourcePolicyRule => ({ verbs, apiGroups: [apiGroup], resources, namespaces: ['*'] })

const inCluster = (rule: ResourcePolicyRule): ResourcePolicyRule => ({ ...rule, clusterScope: true })

/** Whatever these ask for. */
const allOf = (...subjects: readonly Subject[]): PolicyRulesWithSubjects => ({
  subjects,
  resourceRules: [inCluster(anywhere('*', ['*']))],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
})

interface Flow {
  readonly level: string
  readonly precedence: number
  /** absent: all requests are of one flow */
  readonly by?: 'ByUser' | 'ByNamespace'
  readonly rule: PolicyRulesWithSubjects
}

function flow(name: string, { level: levelName, precedence, by, rule }: Flow): FlowSchema {
  const spec: FlowSchemaSpec = {
    priorityLevelConfiguration: { name: levelName },
    matchingPrecedence: precedence,
    ...(by ? { distinguisherMethod: { type: by } } : {}),
    rules: [rule],
  }
  return {
    apiVersion: API_VERSION,
    kind: 'FlowSchema',
    metadata: { name, annotations: { [AUTOUPDATE_SPEC]: 'true' } },
    spec,
  }
}

export const MANDATORY_FLOW_SCHEMAS: readonly FlowSchema[] = [
  flow('exempt', { level: 'exempt', precedence: 1, rule: allOf(group('system:masters')) }),
  flow('catch-all', { level: 'catch-all', precedence: 10_000, by: 'ByUser', rule: allOf(...EVERYONE) }),
]

const PROBES: PolicyRulesWithSubjects = {
  subjects: EVERYONE,
  nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
}
const LEADER_ELECTION: PolicyRulesWithSubjects = {
  subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler'), KUBE_SYSTEM_ACCOUNTS],
  resourceRules: [anywhere('coordination.k8s.io', ['leases'], ['get', 'create', 'update'])],
}
const NODE_HEARTBEATS: PolicyRulesWithSubjects = {
  subjects: [group('system:nodes')],
  resourceRules: [
    inCluster(anywhere('', ['nodes', 'nodes/status'])),
    anywhere('coordination.k8s.io', ['leases']),
  ],
}

/** What the rest of the control plane does with the API. */
const workload = (precedence: number, subject: Subject): Flow => ({
  level: 'workload-high',
  precedence,
  by: 'ByNamespace',
  rule: allOf(subject),
})

export const SUGGESTED_FLOW_SCHEMAS: readonly FlowSchema[] = [
  flow('probes', { level: 'exempt', precedence: 2, rule: PROBES }),
  flow('system-leader-election', {
    level: 'leader-election',
    precedence: 100,
    by: 'ByUser',
    rule: LEADER_ELECTION,
  }),
  flow('system-node-high', { level: 'node-high', precedence: 400, by: 'ByUser', rule: NODE_HEARTBEATS }),
  flow('system-nodes', {
    level: 'system',
    precedence: 500,
    by: 'ByUser',
    rule: allOf(group('system:nodes')),
  }),
  flow('kube-controller-manager', workload(800, user('system:kube-controller-manager'))),
  flow('kube-scheduler', workload(800, user('system:kube-scheduler'))),
  flow('kube-system-service-accounts', workload(900, KUBE_SYSTEM_ACCOUNTS)),
  flow('service-accounts', {
    level: 'workload-low',
    precedence: 9000,
    by: 'ByUser',
    rule: allOf(group('system:serviceaccounts')),
  }),
  flow('global-default', {
    level: 'global-default',
    precedence: 9900,
    by: 'ByUser',
    rule: allOf(...EVERYONE),
  }),
]
