/**
 * What the server itself writes into a CustomResourceDefinition: the names it accepted, whether it is served, which
 * versions are stored. Pure.
 * kubernetes/apiextensions-apiserver pkg/controller/{status,establish,apiapproval}.
 */

import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
} from '../../api/generated/apiextensions-v1.ts'
import { storageVersion } from '../../api/custom-resource.ts'
import type { Approval } from '../../api/definition/names.ts'
import { approvalOf } from '../../api/definition/names.ts'
import { timestamp } from '../../api/timestamp.ts'
import { acceptedNames } from './accepted-names.ts'

export interface StatusFacts {
  readonly old: CustomResourceDefinition | undefined
  /** the other definitions of the group */
  readonly others: readonly CustomResourceDefinition[]
  readonly nowMs: number
}

/** @returns the definition with its status */
export function withDefinitionStatus(
  crd: CustomResourceDefinition,
  { old, others, nowMs }: StatusFacts,
): CustomResourceDefinition {
  const { accepted, conflict } = acceptedNames(crd.spec.names, old?.status?.acceptedNames, others)
  const stored = storageVersion(crd)?.name
  const before = old?.status?.storedVersions ?? []
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
  return {
    ...crd,
    status: {
      conditions: conditionsOf(wanted, old?.status?.conditions ?? [], nowMs),
      acceptedNames: accepted,
      storedVersions: stored === undefined || before.includes(stored) ? before : [...before, stored],
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

const APPROVALS: Readonly<Record<Approval['state'], readonly [status: string, reason: string]>> = {
  missing: ['False', 'MissingAnnotation'],
  bypassed: ['False', 'UnapprovedAnnotation'],
  approved: ['True', 'ApprovedAnnotation'],
  invalid: ['False', 'InvalidAnnotation'],
}

/** Groups of Kubernetes' own need the approval of its reviewers. */
function approval(crd: CustomResourceDefinition): readonly Condition[] {
  const found = approvalOf(crd)
  if (found === undefined) return []
  return [['KubernetesAPIApprovalPolicyConformant', ...APPROVALS[found.state], found.reason]]
}
