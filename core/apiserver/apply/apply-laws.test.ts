/** Laws of server-side apply, over random configurations of several managers. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isApiError } from '../../api/api-error.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { PODS } from '../../api/scheme.ts'
import { SchemaTypes } from '../registry/schema-type.ts'
import { applyConfiguration } from './server-side-apply.ts'

const type = new SchemaTypes().ofKind('v1', 'Pod')
const SETTINGS = { seed: 20_260_103, numRuns: 300 }
const MANAGERS = ['m', 'n', 'o'] as const

interface Config {
  readonly labels: Readonly<Record<string, string>>
  readonly containers: readonly { readonly name: string; readonly image?: string }[]
}
const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 })
const config: fc.Arbitrary<Config> = fc.record({
  labels: fc.dictionary(fc.constantFrom('k', 'l', 'm'), fc.constantFrom('1', '2')),
  containers: names.chain((list) =>
    fc.tuple(
      ...list.map((name) =>
        fc.record({ name: fc.constant(name), image: fc.constantFrom('i', 'j') }, { requiredKeys: ['name'] }),
      ),
    ),
  ),
})

function applied(
  live: KubernetesObject | undefined,
  { labels, containers }: Config,
  manager: string,
  force = true,
) {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    // Decoding leaves out what is empty.
    metadata: { name: 'p', namespace: 'default', ...(Object.keys(labels).length > 0 ? { labels } : {}) },
    spec: containers.length > 0 ? { containers } : {},
  } as unknown as KubernetesObject
  const writer = { manager, apiVersion: 'v1', subresource: '', time: '2026-01-01T00:00:00Z' }
  return applyConfiguration({ resource: PODS, live, config: object, type, writer, force })
}

const steps = fc.array(fc.tuple(fc.constantFrom(...MANAGERS), config), { minLength: 1, maxLength: 6 })

/** What all managers that were here want, later ones first where they differ. */
function content(object: KubernetesObject): Config {
  const { metadata, spec } = object as unknown as {
    metadata: { labels?: object }
    spec?: { containers?: object[] }
  }
  return {
    labels: { ...metadata.labels },
    containers: (spec?.containers ?? []) as Config['containers'],
  } as Config
}

/** `labels.k=1`, `a`, `a.image=i` */
const facts = ({ labels, containers }: Config): Set<string> =>
  new Set([
    ...Object.entries(labels).map(([key, value]) => `labels.${key}=${value}`),
    ...containers.flatMap(({ name, image }) => [
      name,
      ...(image === undefined ? [] : [`${name}.image=${image}`]),
    ]),
  ])

const ran = (list: readonly (readonly [string, Config])[]): KubernetesObject => {
  let live: KubernetesObject | undefined
  for (const [manager, each] of list) live = applied(live, each, manager)
  if (live === undefined) throw new Error('no steps')
  return live
}

describe('server-side apply', () => {
  it('done twice is done once', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const live = ran(list)
        const [manager, last] = list.at(-1) ?? ['m', { labels: {}, containers: [] }]
        expect(applied(live, last, manager)).toEqual(live)
        expect(applied(live, last, manager, false)).toEqual(live)
      }),
      SETTINGS,
    )
  })

  it('with force makes the object hold all of the configuration', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const live = facts(content(ran(list)))
        const last = list.at(-1)?.[1]
        for (const fact of facts(last ?? { labels: {}, containers: [] })) expect(live).toContain(fact)
      }),
      SETTINGS,
    )
  })

  it('holds what some manager wants, and nothing that none wants any more', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const latest = new Map(list)
        const wanted = new Set([...latest.values()].flatMap((each) => [...facts(each)]))
        for (const fact of facts(content(ran(list)))) expect(wanted).toContain(fact)
      }),
      SETTINGS,
    )
  })

  it('without force refuses to change what others own, and names no one else', () => {
    fc.assert(
      fc.property(config, config, (first, second) => {
        const live = applied(undefined, first, 'm')
        const values = (each: Config): Map<string, string> =>
          new Map(
            [...facts(each)]
              .filter((fact) => fact.includes('='))
              .map((fact) => fact.split('=') as [string, string]),
          )
        const before = values(first)
        const clashes = [...values(second)].filter(
          ([field, value]) => before.has(field) && before.get(field) !== value,
        )
        const outcome = (() => {
          try {
            return applied(live, second, 'n', false)
          } catch (error) {
            return error
          }
        })()
        expect(isApiError(outcome, 'Conflict')).toBe(clashes.length > 0)
        if (!isApiError(outcome, 'Conflict')) return
        expect(outcome.status.details?.causes).toHaveLength(clashes.length)
        expect(outcome.message).not.toContain('conflict with "n"')
      }),
      SETTINGS,
    )
  })

  it('of nothing gives up everything, except what another owns too', () => {
    fc.assert(
      fc.property(config, config, (first, second) => {
        const both = applied(applied(undefined, first, 'm'), second, 'n')
        const left = applied(both, { labels: {}, containers: [] }, 'n')
        const owners = left.metadata.managedFields?.map(({ manager }) => manager) ?? []
        for (const fact of facts(content(left))) expect(facts(first)).toContain(fact)
        expect(
          JSON.stringify(left.metadata.managedFields?.find(({ manager }) => manager === 'n') ?? {}),
        ).not.toMatch(/f:(k|l|m|image)"/)
        expect(new Set(owners).size).toBe(owners.length)
      }),
      SETTINGS,
    )
  })
})
