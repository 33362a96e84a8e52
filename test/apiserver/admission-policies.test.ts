/**
 * Requests under ValidatingAdmissionPolicies, held by a real registry: what is refused, with which words and codes, and
 * what expressions see. The answers are kube-apiserver 1.34's.
 */

import { beforeEach, describe, expect, it } from 'vitest'
import { ApiError } from '../../core/api/api-error.ts'
import type { ResourceInfo } from '../../core/api/resource.ts'
import {
  BINDINGS,
  CLUSTER_ROLES,
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  DEPLOYMENTS,
  NAMESPACES,
  PODS,
  VALIDATING_ADMISSION_POLICIES,
  VALIDATING_ADMISSION_POLICY_BINDINGS,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
} from '../../core/api/scheme.ts'
import type { Fixture, Loose } from './fixture.ts'
import { fixture } from './fixture.ts'

let api: Fixture

beforeEach(async () => {
  api = await fixture()
})

const rule = (resource: string, more: Loose = {}): Loose => ({
  apiGroups: ['*'],
  apiVersions: ['*'],
  operations: ['*'],
  resources: [resource],
  ...more,
})

/** A policy about ConfigMaps, unless it says otherwise, and its binding. */
async function enforce(spec: Loose, binding: Loose = {}, name = 'p'): Promise<void> {
  const { match = {}, ...rest } = spec
  const matchConstraints = { resourceRules: [rule('configmaps')], ...match }
  await api.create(VALIDATING_ADMISSION_POLICIES, { metadata: { name }, spec: { matchConstraints, ...rest } })
  await bind(binding, name)
}

const bind = (binding: Loose, name = 'p'): Promise<Loose> =>
  api.create(VALIDATING_ADMISSION_POLICY_BINDINGS, {
    metadata: { name: 'b' },
    spec: { policyName: name, validationActions: ['Deny'], ...binding },
  })

/** Denies always, with what the expression says of the request. */
const tell = (messageExpression: string, more: Loose = {}): Loose => ({
  validations: [{ expression: 'false', messageExpression }],
  ...more,
})

const deny = (more: Loose = {}): Loose => ({ validations: [{ expression: 'false', message: 'no' }], ...more })

const map = (name = 'x', more: Loose = {}): Promise<Loose> =>
  api.create(CONFIG_MAPS, { metadata: { name, ...more.metadata }, data: { a: '1', ...more.data } })

/** What a request is refused with; fails when it is not. */
async function refusal(request: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await request.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof ApiError) return error
  throw new Error(`not refused: ${String(error)}`)
}

/** The policy's own words. */
const told = async (request: Promise<unknown>): Promise<string> =>
  (await refusal(request)).message.replace(/^.*? denied request: /, '')

describe('a refusal', () => {
  it('names policy and binding, and is Invalid', async () => {
    await enforce(deny())
    const { message, code, status } = await refusal(map())
    const by = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no"
    expect(message).toBe(`configmaps "x" is forbidden: ${by}`)
    expect(code).toBe(422)
    expect(status).toMatchObject({
      reason: 'Invalid',
      details: { name: 'x', kind: 'configmaps', causes: [{ message: by }] },
    })
  })

  it.each([
    ['Forbidden', 403],
    ['Invalid', 422],
    ['RequestEntityTooLarge', 413],
  ])('for %s has code %i', async (reason, code) => {
    await enforce({ validations: [{ expression: 'false', reason }] })
    expect(await refusal(map())).toMatchObject({ reason, code })
  })

  it.each<[string, Loose, string]>([
    ['the message', { message: ' custom ' }, 'custom'],
    ['the expression', {}, 'failed expression: object.data.a == "2"'],
    ['the message made', { message: 'm', messageExpression: '"got " + object.data.a' }, 'got 1'],
    ['the message for one made of lines', { message: 'm', messageExpression: '"a\\nb"' }, 'm'],
    ['the message for one made of nothing', { message: 'm', messageExpression: '" "' }, 'm'],
    ['the message for one that fails', { message: 'm', messageExpression: 'string(object.nope)' }, 'm'],
  ])('says %s', async (_what, more, expected) => {
    await enforce({ validations: [{ expression: 'object.data.a == "2"', ...more }] })
    expect(await told(map())).toBe(expected)
  })

  it('is for the first that fails', async () => {
    await enforce({
      validations: [
        { expression: 'true' },
        { expression: 'false', message: 'second' },
        { expression: 'false' },
      ],
    })
    expect(await told(map())).toBe('second')
  })

  it('ends with the policy, or its binding', async () => {
    await enforce(deny())
    await refusal(map())
    await api.remove(VALIDATING_ADMISSION_POLICY_BINDINGS, 'b')
    await map()
  })

  it('follows a change of the policy', async () => {
    await enforce(deny())
    await refusal(map())
    const policy = api.get(VALIDATING_ADMISSION_POLICIES, 'p')
    await api.update(VALIDATING_ADMISSION_POLICIES, {
      ...policy,
      spec: { ...policy.spec, validations: [{ expression: 'object.data.a == "1"' }] },
    })
    await map()
  })

  it('is of a dry run, too', async () => {
    await enforce(tell('string(request.dryRun)'))
    const object = { metadata: { name: 'x' } }
    expect(await told(api.create(CONFIG_MAPS, object, { dryRun: true }))).toBe('true')
  })
})

describe('actions', () => {
  it('Warn lets pass, and tells', async () => {
    await enforce(deny(), { validationActions: ['Warn', 'Audit'] })
    await map()
    expect(api.warnings).toEqual(["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': no"])
  })

  it('Audit lets pass', async () => {
    await enforce(deny(), { validationActions: ['Audit'] })
    await map()
    expect(api.warnings).toEqual([])
  })
})

describe('what cannot be evaluated', () => {
  it('refuses, unless it is to be ignored', async () => {
    const spec = { validations: [{ expression: 'object.nope == 1' }] }
    await enforce(spec)
    expect(await told(map())).toBe("expression 'object.nope == 1' resulted in error: no such key: nope")
    await api.remove(VALIDATING_ADMISSION_POLICIES, 'p')
    await api.remove(VALIDATING_ADMISSION_POLICY_BINDINGS, 'b')
    await enforce({ ...spec, failurePolicy: 'Ignore' })
    await map()
  })

  it('counts of audit annotations, too', async () => {
    const auditAnnotations = [{ key: 'a', valueExpression: 'string(object.nope)' }]
    await enforce({ validations: [{ expression: 'true' }], auditAnnotations })
    expect(await told(map())).toBe("expression 'string(object.nope)' resulted in error: no such key: nope")
  })
})

describe('matchConditions', () => {
  const conditions = (...expressions: string[]): Loose =>
    deny({ matchConditions: expressions.map((expression, index) => ({ name: `n${index}`, expression })) })

  it('must all hold', async () => {
    await enforce(conditions('object.data.a == "1"', 'object.metadata.name == "x"'))
    await map('y')
    expect(await told(map('x'))).toBe('no')
  })

  it('that fail refuse, unless one says no', async () => {
    await enforce(conditions('object.nope == 1'))
    expect(await told(map())).toBe("expression 'object.nope == 1' resulted in error: no such key: nope")
    await api.remove(VALIDATING_ADMISSION_POLICIES, 'p')
    await api.remove(VALIDATING_ADMISSION_POLICY_BINDINGS, 'b')
    await enforce(conditions('object.nope == 1', 'false'))
    await map()
  })

  it('do not know the namespace', async () => {
    await enforce(conditions('namespaceObject != null'))
    await map()
  })
})

it('variables build on one another', async () => {
  await enforce(
    tell('"got " + variables.b', {
      variables: [
        { name: 'a', expression: 'object.data.a' },
        { name: 'b', expression: 'variables.a + "!"' },
        { name: 'unused', expression: 'object.nope.nope' },
      ],
    }),
  )
  expect(await told(map())).toBe('got 1!')
})

describe('what a policy is about', () => {
  it.each<[string, Loose, boolean]>([
    ['rules', { resourceRules: [rule('configmaps')] }, true],
    ['other resources', { resourceRules: [rule('secrets')] }, false],
    ['everything', { resourceRules: [rule('*')] }, true],
    ['other operations', { resourceRules: [rule('configmaps', { operations: ['UPDATE'] })] }, false],
    ['the cluster scope', { resourceRules: [rule('configmaps', { scope: 'Cluster' })] }, false],
    ['names', { resourceRules: [rule('configmaps', { resourceNames: ['x'] })] }, true],
    ['other names', { resourceRules: [rule('configmaps', { resourceNames: ['y'] })] }, false],
    ['what is left out', { excludeResourceRules: [rule('configmaps', { resourceNames: ['x'] })] }, false],
    ['labels', { objectSelector: { matchLabels: { l: 'yes' } } }, true],
    ['other labels', { objectSelector: { matchLabels: { l: 'no' } } }, false],
    ['namespaces', { namespaceSelector: { matchLabels: { team: 'a' } } }, true],
    ['other namespaces', { namespaceSelector: { matchLabels: { team: 'b' } } }, false],
  ])('%s', async (_what, match, isRefused) => {
    const namespace = api.get(NAMESPACES, 'default')
    await api.update(NAMESPACES, { ...namespace, metadata: { ...namespace.metadata, labels: { team: 'a' } } })
    await enforce(deny({ match }))
    const made = map('x', { metadata: { labels: { l: 'yes' } } })
    await (isRefused ? refusal(made) : made)
  })

  it('is narrowed by its binding', async () => {
    await enforce(deny(), {
      matchResources: { resourceRules: [rule('configmaps', { resourceNames: ['x'] })] },
    })
    await map('y')
    await refusal(map('x'))
  })

  it('is in no namespace whatever the selector', async () => {
    await enforce(
      tell('string(has(request.namespace)) + string(namespaceObject == null)', {
        match: {
          resourceRules: [rule('clusterroles')],
          namespaceSelector: { matchLabels: { never: 'x' } },
        },
      }),
    )
    expect(await told(api.create(CLUSTER_ROLES, { metadata: { name: 'r' } }))).toBe('falsetrue')
  })

  it('are all versions, unless they are to be exact', async () => {
    const match = { resourceRules: [rule('horizontalpodautoscalers', { apiVersions: ['v1'] })] }
    const scaler = {
      metadata: { name: 'h' },
      spec: {
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' },
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
          },
        ],
      },
    }
    const v2 = api.registry.kinds.forPath('autoscaling', 'v2', 'horizontalpodautoscalers') as ResourceInfo
    await enforce(
      tell(
        'object.apiVersion + string(object.spec.targetCPUUtilizationPercentage) + request.kind.version + request.requestKind.version',
        { match },
      ),
    )
    expect(await told(api.create(v2, scaler))).toBe('autoscaling/v150v1v2')
    await api.remove(VALIDATING_ADMISSION_POLICIES, 'p')
    await api.remove(VALIDATING_ADMISSION_POLICY_BINDINGS, 'b')
    await enforce(deny({ match: { ...match, matchPolicy: 'Exact' } }))
    await api.create(v2, scaler)
  })

  it('is never a policy or a binding', async () => {
    await enforce(deny({ match: { resourceRules: [rule('*', { operations: ['CREATE', 'DELETE'] })] } }))
    const webhooks = api.create(VALIDATING_WEBHOOK_CONFIGURATIONS, { metadata: { name: 'w' } })
    expect(await told(webhooks)).toBe('no')
    await api.remove(VALIDATING_ADMISSION_POLICY_BINDINGS, 'b')
    await api.remove(VALIDATING_ADMISSION_POLICIES, 'p')
  })
})

describe('what expressions see', () => {
  it.each<[string, string, string]>([
    ['who asks', 'request.userInfo.username + request.userInfo.groups[0]', 'janedev'],
    ['what is asked', 'request.operation + request.name + request.namespace', 'CREATExdefault'],
    [
      'the kind',
      'request.kind.kind + request.kind.version + request.resource.resource',
      'ConfigMapv1configmaps',
    ],
    ['the options', 'string(request.options.kind)', 'CreateOptions'],
    ['the namespace', 'namespaceObject.metadata.name + namespaceObject.status.phase', 'defaultActive'],
    ['no parts', 'string(has(request.subResource)) + string(oldObject == null)', 'falsetrue'],
    [
      'what the server adds',
      'string(has(object.metadata.uid)) + string(has(object.metadata.creationTimestamp))',
      'truetrue',
    ],
  ])('%s', async (_what, expression, expected) => {
    await enforce(tell(expression))
    const object = { metadata: { name: 'x' } }
    const user = { name: 'jane', groups: ['dev'] }
    expect(await told(api.create(CONFIG_MAPS, object, { user }))).toBe(expected)
  })

  it('a name that was made up', async () => {
    await enforce(tell('request.name'))
    const { message } = await refusal(api.create(CONFIG_MAPS, { metadata: { generateName: 'gen-' } }))
    const [, first, second] = /configmaps "(gen-\w+)" is forbidden: .*: (gen-\w+)$/.exec(message) ?? []
    expect(first).toBeDefined()
    expect(second).toBe(first)
  })

  it('an object before and after, and before alone', async () => {
    await map()
    await enforce(
      tell('request.operation + (object == null ? "-" : object.data.a) + oldObject.data.a', {
        match: { resourceRules: [rule('configmaps', { operations: ['UPDATE', 'DELETE'] })] },
      }),
    )
    const stored = api.get(CONFIG_MAPS, 'x')
    expect(await told(api.update(CONFIG_MAPS, { ...stored, data: { a: '2' } }))).toBe('UPDATE21')
    expect(await told(api.remove(CONFIG_MAPS, 'x'))).toBe('DELETE-1')
  })

  it('how to delete', async () => {
    await map()
    await enforce(
      tell('string(request.options.propagationPolicy) + string(request.options.gracePeriodSeconds)', {
        match: { resourceRules: [rule('configmaps', { operations: ['DELETE'] })] },
      }),
    )
    const removed = api.remove(CONFIG_MAPS, 'x', { propagationPolicy: 'Orphan', gracePeriodSeconds: 3 })
    expect(await told(removed)).toBe('Orphan3')
  })

  it('no name of a whole collection', async () => {
    await map()
    await enforce(deny({ match: { resourceRules: [rule('configmaps', { operations: ['DELETE'] })] } }))
    const all = api.registry.deleteCollection(CONFIG_MAPS, { namespace: 'default' }, {}, api.context)
    expect((await refusal(all)).message).toMatch(/^configmaps "Unknown" is forbidden/)
  })

  it('a namespace as its own', async () => {
    await enforce(
      tell('request.name + request.namespace + string(namespaceObject == null)', {
        match: { resourceRules: [rule('namespaces')] },
      }),
    )
    expect(await told(api.create(NAMESPACES, { metadata: { name: 'n' } }))).toBe('nntrue')
  })

  it('who may do what', async () => {
    await enforce({
      validations: [
        {
          expression: 'authorizer.group("").resource("pods").namespace("default").check("get").allowed()',
          message: 'no pods for you',
        },
      ],
    })
    const create = (groups: string[]): Promise<Loose> =>
      api.create(CONFIG_MAPS, { metadata: { name: 'x' } }, { user: { name: 'jane', groups } })
    expect(await told(create(['dev']))).toBe('no pods for you')
    await create(['system:masters'])
  })
})

describe('sub-resources', () => {
  const DEPLOYMENT = {
    metadata: { name: 'd' },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'x' }] } },
    },
  }
  const about = (resource: string, more: Loose = {}): Loose => ({
    match: { resourceRules: [rule(resource, more)] },
  })
  const PART = 'object.kind + object.apiVersion + request.?subResource.orValue("") + request.kind.kind'

  it('scale is a Scale', async () => {
    await api.create(DEPLOYMENTS, DEPLOYMENT)
    await enforce({
      ...tell(
        `${PART} + string(object.spec.replicas) + string(oldObject.spec.replicas)`,
        about('deployments/scale'),
      ),
    })
    const patch = { type: 'merge', patch: { spec: { replicas: 7 } }, subresource: 'scale' } as const
    expect(await told(api.patch(DEPLOYMENTS, 'd', patch))).toBe('Scaleautoscaling/v1scaleScale71')
  })

  it('status is the object', async () => {
    await api.create(DEPLOYMENTS, DEPLOYMENT)
    await enforce(tell(`${PART} + string(object.status.replicas)`, about('deployments/status')))
    const patch = { type: 'merge', patch: { status: { replicas: 7 } }, subresource: 'status' } as const
    expect(await told(api.patch(DEPLOYMENTS, 'd', patch))).toBe('Deploymentapps/v1statusDeployment7')
  })

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'pods/binding',
      () =>
        api.registry.bind(POD, { metadata: { name: 'x' }, target: { kind: 'Node', name: 'n' } }, api.context),
      'Bindingv1bindingBindingCREATEx',
    ],
    [
      'bindings',
      () =>
        api.registry.bind(
          POD,
          { metadata: { name: 'x' }, target: { kind: 'Node', name: 'n' } },
          api.context,
          BINDINGS,
        ),
      'Bindingv1BindingCREATEx',
    ],
    [
      'pods/eviction',
      () => api.registry.evict(POD, { metadata: { name: 'x' } }, api.context),
      'Evictionpolicy/v1evictionEvictionCREATEx',
    ],
  ])('%s', async (resource, request, expected) => {
    await api.create(PODS, { metadata: { name: 'x' }, spec: { containers: [{ name: 'c', image: 'i' }] } })
    await enforce(tell(`${PART} + request.operation + object.metadata.name`, about(resource)))
    expect(await told(request())).toBe(expected)
  })

  it('connections', async () => {
    await enforce(
      tell(
        `${PART} + request.operation + object.command.join(" ") + string(has(object.metadata)) + string(oldObject == null)`,
        about('pods/exec', { operations: ['CONNECT'] }),
      ),
    )
    const options = { apiVersion: 'v1', kind: 'PodExecOptions', command: ['ls', '-l'] }
    const name = { namespace: 'default', name: 'x', subresource: 'exec' }
    expect(await told(api.registry.connect(PODS, name, options, api.context))).toBe(
      'PodExecOptionsv1execPodExecOptionsCONNECTls -lfalsetrue',
    )
    await api.registry.connect(PODS, { ...name, subresource: 'attach' }, options, api.context)
  })
})

const POD = { namespace: 'default', name: 'x' }

describe('parameters', () => {
  const PARAMS = { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } }
  const ref = (more: Loose): Loose => ({ paramRef: { parameterNotFoundAction: 'Deny', ...more } })
  const LIMITED = {
    ...PARAMS,
    validations: [
      {
        expression: 'int(object.data.a) <= int(params.data.max)',
        messageExpression: '"at most " + params.data.max',
      },
    ],
  }

  beforeEach(async () => {
    await map('limit', { metadata: { labels: { limits: 'yes' } }, data: { max: '3' } })
    await map('limit2', { metadata: { labels: { limits: 'yes' } }, data: { max: '2' } })
  })

  it('have a name', async () => {
    await enforce(LIMITED, ref({ name: 'limit' }))
    await map('x', { data: { a: '3' } })
    expect(await told(map('y', { data: { a: '4' } }))).toBe('at most 3')
  })

  it('are all that are chosen', async () => {
    await enforce(LIMITED, ref({ selector: { matchLabels: { limits: 'yes' } } }))
    expect(await told(map('y', { data: { a: '3' } }))).toBe('at most 2')
  })

  it('are in the namespace that is said', async () => {
    await api.create(NAMESPACES, { metadata: { name: 'other' } })
    await enforce(
      tell('params.metadata.name + request.namespace', {
        ...PARAMS,
        match: { resourceRules: [rule('namespaces')] },
      }),
      ref({ name: 'limit', namespace: 'default' }),
    )
    expect(await told(api.create(NAMESPACES, { metadata: { name: 'n' } }))).toBe('limitn')
  })

  it.each<[string, Loose, Loose, string | undefined]>([
    [
      'that are not there',
      LIMITED,
      ref({ name: 'nope' }),
      'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
    ],
    ['that need not be there', LIMITED, ref({ name: 'nope', parameterNotFoundAction: 'Allow' }), undefined],
    ['that nobody gives', { ...PARAMS, validations: [{ expression: 'params == null' }] }, {}, undefined],
    [
      'of no kind',
      { ...deny(), paramKind: { apiVersion: 'nope.io/v1', kind: 'Nope' } },
      {},
      "failed to configure policy: failed to find resource referenced by paramKind: 'nope.io/v1, Kind=Nope'",
    ],
    [
      'of no kind, to be ignored',
      { ...deny(), failurePolicy: 'Ignore', paramKind: { apiVersion: 'v1', kind: 'Nope' } },
      {},
      undefined,
    ],
    [
      'of the cluster, in a namespace',
      { ...deny(), paramKind: { apiVersion: 'v1', kind: 'Node' } },
      ref({ name: 'x', namespace: 'y' }),
      'failed to configure binding: paramRef.namespace must not be provided for a cluster-scoped `paramKind`',
    ],
  ])('%s', async (_what, spec, binding, expected) => {
    await enforce(spec, binding)
    const made = map('y', { data: { a: '1' } })
    if (expected === undefined) await made
    else expect(await told(made)).toBe(expected)
  })

  it('without a namespace to be in', async () => {
    await enforce(
      { ...deny(PARAMS), match: { resourceRules: [rule('clusterroles')] } },
      ref({ name: 'limit' }),
    )
    expect(await told(api.create(CLUSTER_ROLES, { metadata: { name: 'r' } }))).toBe(
      'failed to configure binding: cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
    )
  })

  it('may be custom resources', async () => {
    await api.create(CUSTOM_RESOURCE_DEFINITIONS, {
      metadata: { name: 'limits.example.org' },
      spec: {
        group: 'example.org',
        scope: 'Cluster',
        names: { plural: 'limits', kind: 'Limit' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', properties: { max: { type: 'integer' } } } },
          },
        ],
      },
    })
    const limits = api.registry.kinds.forPath('example.org', 'v1', 'limits') as ResourceInfo
    await api.create(limits, { metadata: { name: 'all' }, max: 3 })
    await enforce(
      {
        paramKind: { apiVersion: 'example.org/v1', kind: 'Limit' },
        validations: [{ expression: 'int(object.data.a) <= params.max' }],
      },
      ref({ name: 'all' }),
    )
    await map('x', { data: { a: '3' } })
    expect(await told(map('y', { data: { a: '4' } }))).toBe(
      'failed expression: int(object.data.a) <= params.max',
    )
  })

  it('must be readable by who writes the policy', async () => {
    const user = { name: 'jane', groups: ['dev'] }
    const spec = { matchConstraints: { resourceRules: [rule('configmaps')] }, ...deny(PARAMS) }
    const made = api.create(VALIDATING_ADMISSION_POLICIES, { metadata: { name: 'p' }, spec }, { user })
    expect((await refusal(made)).message).toBe(
      'ValidatingAdmissionPolicy.admissionregistration.k8s.io "p" is invalid: spec.paramKind: Forbidden: user ' +
        '&{jane  [dev] map[]} must have "get" permission on all objects of the referenced paramKind ' +
        '(kind=ConfigMap, apiVersion=v1)',
    )
  })
})
