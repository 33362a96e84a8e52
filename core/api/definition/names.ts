/**
 * Names, group and scope of a definition
 * (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go). Pure.
 */

import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
} from '../generated/apiextensions-v1.ts'
import type { Faults } from '../validation/faults.ts'
import { choice, invalidValue, required, when } from '../validation/faults.ts'
import { dns1035LabelFaults, dnsSubdomainFaults } from '../validation/names.ts'

/** All that is wrong with a text, said at once. */
export function wrongText(field: string, value: string, faults: readonly string[], prefix = ''): Faults {
  return when(faults.length > 0, () => invalidValue(field, value, prefix + faults.join(',')))
}

export function groupFaults(group: string): Faults {
  const field = 'spec.group'
  if (!group) return [required(field)]
  const wrong = wrongText(field, group, dnsSubdomainFaults(group))
  if (wrong.length > 0) return wrong
  return when(!group.includes('.'), () =>
    invalidValue(field, group, 'should be a domain with at least one dot'),
  )
}

export const scopeFaults = ({ scope }: CustomResourceDefinitionSpec): Faults =>
  choice('spec.scope', scope, ['Cluster', 'Namespaced'])

const NEEDED = ['plural', 'singular', 'kind', 'listKind'] as const

/** Faults of the names a definition asks for: all four must be there. */
export function nameFaults({ names }: CustomResourceDefinitionSpec): Faults {
  return [
    ...NEEDED.flatMap((name) => when(!names[name], () => required(`spec.names.${name}`))),
    ...givenNameFaults(names, 'spec.names'),
  ]
}

/** Faults of the names that are given. */
export function givenNameFaults(names: CustomResourceDefinitionNames, at: string): Faults {
  const { plural, singular, kind, listKind, shortNames = [], categories = [] } = names
  const lower = (name: string, text: string | undefined): Faults =>
    text ? wrongText(`${at}.${name}`, text, dns1035LabelFaults(text)) : []
  const mixed = (name: string, text: string | undefined): Faults =>
    text
      ? wrongText(
          `${at}.${name}`,
          text,
          dns1035LabelFaults(text.toLowerCase()),
          'may have mixed case, but should otherwise match: ',
        )
      : []
  const list = (name: string, texts: readonly string[]): Faults =>
    texts.flatMap((text, index) => wrongText(`${at}.${name}[${index}]`, text, dns1035LabelFaults(text)))
  return [
    ...lower('plural', plural),
    ...lower('singular', singular),
    ...mixed('kind', kind),
    ...mixed('listKind', listKind),
    ...list('shortNames', shortNames),
    ...when(kind && kind === listKind, () =>
      invalidValue(`${at}.listKind`, listKind, 'kind and listKind may not be the same'),
    ),
    ...list('categories', categories),
  ]
}

const APPROVAL = 'api-approved.kubernetes.io'
const REVIEW = 'see https://github.com/kubernetes/enhancements/pull/1111'

/** What the annotation says of a group of Kubernetes' own. */
export interface Approval {
  readonly state: 'missing' | 'bypassed' | 'approved' | 'invalid'
  readonly reason: string
}

/** @returns undefined for groups that need no approval */
export function approvalOf({ spec, metadata }: CustomResourceDefinition): Approval | undefined {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(spec.group)) return undefined
  const value = metadata.annotations?.[APPROVAL] ?? ''
  const wanted = `protected groups must have approval annotation "${APPROVAL}"`
  if (value === '') return { state: 'missing', reason: `${wanted}, ${REVIEW}` }
  if (value.startsWith('unapproved'))
    return { state: 'bypassed', reason: `not approved: ${JSON.stringify(value)}` }
  if (URL.canParse(value) && /^[a-z][a-z0-9+.-]*:\/\/[^/?#]/i.test(value))
    return { state: 'approved', reason: `approved in ${value}` }
  return {
    state: 'invalid',
    reason: `${wanted} with either a URL or a reason starting with "unapproved", ${REVIEW}`,
  }
}

/** Faults of the approval; what was wrong before may stay. */
export function approvalFaults(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): Faults {
  const approval = approvalOf(crd)
  if (approval === undefined) return []
  const before = old && approvalOf({ ...old, spec: crd.spec })
  if (before?.state === approval.state) return []
  const field = `metadata.annotations[${APPROVAL}]`
  if (approval.state === 'missing') return [required(field, approval.reason)]
  return when(approval.state === 'invalid', () =>
    invalidValue(field, crd.metadata.annotations?.[APPROVAL], approval.reason),
  )
}
