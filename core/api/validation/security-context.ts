/** Security contexts of pods and containers (kubernetes/kubernetes pkg/apis/core/validation/validation.go). Pure. */

import type {
  AppArmorProfile,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  Sysctl,
} from '../generated/core-v1.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  invalidValue,
  notSupported,
  optionalChoice,
  repeated,
  required,
  tooLong,
  when,
} from './faults.ts'
import { descendingPathFaults } from './paths.ts'

const MAX_ID = 2 ** 31 - 1
const MAX_PROFILE = 4095
const MAX_SYSCTL = 253
const SYSCTL = '([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const SYSCTL_REGEX = new RegExp(`^${SYSCTL}$`)
const PROFILES = ['Localhost', 'RuntimeDefault', 'Unconfined']

/** A fault when a user or group is none that Linux knows. */
export const idFaults = (field: string, id: number | undefined): Faults =>
  when(id !== undefined && (id < 0 || id > MAX_ID), () =>
    invalidValue(field, id, `must be between 0 and ${MAX_ID}, inclusive`),
  )

/** Faults of what a pod's containers have in common. */
export function validatePodSecurityContext(spec: PodSpec, at: string): Faults {
  const context = spec.securityContext ?? {}
  const { supplementalGroups = [], sysctls = [] } = context
  return [
    ...idFaults(`${at}.fsGroup`, context.fsGroup),
    ...idFaults(`${at}.runAsUser`, context.runAsUser),
    ...idFaults(`${at}.runAsGroup`, context.runAsGroup),
    ...supplementalGroups.flatMap((id, index) => idFaults(`${at}.supplementalGroups[${index}]`, id)),
    ...when(spec.shareProcessNamespace && spec.hostPID, () =>
      invalidValue(
        `${at}.shareProcessNamespace`,
        true,
        'ShareProcessNamespace and HostPID cannot both be enabled',
      ),
    ),
    ...validateSysctls(sysctls, spec, `${at}.sysctls`),
    ...optionalChoice(`${at}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']),
    ...seccompFaults(context.seccompProfile, `${at}.seccompProfile`),
    ...appArmorFaults(context.appArmorProfile, `${at}.appArmorProfile`),
    ...optionalChoice(`${at}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, [
      'Merge',
      'Strict',
    ]),
    ...optionalChoice(`${at}.seLinuxChangePolicy`, context.seLinuxChangePolicy, ['Recursive']),
  ]
}

function validateSysctls(sysctls: readonly Sysctl[], spec: PodSpec, field: string): Faults {
  const again = new Set(repeated(sysctls, ({ name }) => name))
  return sysctls.flatMap(({ name }, index) => {
    const at = `${field}[${index}].name`
    return [
      ...sysctlFaults(name, at, again.has(index)),
      ...when(spec.hostNetwork && /^net[./]/.test(name), () =>
        invalidValue(at, name, 'may not be specified when hostNetwork is true'),
      ),
      ...when(spec.hostIPC && /^(kernel[./](shm|msg|sem)|fs[./]mqueue[./])/.test(name), () =>
        invalidValue(at, name, 'may not be specified when hostIPC is true'),
      ),
    ]
  })
}

function sysctlFaults(name: string, at: string, isAgain: boolean): Faults {
  if (!name) return [required(at)]
  if (name.length > MAX_SYSCTL || !SYSCTL_REGEX.test(name))
    return [invalidValue(at, name, `must have at most ${MAX_SYSCTL} characters and match regex ^${SYSCTL}$`)]
  return when(isAgain, () => duplicate(at, name))
}

function seccompFaults(profile: SeccompProfile | undefined, at: string): Faults {
  if (profile === undefined) return []
  const { type, localhostProfile } = profile
  const field = `${at}.localhostProfile`
  const typeFaults = type
    ? optionalChoice(`${at}.type`, type, PROFILES)
    : [required(`${at}.type`, 'type is required when seccompProfile is set')]
  if (type !== 'Localhost')
    return [
      ...typeFaults,
      ...when(localhostProfile !== undefined, () =>
        // Upstream shows its internal type.
        invalidValue(
          field,
          { Type: type, LocalhostProfile: localhostProfile },
          'can only be set when seccomp type is Localhost',
        ),
      ),
    ]
  return localhostProfile === undefined
    ? [required(field, 'must be set when seccomp type is Localhost')]
    : descendingPathFaults(field, localhostProfile)
}

function appArmorFaults(profile: AppArmorProfile | undefined, at: string): Faults {
  if (profile === undefined) return []
  const { type, localhostProfile: local } = profile
  const field = `${at}.localhostProfile`
  switch (type) {
    case 'Localhost':
      return localProfileFaults(field, local)
    case 'RuntimeDefault':
    case 'Unconfined':
      return when(local !== undefined, () =>
        invalidValue(field, local, 'can only be set when AppArmor type is Localhost'),
      )
    case '':
      return [required(`${at}.type`, 'type is required when appArmorProfile is set')]
    default:
      return [notSupported(`${at}.type`, type, PROFILES)]
  }
}

function localProfileFaults(field: string, local: string | undefined): Faults {
  const missing = required(field, 'must be set when AppArmor type is Localhost')
  if (local === undefined) return [missing]
  return [
    ...(local.trim() === local
      ? when(local === '', () => missing)
      : [invalidValue(field, local, 'must not be padded with whitespace')]),
    ...when(local.length > MAX_PROFILE, () => tooLong(field, MAX_PROFILE)),
  ]
}

/** Faults of a container's own. @param sharesUsers whether the pod has the users of its node */
export function validateSecurityContext(
  context: SecurityContext | undefined,
  at: string,
  sharesUsers: boolean,
): Faults {
  if (context === undefined) return []
  const { procMount } = context
  return [
    ...idFaults(`${at}.runAsUser`, context.runAsUser),
    ...idFaults(`${at}.runAsGroup`, context.runAsGroup),
    ...optionalChoice(`${at}.procMount`, procMount, ['Default', 'Unmasked']),
    ...when(sharesUsers && procMount === 'Unmasked', () =>
      invalidValue(`${at}.procMount`, procMount, '`hostUsers` must be false to use `Unmasked`'),
    ),
    ...seccompFaults(context.seccompProfile, `${at}.seccompProfile`),
    ...escalationFaults(context, at),
    ...appArmorFaults(context.appArmorProfile, `${at}.appArmorProfile`),
  ]
}

/** What lets a process do all makes no sense where it may not gain anything. */
function escalationFaults(context: SecurityContext, at: string): Faults {
  if (context.allowPrivilegeEscalation !== false) return []
  const fault = (other: string): Faults[number] =>
    invalidValue(at, shown(context), `cannot set \`allowPrivilegeEscalation\` to false and ${other}`)
  const added = context.capabilities?.add ?? []
  return [
    ...when(context.privileged, () => fault('`privileged` to true')),
    ...added
      .filter((capability) => capability === 'CAP_SYS_ADMIN')
      .map(() => fault('`capabilities.Add` CAP_SYS_ADMIN')),
  ]
}

/** As upstream shows its internal type. */
function shown(context: SecurityContext): unknown {
  const { capabilities, seLinuxOptions, seccompProfile, appArmorProfile } = context
  const { user = '', role = '', type = '', level = '' } = seLinuxOptions ?? {}
  const profile = (each: SeccompProfile | AppArmorProfile | undefined): unknown =>
    each ? { Type: each.type, LocalhostProfile: each.localhostProfile ?? null } : null
  return {
    Capabilities: capabilities ? { Add: capabilities.add ?? null, Drop: capabilities.drop ?? null } : null,
    Privileged: context.privileged ?? null,
    SELinuxOptions: seLinuxOptions ? { User: user, Role: role, Type: type, Level: level } : null,
    WindowsOptions: null,
    RunAsUser: context.runAsUser ?? null,
    RunAsGroup: context.runAsGroup ?? null,
    RunAsNonRoot: context.runAsNonRoot ?? null,
    ReadOnlyRootFilesystem: context.readOnlyRootFilesystem ?? null,
    AllowPrivilegeEscalation: context.allowPrivilegeEscalation ?? null,
    ProcMount: context.procMount ?? null,
    SeccompProfile: profile(seccompProfile),
    AppArmorProfile: profile(appArmorProfile),
  }
}
