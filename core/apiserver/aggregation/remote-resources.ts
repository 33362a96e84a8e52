/** What an extension API server says it serves, as rows of a scheme. Pure; the document is another's, and checked. */

import type { ResourceInfo, Subresource, Verb } from '../../api/resource.ts'
import type { ExtensionService } from './extension-service.ts'

interface Entry {
  readonly name: string
  readonly kind: string
  readonly [field: string]: unknown
}

/** @throws Error when the document is no APIResourceList of the group-version */
export function remoteResources(
  document: unknown,
  { group, version }: ExtensionService,
): readonly ResourceInfo[] {
  const { kind, resources } = (document ?? {}) as { readonly kind?: unknown; readonly resources?: unknown }
  if (kind !== 'APIResourceList' || !(resources === null || Array.isArray(resources))) {
    throw new Error('the answer is no APIResourceList')
  }
  const entries = (resources ?? []).filter(isEntry)
  return entries
    .filter(({ name }) => !name.includes('/'))
    .map((entry) => ({
      group,
      version,
      resource: entry.name,
      singular: textOf(entry['singularName']),
      kind: entry.kind,
      namespaced: entry['namespaced'] === true,
      shortNames: texts(entry['shortNames']),
      categories: texts(entry['categories']),
      verbs: texts(entry['verbs']) as readonly Verb[],
      subresources: entries
        .filter(({ name }) => name.startsWith(`${entry.name}/`))
        .map((each) => subresource(each, entry.name)),
    }))
}

function isEntry(value: unknown): value is Entry {
  const { name, kind } = (value ?? {}) as { readonly name?: unknown; readonly kind?: unknown }
  return typeof name === 'string' && typeof kind === 'string'
}

function subresource(entry: Entry, resource: string): Subresource {
  const { group, version } = entry
  return {
    name: entry.name.slice(resource.length + 1),
    kind: entry.kind,
    verbs: texts(entry['verbs']),
    ...(typeof group === 'string' && typeof version === 'string' ? { group, version } : {}),
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
