/** Unknown and repeated fields in every kind of write, as upstream words them on the wire. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import { ask } from '../support/ask.io.ts'

let api: TestApiServer
beforeAll(async () => {
  api = await testApiServer()
})
afterAll(async () => await api[Symbol.asyncDispose]())

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'

const deployment = (name: string): string => `{
  "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "${name}"},
  "spec": {
    "unknown1": "val1", "unknownDupe": "a", "unknownDupe": {"b": 1},
    "paused": true, "paused": false,
    "selector": {"matchLabels": {"app": "x"}},
    "template": {
      "metadata": {"labels": {"app": "x"}},
      "spec": {"containers": [{
        "name": "c", "image": "i", "unknownNested": "v", "workingDir": "/a", "workingDir": "/b"
      }]}
    }
  }
}`
const YAML = `apiVersion: apps/v1
kind: Deployment
metadata: {name: yaml}
spec:
  unknown1: val1
  unknownDupe: a
  unknownDupe: b
  paused: true
  paused: false
  selector: {matchLabels: {app: x}}
  template:
    metadata: {labels: {app: x}}
    spec:
      containers:
      - name: c
        image: i
        unknownNested: v
        workingDir: /a
        workingDir: /b
`
const IN_ORDER = [
  'unknown field "spec.unknown1"',
  'unknown field "spec.unknownDupe"',
  'duplicate field "spec.paused"',
  'unknown field "spec.template.spec.containers[0].unknownNested"',
  'duplicate field "spec.template.spec.containers[0].workingDir"',
]
const SORTED = [
  'unknown field "spec.template.spec.containers[0].unknownNested"',
  'unknown field "spec.unknown1"',
  'unknown field "spec.unknownDupe"',
]
const YAML_LINES = [
  'line 7: key "unknownDupe" already set in map',
  'line 9: key "paused" already set in map',
  'line 19: key "workingDir" already set in map',
]
const strict = (problems: readonly string[]): string =>
  `Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: ${problems.join(', ')}`

/** The texts of Warning headers. */
const warnings = (header: string | undefined): string[] =>
  [...(header ?? '').matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replace(/\\(.)/g, '$1'),
  )

const yaml = { 'Content-Type': 'application/yaml' }

describe('create and update', () => {
  const rows = [
    { what: 'JSON', headers: {}, body: deployment('json'), name: 'json', error: IN_ORDER, warned: IN_ORDER },
    {
      what: 'YAML',
      headers: yaml,
      body: YAML,
      name: 'yaml',
      error: [['yaml: unmarshal errors:', ...YAML_LINES].join('\n  '), ...SORTED],
      warned: [...YAML_LINES, ...SORTED],
    },
  ]
  for (const { what, headers, body, name, error, warned } of rows) {
    it(`${what}: Strict refuses, Warn warns, Ignore is silent`, async () => {
      const create = async (mode: string) =>
        await ask(api, `${DEPLOYMENTS}?${mode}`, { method: 'POST', headers, body })
      const refused = await create('fieldValidation=Strict')
      expect([refused.code, refused.json()['message']]).toEqual([400, strict(error)])
      const silent = await create('fieldValidation=Ignore&dryRun=All')
      expect([silent.code, silent.headers['warning']]).toEqual([201, undefined])
      const made = await create('')
      expect([made.code, warnings(made.headers['warning'])]).toEqual([201, warned])
      expect(made.json()['spec']).toMatchObject({
        template: { spec: { containers: [{ workingDir: '/b' }] } },
      })
      const update = async (mode: string) =>
        await ask(api, `${DEPLOYMENTS}/${name}?fieldValidation=${mode}`, { method: 'PUT', headers, body })
      expect((await update('Strict')).json()['message']).toBe(strict(error))
      expect(warnings((await update('Warn')).headers['warning'])).toEqual(warned)
      expect(warnings((await update('Ignore')).headers['warning'])).toEqual([])
    })
  }
})

describe('patches', () => {
  const spec = '{"spec": {"unknown1": 1, "paused": true, "paused": true, "unknownDupe": 1, "unknownDupe": 2}}'
  const rows = [
    {
      type: 'merge-patch+json',
      body: spec,
      detail:
        /^ "" is invalid: patch: Invalid value: "\{.*\}": strict decoding error: duplicate field "spec.paused", duplicate field "spec.unknownDupe", unknown field "spec.unknown1", unknown field "spec.unknownDupe"$/,
    },
    {
      type: 'strategic-merge-patch+json',
      body: spec,
      detail:
        /^ "" is invalid: patch: Invalid value: "map\[spec:map\[paused:true unknown1:1 unknownDupe:2\]\]": strict decoding error: duplicate field "spec.paused", duplicate field "spec.unknownDupe", unknown field "spec.unknown1", unknown field "spec.unknownDupe"$/,
    },
    {
      type: 'json-patch+json',
      body: '[{"op": "add", "op": "add", "path": "/spec/foo", "value": 1, "extra": 2}]',
      detail:
        /strict decoding error: json patch duplicate field "\[0\].op", json patch unknown field "\[0\].extra", unknown field "spec.foo"$/,
    },
  ]
  beforeAll(async () => {
    const path = `${DEPLOYMENTS}?fieldValidation=Ignore`
    await ask(api, path, { method: 'POST', body: deployment('patched') })
  })
  for (const { type, body, detail } of rows) {
    it(type, async () => {
      const headers = { 'Content-Type': `application/${type}` }
      const patch = async (mode: string) =>
        await ask(api, `${DEPLOYMENTS}/patched?fieldValidation=${mode}`, { method: 'PATCH', headers, body })
      const refused = await patch('Strict')
      expect(refused.code).toBe(422)
      expect(refused.json()['message']).toMatch(detail)
      const warned = await patch('Warn')
      expect(warned.code).toBe(200)
      expect(warnings(warned.headers['warning']).length).toBeGreaterThan(1)
      expect(warnings((await patch('Ignore')).headers['warning'])).toEqual([])
    })
  }

  it('a value of the wrong type is Invalid, with the patch', async () => {
    const headers = { 'Content-Type': 'application/merge-patch+json' }
    const body = '{"spec":{"replicas":"many"}}'
    const refused = await ask(api, `${DEPLOYMENTS}/patched`, { method: 'PATCH', headers, body })
    expect(refused.code).toBe(422)
    expect(refused.json()['message']).toMatch(
      /^ "" is invalid: patch: Invalid value: ".*": json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32$/,
    )
  })

  it('only applies are forced', async () => {
    const headers = { 'Content-Type': 'application/merge-patch+json' }
    const refused = await ask(api, `${DEPLOYMENTS}/none?force=false`, {
      method: 'PATCH',
      headers,
      body: '{}',
    })
    expect([refused.code, refused.json()['message']]).toEqual([
      422,
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    ])
  })

  it('apply refuses what the schema does not have, whatever the mode', async () => {
    const apply = async (body: string, mode: string) =>
      await ask(api, `${DEPLOYMENTS}/applied?fieldManager=m&fieldValidation=${mode}`, {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/apply-patch+yaml' },
        body,
      })
    const body = YAML.replace('name: yaml', 'name: applied')
    const refused = await apply(body, 'Ignore')
    expect([refused.code, refused.json()['message']]).toEqual([
      400,
      [
        'failed to create typed patch object (/applied; apps/v1, Kind=Deployment): errors:',
        '.spec.unknown1: field not declared in schema',
        '.spec.unknownDupe: field not declared in schema',
        '.spec.template.spec.containers[name="c"].unknownNested: field not declared in schema',
      ].join('\n  '),
    ])
    const known = body.replaceAll(/^ *unknown.*\n/gm, '')
    const twice = await apply(known, 'Strict')
    expect([twice.code, twice.json()['message']]).toEqual([
      400,
      'error strict decoding YAML: yaml: unmarshal errors:\n  line 6: key "paused" already set in map\n' +
        '  line 15: key "workingDir" already set in map',
    ])
    const warned = await apply(known, 'Warn')
    expect([warned.code, warnings(warned.headers['warning'])]).toEqual([
      201,
      ['line 6: key "paused" already set in map', 'line 15: key "workingDir" already set in map'],
    ])
  })
})

describe('fields portolan ignores', () => {
  const pods = '/api/v1/namespaces/default/pods'
  const pod = (more: object): string =>
    JSON.stringify({
      metadata: { name: 'ignoring' },
      spec: { containers: [{ name: 'c', image: 'i' }], ...more },
    })

  it('of one reason are one warning', async () => {
    const more = { hostPID: true, hostIPC: true, shareProcessNamespace: true, hostUsers: false }
    const made = await ask(api, `${pods}?dryRun=All`, { method: 'POST', body: pod(more) })
    expect(warnings(made.headers['warning'])[0]).toMatch(
      /^spec\.hostPID, spec\.\S+, spec\.\S+( and 1 more)? are ignored: /,
    )
  })

  it('are warned of when they come, and not again', async () => {
    const made = await ask(api, pods, { method: 'POST', body: pod({ hostPID: true }) })
    expect([made.code, warnings(made.headers['warning'])]).toEqual([
      201,
      [expect.stringMatching(/^spec\.hostPID is ignored: /)],
    ])
    const label = async (patch: object) =>
      await ask(api, `${pods}/ignoring`, {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/merge-patch+json' },
        body: JSON.stringify(patch),
      })
    expect((await label({ metadata: { labels: { a: 'b' } } })).headers['warning']).toBeUndefined()
    const body = pod({ hostPID: true })
    const silent = `${pods}?fieldValidation=Ignore&dryRun=All`
    expect((await ask(api, silent, { method: 'POST', body })).headers['warning']).toBeUndefined()
  })
})
