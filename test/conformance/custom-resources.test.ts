/** What users of every kubectl there is do with CustomResourceDefinitions and the objects of their kinds. */

import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import type { Kubectl, Ran, RunOptions } from '../support/kubectl.io.ts'
import { KubectlSession, eachKubectl } from '../support/kubectl.io.ts'

const LISTENERS = {
  description: 'What is listened on.',
  type: 'array',
  minItems: 1,
  maxItems: 64,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
  'x-kubernetes-validations': [
    {
      rule: "self.all(l, l.protocol.matches('(?i)^(HTTP|TCP|UDP)$') ? !has(l.tls) : true)",
      message: 'tls must not be specified for protocols [HTTP, TCP, UDP]',
    },
    {
      rule: 'self.all(l1, self.exists_one(l2, l1.port == l2.port && l1.protocol == l2.protocol))',
      message: 'Combination of port and protocol must be unique for each listener',
    },
  ],
  items: {
    type: 'object',
    required: ['name', 'port'],
    properties: {
      name: { type: 'string', maxLength: 253, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' },
      port: { type: 'integer', format: 'int32', minimum: 1, maximum: 65_535 },
      protocol: { type: 'string', default: 'HTTP', enum: ['HTTP', 'HTTPS', 'TCP'] },
      tls: { type: 'object', properties: { mode: { type: 'string' } } },
    },
  },
}

const waiting = (type: string) => ({
  type,
  status: 'Unknown',
  reason: 'Pending',
  message: 'Waiting for controller',
  lastTransitionTime: '1970-01-01T00:00:00Z',
})

const STATUS = {
  type: 'object',
  default: { conditions: [waiting('Accepted')] },
  properties: {
    replicas: { type: 'integer' },
    selector: { type: 'string' },
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: {
        type: 'object',
        required: ['type', 'status'],
        properties: {
          type: { type: 'string' },
          status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
          reason: { type: 'string' },
          message: { type: 'string' },
          lastTransitionTime: { type: 'string', format: 'date-time' },
        },
      },
    },
  },
}

const versionOf = (name: string, padding: number) => ({
  name,
  served: true,
  storage: name === 'v1',
  subresources: {
    status: {},
    scale: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    },
  },
  additionalPrinterColumns: [
    { name: 'Class', type: 'string', jsonPath: '.spec.className' },
    { name: 'Accepted', type: 'string', jsonPath: '.status.conditions[?(@.type=="Accepted")].status' },
    { name: 'Ports', type: 'string', jsonPath: '.spec.listeners[*].port', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  selectableFields: [{ jsonPath: '.spec.className' }],
  schema: {
    openAPIV3Schema: {
      description: 'Doors let traffic in.',
      type: 'object',
      required: ['spec'],
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: { type: 'object' },
        spec: {
          description: `How the door is. ${'x'.repeat(padding)}`,
          type: 'object',
          required: ['className', 'listeners'],
          properties: {
            className: {
              description: 'Who opens the door.',
              type: 'string',
              'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'Value is immutable' }],
            },
            replicas: { type: 'integer', default: 1, minimum: 0 },
            listeners: LISTENERS,
            addresses: { type: 'array', 'x-kubernetes-list-type': 'atomic', items: { type: 'string' } },
          },
        },
        status: STATUS,
      },
    },
  },
})

const definition = (padding = 0): string =>
  JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'doors.example.org' },
    spec: {
      group: 'example.org',
      scope: 'Namespaced',
      names: { plural: 'doors', kind: 'Door', shortNames: ['dr'], categories: ['all'] },
      versions: [versionOf('v1beta1', padding), versionOf('v1', padding)],
    },
  })

const door = (name: string, spec: object = {}, apiVersion = 'example.org/v1'): string =>
  JSON.stringify({
    apiVersion,
    kind: 'Door',
    metadata: { name },
    spec: { className: 'oak', listeners: [{ name: 'web', port: 80 }], ...spec },
  })

eachKubectl(commands)

function commands(kubectl: Kubectl): void {
  let api: TestApiServer
  let session: KubectlSession

  beforeAll(async () => {
    api = await testApiServer()
    session = new KubectlSession(kubectl, { kubeconfig: api.kubeconfig, cacheDir: join(api.folder, 'cache') })
  })
  afterAll(async () => await api[Symbol.asyncDispose]())

  const run = (args: readonly string[], options?: RunOptions): Promise<Ran> => session.run(args, options)

  async function succeed(args: readonly string[], stdin?: string): Promise<string> {
    const { code, stdout, stderr } = await run(args, stdin === undefined ? {} : { stdin })
    expect(code, stderr).toBe(0)
    return stdout
  }

  const at = (path: string): readonly string[] => ['-o', `jsonpath=${path}`]
  const apply = ['apply', '-f', '-']

  it('applies a definition, waits for it, and sees it in discovery', async () => {
    await succeed(apply, definition())
    await succeed(['wait', '--for', 'condition=established', 'crd/doors.example.org', '--timeout=5s'])
    expect(await succeed(['get', 'crd'])).toMatch(/^NAME +CREATED AT\ndoors\.example\.org +\d{4}-\S+Z\n$/)
    const resources = await succeed(['api-resources', '--api-group=example.org', '--no-headers'])
    expect(resources.trim().split(/ +/)).toEqual(['doors', 'dr', 'example.org/v1', 'true', 'Door'])
    expect(await succeed(['api-versions'])).toContain('example.org/v1\nexample.org/v1beta1\n')
    expect(await succeed(['explain', 'doors.spec.className'])).toContain('Who opens the door.')
    expect(await succeed(['explain', 'doors', '--api-version=example.org/v1beta1'])).toContain(
      'Doors let traffic in.',
    )
    expect(await succeed(['describe', 'crd', 'doors.example.org'])).toContain('List Kind:')
  })

  it('applies, lists and describes objects', async () => {
    await succeed(apply, door('front'))
    expect(await succeed(['get', 'dr'])).toMatch(/^NAME +CLASS +ACCEPTED +AGE\nfront +oak +Unknown +\S+\n$/)
    expect(await succeed(['get', 'doors', '-o', 'wide'])).toMatch(
      /^NAME +CLASS +ACCEPTED +PORTS +AGE\nfront +oak +Unknown +80 +\S+\n$/,
    )
    expect(await succeed(['get', 'all', '-o', 'name'])).toContain('door.example.org/front')
    expect(await succeed(['get', 'doors', '--field-selector=spec.className=oak', '-o', 'name'])).toContain(
      'front',
    )
    expect(await succeed(['get', 'doors', '--field-selector=spec.className=ash', '-o', 'name'])).toBe('')
    expect(await succeed(['describe', 'door', 'front'])).toMatch(/Class Name: +oak/)
    expect(
      await succeed(['get', 'door', 'front', ...at('{.spec.replicas} {.spec.listeners[0].protocol}')]),
    ).toBe('1 HTTP')
    expect(await succeed(['get', 'doors.v1beta1.example.org', 'front', ...at('{.apiVersion}')])).toBe(
      'example.org/v1beta1',
    )
  })

  it('is told what is wrong', async () => {
    const faults = async (text: string): Promise<string> => (await run(apply, { stdin: text })).stderr
    const web = { name: 'web', port: 80 }
    expect(await faults(door('bad', { listeners: [{ ...web, port: 0 }] }))).toContain(
      'The Door "bad" is invalid: spec.listeners[0].port: Invalid value: 0: spec.listeners[0].port in body should be greater than or equal to 1',
    )
    expect(await faults(door('bad', { listeners: [{ ...web, tls: {} }] }))).toContain(
      'spec.listeners: Invalid value: "array": tls must not be specified for protocols [HTTP, TCP, UDP]',
    )
    expect(await faults(door('bad', { listeners: [web, { ...web, name: 'x' }] }))).toContain(
      'Combination of port and protocol must be unique for each listener',
    )
    expect(await faults(door('bad', { listeners: [web, { ...web, port: 81 }] }))).toContain(
      'spec.listeners[1]: Duplicate value: {"name":"web"}',
    )
    expect(await faults(door('front', { className: 'ash' }))).toContain(
      'spec.className: Invalid value: "string": Value is immutable',
    )
    expect(await faults(door('bad', { colour: 'red' }))).toContain('colour')
    expect(await faults(door('bad', { listeners: undefined }))).toContain('listeners')
  })

  it('patches, edits, scales, labels', async () => {
    await succeed(['patch', 'door', 'front', '--type=merge', '-p', '{"spec":{"replicas":2}}'])
    const ops = '[{"op":"replace","path":"/spec/listeners/0/port","value":8080}]'
    await succeed(['patch', 'door', 'front', '--type=json', '-p', ops])
    const strategic = await run(['patch', 'door', 'front', '-p', '{"spec":{"replicas":9}}'])
    expect(strategic.stderr).toMatch(/415|unsupported|media type|not understand/i)
    const editor = { KUBE_EDITOR: "sed -i 's/replicas: 2/replicas: 3/'" }
    expect((await run(['edit', 'door', 'front'], { env: editor })).code).toBe(0)
    const shown = at('{.spec.replicas} {.spec.listeners[0].port} {.metadata.generation}')
    expect(await succeed(['get', 'door', 'front', ...shown])).toBe('3 8080 4')
    await succeed(['scale', 'door/front', '--replicas=5'])
    expect(await succeed(['get', 'door', 'front', ...at('{.spec.replicas}')])).toBe('5')
    await succeed(['label', 'door', 'front', 'a=b'])
    expect(await succeed(['get', 'doors', '-l', 'a=b', '-o', 'name'])).toBe('door.example.org/front\n')
    expect(await succeed(['get', 'door', 'front', ...at('{.metadata.generation}')])).toBe('5')
  })

  it.runIf(kubectl.minor >= 24)('writes the status apart', async () => {
    const patch =
      '{"status":{"replicas":5,"conditions":[{"type":"Accepted","status":"True"}]},"spec":{"replicas":7}}'
    await succeed(['patch', 'door', 'front', '--subresource=status', '--type=merge', '-p', patch])
    expect(await succeed(['get', 'door', 'front', ...at('{.status.replicas} {.spec.replicas}')])).toBe('5 5')
    expect(await succeed(['get', 'door', 'front', '--no-headers'])).toMatch(/^front +oak +True /)
    expect(
      await succeed(['get', 'door', 'front', '--subresource=scale', ...at('{.kind} {.status.replicas}')]),
    ).toBe('Scale 5')
  })

  it('merges what managers apply by the keys of lists', async () => {
    const serverSide = (manager: string): readonly string[] => [
      ...apply,
      '--server-side',
      '--field-manager',
      manager,
    ]
    await succeed(serverSide('one'), door('side'))
    await succeed(serverSide('two'), door('side', { listeners: [{ name: 'other', port: 81 }] }))
    expect(await succeed(['get', 'door', 'side', ...at('{.spec.listeners[*].name}')])).toBe('web other')
    const conflict = await run(serverSide('two'), {
      stdin: door('side', { listeners: [{ name: 'web', port: 82 }] }),
    })
    expect(conflict.stderr).toContain('conflict with "one"')
    expect(conflict.stderr).toContain('.spec.listeners[name="web"].port')
  })

  it('has objects in any version', async () => {
    await succeed(apply, door('beta', {}, 'example.org/v1beta1'))
    expect(await succeed(['get', 'door', 'beta', ...at('{.apiVersion}')])).toBe('example.org/v1')
    await succeed(['delete', 'door', 'beta'])
    expect(await succeed(['get', 'doors', '-o', 'name'])).toBe(
      'door.example.org/front\ndoor.example.org/side\n',
    )
  })

  it('takes a definition too large for an annotation on the server side', async () => {
    const large = definition(300_000)
    const refused = await run(apply, { stdin: large })
    expect(refused.stderr).toContain('metadata.annotations: Too long')
    expect(refused.stderr).toContain('262144 bytes')
    await succeed([...apply, '--server-side', '--force-conflicts'], large)
    expect(await succeed(['get', 'dr', '-o', 'name'])).toContain('front')
  })

  it('deletes a definition with all its objects', async () => {
    await succeed(['delete', 'crd', 'doors.example.org', '--timeout=10s'])
    expect((await run(['get', 'doors'])).stderr).toMatch(
      /the server doesn't have a resource type "doors"|could not find the requested resource/,
    )
    await succeed(apply, definition())
    await succeed(['wait', '--for', 'condition=established', 'crd/doors.example.org', '--timeout=5s'])
    expect(await succeed(['get', 'doors', '-o', 'name'])).toBe('')
  })
}
