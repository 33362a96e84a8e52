import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { sourceFiles } from '../../test/architecture/layers.ts'
import { decoded } from '../../test/support/kind-rules.ts'
import { COVERAGE } from './coverage.ts'
import { ignoredFields } from './ignored-fields.ts'
import type { KubernetesObject } from './object.ts'
import type { Resource } from './resource.ts'
import { fieldsByJsonName } from './schema/field-table.ts'
import { DEPLOYMENTS, PODS, SCHEME, SERVICES } from './scheme.ts'

const exceptionsOf = ({ ignored = [], rejected = [] }: (typeof COVERAGE)[number]): readonly string[] =>
  [...ignored, ...rejected].flatMap(({ fields }) => fields)

describe('the coverage table', () => {
  it.each(COVERAGE)('$kind $path: names fields that there are, each once', (row) => {
    const known = fieldsByJsonName(row.message)
    const named = exceptionsOf(row)
    expect(known.size).toBeGreaterThan(0)
    expect(named.filter((name) => !known.has(name))).toEqual([])
    expect(new Set(named).size).toBe(named.length)
  })

  it('speaks of each message once, and of served kinds only', () => {
    const messages = COVERAGE.map(({ message }) => message)
    expect(new Set(messages).size).toBe(messages.length)
    const kinds = SCHEME.map(({ kind }) => kind)
    expect(COVERAGE.filter(({ kind }) => !kinds.includes(kind))).toEqual([])
  })

  // Not proof that a field works, but a field that no code outside core/api names surely does not.
  it('calls implemented only what some component reads', () => {
    const files = sourceFiles().filter(
      (file) => !/^(core\/api|test|bench|scripts)\//.test(file) && !file.endsWith('.test.ts'),
    )
    const words = new Set(files.flatMap((file) => readFileSync(file, 'utf8').match(/\w+/g) ?? []))
    const unread = COVERAGE.flatMap((row) => {
      const exceptions = exceptionsOf(row)
      const fields = [...fieldsByJsonName(row.message).keys()]
      return fields
        .filter((name) => !exceptions.includes(name) && !words.has(name))
        .map((name) => `${row.kind} ${row.path} ${name}`)
    })
    // Written into data by the defaults of Secrets.
    expect(unread).toEqual(['Secret  stringData'])
  })
})

describe('ignored fields', () => {
  it.each([
    ['of a plain Service', SERVICES, { spec: { ports: [{ port: 80 }] } }, []],
    [
      'of a Pod',
      PODS,
      {
        spec: {
          hostPID: true,
          readinessGates: [],
          containers: [{ name: 'a', stdinOnce: true, securityContext: { privileged: true, runAsUser: 1 } }],
        },
      },
      [
        'spec.hostPID is ignored: processes are not confined beyond their namespaces',
        'spec.containers[0].stdinOnce is ignored: standard input stays open',
        'spec.containers[0].securityContext.privileged is ignored: processes are not confined beyond their namespaces',
      ],
    ],
    [
      'of a template',
      DEPLOYMENTS,
      { spec: { template: { spec: { topologySpreadConstraints: [{ maxSkew: 1 }] } } } },
      ['spec.template.spec.topologySpreadConstraints is ignored: the scheduler does not spread pods'],
    ],
  ])('%s', (_name, resource, body, expected) => {
    expect(
      ignoredFields(resource, decoded<KubernetesObject>(resource as Resource<KubernetesObject>, body)),
    ).toEqual(expected)
  })
})
