/**
 * What kube-apiserver 1.34.4 says of custom resources: ./custom-resource-cases.json holds a definition's version, what
 * was sent and the causes of the refusal, captured in November 2026.
 */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ApiError } from '../../core/api/api-error.ts'
import type { ResourceInfo } from '../../core/api/resource.ts'
import { CUSTOM_RESOURCE_DEFINITIONS } from '../../core/api/scheme.ts'
import type { Fixture, Loose } from './fixture.ts'
import { fixture } from './fixture.ts'

type Case =
  | readonly [how: 'create' | 'status', given: Loose, expected: readonly string[]]
  | readonly [how: 'update', given: Loose, before: Loose, expected: readonly string[]]

const { version, good, cases } = JSON.parse(
  readFileSync(new URL('custom-resource-cases.json', import.meta.url), 'utf8'),
) as { readonly version: Loose; readonly good: Loose; readonly cases: readonly Case[] }

const plum = (spec: Loose): Loose => ({ metadata: { name: 'a', namespace: 'default' }, spec })

async function served(api: Fixture): Promise<ResourceInfo> {
  await api.create(CUSTOM_RESOURCE_DEFINITIONS, {
    metadata: { name: 'plums.crds.example' },
    spec: {
      group: 'crds.example',
      scope: 'Namespaced',
      names: { plural: 'plums', kind: 'Plum' },
      versions: [version],
    },
  })
  const row = api.registry.kinds.forPath('crds.example', 'v1', 'plums')
  if (row === undefined) throw new Error('not served')
  return row
}

/** @returns the causes of the refusal; none: it was taken */
async function causes(sent: Promise<unknown>): Promise<readonly string[]> {
  try {
    await sent
    return []
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const told = error.status.details?.causes ?? []
    return [...new Set(told.map(({ field, message }) => `${field}: ${message}`))].toSorted()
  }
}

describe('custom resources', () => {
  it.each(cases.map((each) => [...each.slice(0, -1).map((part) => JSON.stringify(part)), each] as const))(
    '%s %s',
    async (...args) => {
      const [how, given, ...rest] = args.at(-1) as Case
      const api = await fixture()
      const row = await served(api)
      if (how === 'create') {
        expect(await causes(api.create(row, plum(given)))).toEqual(rest[0])
        return
      }
      const [before, expected] = how === 'update' ? rest : [good, rest[0]]
      const made = await api.create(row, plum(before))
      const next = how === 'update' ? { ...made, spec: given } : { ...made, status: given }
      expect(await causes(api.update(row, next, how === 'status' ? 'status' : undefined))).toEqual(expected)
    },
  )
})
