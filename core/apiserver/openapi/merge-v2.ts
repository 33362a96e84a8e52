/**
 * Puts OpenAPI v2 documents together: paths of the first that has them, definitions of one name that are not the same
 * under another name. Pure.
 * kubernetes/kube-openapi pkg/aggregator (MergeSpecsIgnorePathConflictRenamingDefinitionsAndParameters). Differs:
 * definitions that differ in their descriptions alone are the same.
 */

import { equalJson, isArray, isObject } from '../requests/json-value.ts'
import { without } from '../../api/omitted.ts'
import type { V2Part } from './remote-v2.ts'
import { withNames } from './remote-v2.ts'
import type { Schema } from './schema.ts'
import type { V2Document } from './v2.ts'

const KINDS = 'x-kubernetes-group-version-kind'

export function mergedV2(own: V2Document, others: readonly V2Part[]): V2Document {
  return others.reduce(merged, own)
}

function merged(document: V2Document, part: V2Part): V2Document {
  const paths = Object.entries(part.paths).filter(([path]) => !Object.hasOwn(document.paths, path))
  if (paths.length === 0) return document
  const definitions = { ...document.definitions }
  const names = new Map<string, string>()
  for (const [name, definition] of Object.entries(part.definitions)) {
    const chosen = nameFor(name, definition, document.definitions)
    if (chosen !== name) names.set(name, chosen)
  }
  for (const [name, definition] of Object.entries(part.definitions)) {
    const chosen = names.get(name) ?? name
    const known = definitions[chosen]
    definitions[chosen] =
      known === undefined ? withNames(definition, names) : withKinds(known, definition[KINDS])
  }
  return {
    ...document,
    paths: { ...document.paths, ...withNames(Object.fromEntries(paths), names) },
    definitions,
  }
}

/** Its own, unless another definition has it: then `NAME_v2`, or the next that is free or means the same. */
function nameFor(name: string, definition: Schema, taken: Readonly<Record<string, Schema>>): string {
  for (let count = 1; ; count += 1) {
    const wanted = count === 1 ? name : `${name}_v${count}`
    const known = Object.hasOwn(taken, wanted) ? taken[wanted] : undefined
    if (known === undefined || isSame(known, definition)) return wanted
  }
}

const isSame = (a: Schema, b: Schema): boolean =>
  equalJson(undescribed(without(a, KINDS)), undescribed(without(b, KINDS)))

/** A schema without what it says to people; a property may be called `description`. */
function undescribed(value: unknown, isNames = false): unknown {
  if (isArray(value)) return value.map((each) => undescribed(each))
  if (!isObject(value)) return value
  const entries = Object.entries(value).filter(([name]) => isNames || name !== 'description')
  return Object.fromEntries(
    entries.map(([name, member]) => [name, undescribed(member, !isNames && name === 'properties')]),
  )
}

function withKinds(known: Schema, kinds: unknown): Schema {
  const own = isArray(known[KINDS]) ? known[KINDS] : []
  const more = (isArray(kinds) ? kinds : []).filter((kind) => !own.some((each) => equalJson(each, kind)))
  return more.length === 0 ? known : { ...known, [KINDS]: [...own, ...more] }
}
