/**
 * What the server itself writes into a CustomResourceDefinition: the names it accepted, whether it is served, which
 * versions are stored. Pure.
 * kubernetes/apiextensions-apiserver pkg/controller/{status,establish,apiapproval}.
 */

import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
} from '../../api/generated/apiextensions-v1.ts'
import { CLEANUP_FINALIZER, storageVersion } from '../../api/custom-resource.ts'
import { timestamp } from '../../api/timestamp.ts'

export interface StatusFacts {
  readonly old: CustomResourceDefinition | undefined
  /** the other definitions of the group */
  readonly others: readonly CustomResourceDefinition[]
  readonly nowMs: number
}

/** @returns the definition with its finalizer and status */
export function withDefinitionStatus(
  crd: CustomResourceDefinition,
  { old, others, nowMs }: StatusFacts,
): CustomResourceDefinition {
  const conflict = nameConflict(crd, others)
  const stored = storageVersion(crd)?.name ?? ''
  const before = old?.status?.storedVersions ?? []
  const accepted = conflict === undefined ? crd.spec.names : old?.status?.acceptedNames
  const isEstablished = conflict === undefined || hasTrue(old, 'Established')
  const wanted: readonly Condition[] = [
    conflict === undefined
      ? ['NamesAccepted', 'True', 'NoConflicts', 'no conflicts found']
      : ['NamesAccepted', 'False', conflict.reason, conflict.message],
    isEstablished
      ? ['Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted']
      : ['Established', 'False', 'NotAccepted', 'not all names are accepted'],
    ...approval(crd),
    ...(crd.metadata.deletionTimestamp
      ? ([
          ['Terminating', 'True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress'],
        ] as const)
      : []),
  ]
  const { finalizers = [] } = crd.metadata
  const isNew = old === undefined
  return {
    ...crd,
    metadata: {
      ...crd.metadata,
      ...(isNew && !finalizers.includes(CLEANUP_FINALIZER)
        ? { finalizers: [...finalizers, CLEANUP_FINALIZER] }
        : {}),
    },
    status: {
      conditions: conditionsOf(wanted, old?.status?.conditions ?? [], nowMs),
      acceptedNames: accepted ?? { plural: '', kind: '' },
      storedVersions: before.includes(stored) ? before : [...before, stored],
    },
  }
}

type Condition = readonly [type: string, status: string, reason: string, message: string]

const hasTrue = (crd: CustomResourceDefinition | undefined, type: string): boolean =>
  crd?.status?.conditions?.some((each) => each.type === type && each.status === 'True') ?? false

function conditionsOf(
  wanted: readonly Condition[],
  before: readonly CustomResourceDefinitionCondition[],
  nowMs: number,
): readonly CustomResourceDefinitionCondition[] {
  return wanted.map(([type, status, reason, message]) => {
    const known = before.find((each) => each.type === type)
    const lastTransitionTime = known?.status === status ? known.lastTransitionTime : timestamp(nowMs)
    return { type, status, lastTransitionTime, reason, message }
  })
}

function nameConflict(
  crd: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
): { readonly reason: string; readonly message: string } | undefined {
  const taken = others.flatMap(({ status }) => (status?.acceptedNames ? namesOf(status.acceptedNames) : []))
  const takenKinds = others.flatMap(({ status }) => kindsOf(status?.acceptedNames))
  const own = namesOf(crd.spec.names)
  const clash = own.find(({ name }) => taken.some((each) => each.name === name))
  if (clash)
    return { reason: `${clash.as}Conflict`, message: `${JSON.stringify(clash.name)} is already in use` }
  const kind = kindsOf(crd.spec.names).find((each) => takenKinds.includes(each))
  return kind === undefined
    ? undefined
    : { reason: 'KindConflict', message: `${JSON.stringify(kind)} is already in use` }
}

function namesOf({ plural, singular, shortNames = [] }: CustomResourceDefinitionNames) {
  return [
    { as: 'Plural', name: plural },
    ...(singular ? [{ as: 'Singular', name: singular }] : []),
    ...shortNames.map((name) => ({ as: 'ShortNames', name })),
  ]
}

const kindsOf = (names: CustomResourceDefinitionNames | undefined): readonly string[] =>
  names === undefined ? [] : [names.kind, ...(names.listKind ? [names.listKind] : [])]

const APPROVAL = 'api-approved.kubernetes.io'

/** Groups of Kubernetes' own need the approval of its reviewers. */
function approval({ spec, metadata }: CustomResourceDefinition): readonly Condition[] {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(spec.group)) return []
  const value = metadata.annotations?.[APPROVAL] ?? ''
  const type = 'KubernetesAPIApprovalPolicyConformant'
  if (value === '') {
    const message = `protected groups must have approval annotation "${APPROVAL}", see https://github.com/kubernetes/enhancements/pull/1111`
    return [[type, 'False', 'MissingAnnotation', message]]
  }
  if (value.startsWith('unapproved'))
    return [[type, 'False', 'UnapprovedAnnotation', `not approved: ${JSON.stringify(value)}`]]
  return URL.canParse(value)
    ? [[type, 'True', 'ApprovedAnnotation', `approved in ${value}`]]
    : [
        [
          type,
          'False',
          'InvalidAnnotation',
          `protected groups must have approval annotation "${APPROVAL}" with either a URL or a reason starting with "unapproved"`,
        ],
      ]
}
