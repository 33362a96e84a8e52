/**
 * What pods of an operating system may not say: what only the other one knows
 * (kubernetes/kubernetes pkg/apis/core/validation/validation.go validateLinux, validateWindows). Pure.
 */

import type { PodSpec, SecurityContext } from '../generated/core-v1.ts'
import { CONTAINER_LISTS } from '../pod-containers.ts'
import type { Faults } from './faults.ts'
import { forbiddenField, notSupported, required } from './faults.ts'

const SYSTEMS = ['linux', 'windows']

/** Faults of the system a pod says it is of, and of what does not go with it. */
export function validateSystem(spec: PodSpec, at: string): Faults {
  const { os } = spec
  if (os === undefined) return []
  if (!os.name) return [required(`${at}.os.name`)]
  if (!SYSTEMS.includes(os.name)) return [notSupported(`${at}.os`, os.name, SYSTEMS)]
  return os.name === 'linux' ? linuxFaults(spec, at) : windowsFaults(spec, at)
}

function contextsOf(
  spec: PodSpec,
  at: string,
): readonly { readonly at: string; readonly context: SecurityContext }[] {
  return CONTAINER_LISTS.flatMap((list) =>
    (spec[list] ?? []).flatMap(({ securityContext }, index) =>
      securityContext ? [{ at: `${at}.${list}[${index}].securityContext`, context: securityContext }] : [],
    ),
  )
}

function linuxFaults(spec: PodSpec, at: string): Faults {
  const own = spec.securityContext
    ? [{ at: `${at}.securityContext`, context: spec.securityContext as SecurityContext }]
    : []
  return [...own, ...contextsOf(spec, at)]
    .filter(({ context }) => context.windowsOptions !== undefined)
    .map((each) =>
      forbiddenField(`${each.at}.windowsOptions`, 'windows options cannot be set for a linux pod'),
    )
}

/** In upstream's order: of the pod itself where it says so, else of its security context. */
const POD_FIELDS = [
  'securityContext.appArmorProfile',
  'securityContext.seLinuxOptions',
  'hostUsers',
  'hostPID',
  'hostIPC',
  'securityContext.seccompProfile',
  'securityContext.fsGroup',
  'securityContext.fsGroupChangePolicy',
  'securityContext.sysctls',
  'shareProcessNamespace',
  'securityContext.runAsUser',
  'securityContext.runAsGroup',
  'securityContext.supplementalGroups',
  'securityContext.supplementalGroupsPolicy',
  'securityContext.seLinuxChangePolicy',
]
const CONTAINER_FIELDS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
]

type Fields = Readonly<Record<string, unknown>>

function windowsFaults(spec: PodSpec, at: string): Faults {
  const detail = 'cannot be set for a windows pod'
  const context: Fields = { ...spec.securityContext }
  const valueOf = (field: string): unknown => {
    const [, inner] = field.split('.')
    return inner === undefined ? (spec as unknown as Fields)[field] : context[inner]
  }
  return [
    ...POD_FIELDS.filter((field) => valueOf(field) !== undefined).map((field) =>
      forbiddenField(`${at}.${field}`, detail),
    ),
    ...contextsOf(spec, at).flatMap((each) => {
      const own: Fields = { ...each.context }
      return CONTAINER_FIELDS.filter((field) => own[field] !== undefined).map((field) =>
        forbiddenField(`${each.at}.${field}`, detail),
      )
    }),
  ]
}
