/**
 * Which of the names a definition asks for it may have: those that no other definition of its group has. Pure.
 * kubernetes/apiextensions-apiserver pkg/controller/status/naming_controller.go.
 */

import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
} from '../../api/generated/apiextensions-v1.ts'
import { isSameValue } from '../../api/equality.ts'

export interface NameVerdict {
  /** those it has now, what it had before where it may not have what it asks for */
  readonly accepted: CustomResourceDefinitionNames
  /** the last name it may not have; undefined: it has all */
  readonly conflict: { readonly reason: string; readonly message: string } | undefined
}

/**
 * @param before names accepted earlier; undefined: none
 * @param others the other definitions of the group
 */
export function acceptedNames(
  wanted: CustomResourceDefinitionNames,
  before: CustomResourceDefinitionNames | undefined,
  others: readonly CustomResourceDefinition[],
): NameVerdict {
  const names = others.flatMap(({ status }) => (status?.acceptedNames ? [status.acceptedNames] : []))
  const resources = new Set(names.flatMap((each) => [each.plural, each.singular, ...(each.shortNames ?? [])]))
  const kinds = new Set(names.flatMap((each) => [each.kind, each.listKind]))
  const had = before ?? { plural: '', kind: '' }
  let conflict: NameVerdict['conflict']
  const chosen = (
    as: string,
    name: string | undefined,
    old: string | undefined,
    taken: ReadonlySet<unknown>,
  ) => {
    if (name === old || !name || !taken.has(name)) return name
    conflict = { reason: `${as}Conflict`, message: `${JSON.stringify(name)} is already in use` }
    return old
  }
  const plural = chosen('Plural', wanted.plural, had.plural, resources) ?? ''
  const singular = chosen('Singular', wanted.singular, had.singular, resources)
  const shortNames = chosenShortNames(wanted, had, resources)
  if (shortNames.conflict) conflict = shortNames.conflict
  const kind = chosen('Kind', wanted.kind, had.kind, kinds) ?? ''
  const listKind = chosen('ListKind', wanted.listKind, had.listKind, kinds)
  const { categories } = wanted
  return {
    accepted: {
      plural,
      ...(singular ? { singular } : {}),
      ...(shortNames.names ? { shortNames: shortNames.names } : {}),
      kind,
      ...(listKind ? { listKind } : {}),
      ...(categories ? { categories } : {}),
    },
    conflict,
  }
}

/** All or none. */
function chosenShortNames(
  { shortNames: wanted = [] }: CustomResourceDefinitionNames,
  { shortNames: had = [] }: CustomResourceDefinitionNames,
  taken: ReadonlySet<unknown>,
): { readonly names: readonly string[] | undefined; readonly conflict: NameVerdict['conflict'] } {
  const listed = (names: readonly string[]): readonly string[] | undefined =>
    names.length > 0 ? names : undefined
  const clashes = isSameValue(wanted, had)
    ? []
    : wanted.filter((name) => !had.includes(name) && taken.has(name))
  if (clashes.length === 0) return { names: listed(wanted), conflict: undefined }
  const said = clashes.map((name) => `${JSON.stringify(name)} is already in use`)
  const message = said.length === 1 ? (said[0] ?? '') : `[${said.join(', ')}]`
  return { names: listed(had), conflict: { reason: 'ShortNamesConflict', message } }
}
