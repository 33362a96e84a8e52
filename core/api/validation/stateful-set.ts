/** StatefulSets (kubernetes/kubernetes pkg/apis/apps/validation/validation.go, ValidateStatefulSet*). Pure. */

import type { StatefulSet, StatefulSetSpec } from '../generated/apps-v1.ts'
import type { PodTemplateSpec } from '../generated/core-v1.ts'
import { isSameValue } from '../equality.ts'
import type { Faults } from './faults.ts'
import {
  forbiddenField,
  invalidValue,
  nonNegative,
  notSupported,
  optionalText,
  required,
  when,
} from './faults.ts'
import { validateLabelSelector } from './label-selector.ts'
import { dnsLabelFaults } from './names.ts'
import { validateClaimSpec } from './persistent-volume-claim.ts'
import { isEmptySelector, validateTemplate } from './workloads.ts'

const RETENTIONS = ['Retain', 'Delete']

/** Faults of a StatefulSet, metadata aside. */
export const validateStatefulSet = ({ spec }: StatefulSet): Faults => validateSpec(spec)

/** What is not held against a set that is there already. */
interface Tolerance {
  /** what stays as it was made */
  readonly fixedParts?: boolean
  readonly podTemplate?: boolean
}

function validateSpec(spec: StatefulSetSpec, tolerated: Tolerance = {}): Faults {
  const template = filledTemplate(spec)
  const { podManagementPolicy: policy = '', selector, persistentVolumeClaimRetentionPolicy: retention } = spec
  return [
    ...when(policy === '', () => required('spec.podManagementPolicy')),
    ...when(policy !== '' && policy !== 'OrderedReady' && policy !== 'Parallel', () =>
      invalidValue('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'"),
    ),
    ...strategyFaults(spec),
    ...(['whenDeleted', 'whenScaled'] as const).flatMap((name) => {
      const value = retention?.[name] ?? ''
      return when(retention !== undefined && !RETENTIONS.includes(value), () =>
        notSupported(`spec.persistentVolumeClaimRetentionPolicy.${name}`, value, RETENTIONS),
      )
    }),
    ...(tolerated.fixedParts ? [] : validateClaimTemplates(spec)),
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...nonNegative('spec.ordinals.start', spec.ordinals?.start),
    ...(tolerated.fixedParts ? [] : optionalText('spec.serviceName', spec.serviceName, dnsLabelFaults)),
    ...(selector === undefined
      ? [required('spec.selector')]
      : [
          ...validateLabelSelector(selector, 'spec.selector'),
          ...when(isEmptySelector(selector), () =>
            invalidValue('spec.selector', selector, 'empty selector is invalid for statefulset'),
          ),
        ]),
    ...validateTemplate(template, selector, {
      owner: 'StatefulSet',
      noUse: '',
      ...(tolerated.podTemplate ? { isKept: true } : {}),
    }),
  ]
}

const validateClaimTemplates = ({ volumeClaimTemplates = [] }: StatefulSetSpec): Faults =>
  volumeClaimTemplates.flatMap((claim, index) =>
    validateClaimSpec(claim.spec ?? {}, `spec.volumeClaimTemplates[${index}].spec`),
  )

function strategyFaults({ updateStrategy = {} }: StatefulSetSpec): Faults {
  const at = 'spec.updateStrategy'
  const { type = '', rollingUpdate } = updateStrategy
  if (type === '') return [required(at)]
  if (type === 'OnDelete') {
    return when(rollingUpdate !== undefined, () =>
      invalidValue(`${at}.rollingUpdate`, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'"),
    )
  }
  if (type !== 'RollingUpdate')
    return [invalidValue(at, shown(updateStrategy), "must be 'RollingUpdate' or 'OnDelete'")]
  return nonNegative(`${at}.rollingUpdate.partition`, rollingUpdate?.partition)
}

/** As upstream shows its internal type. */
const shown = ({ type, rollingUpdate }: NonNullable<StatefulSetSpec['updateStrategy']>): unknown => ({
  Type: type,
  RollingUpdate: rollingUpdate
    ? { Partition: rollingUpdate.partition ?? 0, MaxUnavailable: rollingUpdate.maxUnavailable ?? null }
    : null,
})

/** The template with the volumes and the names that its pods will be given. */
function filledTemplate({ template, volumeClaimTemplates = [] }: StatefulSetSpec): PodTemplateSpec {
  const { subdomain: _, hostname: __, volumes = [], ...spec } = template.spec ?? { containers: [] }
  const claimed = new Map(
    volumeClaimTemplates.map(({ metadata: { name = '' } = {} }) => [
      name,
      { name, persistentVolumeClaim: { claimName: name } },
    ]),
  )
  const all = [...claimed.values(), ...volumes.filter(({ name }) => !claimed.has(name))]
  return { ...template, spec: { ...spec, ...(all.length > 0 ? { volumes: all } : {}) } }
}

/** What may change after creation. */
const CHANGEABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const

const NAMES = `${CHANGEABLE.slice(0, -1)
  .map((name) => `'${name}'`)
  .join(', ')} and '${CHANGEABLE.at(-1)}'`

/** Faults of a changed StatefulSet: most of its spec stays. */
export function validateStatefulSetUpdate(set: StatefulSet, old: StatefulSet): Faults {
  const wasFaulty = validateSpec(old.spec, { fixedParts: true }).length > 0
  const kept = (spec: StatefulSetSpec): object =>
    Object.fromEntries(Object.entries(spec).filter(([name]) => !CHANGEABLE.some((each) => each === name)))
  return [
    ...validateSpec(set.spec, { fixedParts: true, podTemplate: wasFaulty }),
    ...when(!isSameValue(kept(set.spec), kept(old.spec)), () =>
      forbiddenField('spec', `updates to statefulset spec for fields other than ${NAMES} are forbidden`),
    ),
  ]
}
