/**
 * The checks of the Pod Security Standards: what a pod may not do at the levels baseline and restricted. Pure.
 * kubernetes/pod-security-admission policy/check_*.go, in the versions of the current release.
 */

import type { Capabilities, Pod, PodSpec, SecurityContext } from '../../../api/generated/core-v1.ts'
import type { AnyContainer } from '../../../api/pod-containers.ts'
import { containersOf } from '../../../api/pod-containers.ts'

/** What is forbidden, and where: `privileged`, `container "a" must not set ...`. */
export interface Violation {
  readonly reason: string
  readonly detail: string
}

type PodLike = Pick<Pod, 'metadata'> & { readonly spec: PodSpec }
type Check = (pod: PodLike) => Violation | undefined

const context = ({ securityContext }: AnyContainer): SecurityContext => securityContext ?? {}

const quoted = (texts: readonly string[]): string => texts.map((text) => JSON.stringify(text)).join(', ')

/** `container "a"`, `containers "a", "b"` */
const plural = (word: string, names: readonly string[]): string =>
  `${word}${names.length === 1 ? '' : 's'} ${quoted(names)}`

/** A violation when any container is found. */
function ofContainers(
  pod: PodLike,
  reason: string,
  isBad: (container: AnyContainer) => boolean,
  what: string,
): Violation | undefined {
  const names = containersOf(pod.spec)
    .filter(isBad)
    .map(({ name }) => name)
  return names.length === 0 ? undefined : { reason, detail: `${plural('container', names)} ${what}` }
}

const isWindows = ({ spec }: PodLike): boolean => spec.os?.name === 'windows'

const violation = (reason: string, details: readonly string[]): Violation | undefined =>
  details.length === 0 ? undefined : { reason, detail: details.join('; ') }

const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/'
const APP_ARMOR_TYPES = ['RuntimeDefault', 'Localhost']

const appArmorProfile: Check = (pod) => {
  const type = pod.spec.securityContext?.appArmorProfile?.type
  const bad = containersOf(pod.spec).filter((container) => {
    const own = context(container).appArmorProfile?.type
    return own !== undefined && !APP_ARMOR_TYPES.includes(own)
  })
  const annotations = Object.entries(pod.metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(APP_ARMOR) && !/^(runtime\/default|localhost\/.*|)$/.test(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .toSorted()
  const types = [...new Set(bad.map((container) => context(container).appArmorProfile?.type ?? ''))]
  const names = bad.map(({ name }) => name)
  return violation(`forbidden AppArmor profile${annotations.length + bad.length > 1 ? 's' : ''}`, [
    ...(type !== undefined && !APP_ARMOR_TYPES.includes(type)
      ? [`pod must not set AppArmor profile type to ${JSON.stringify(type)}`]
      : []),
    ...(names.length > 0
      ? [`${plural('container', names)} must not set AppArmor profile type to ${quoted(types)}`]
      : []),
    ...(annotations.length > 0
      ? [`annotation${annotations.length === 1 ? '' : 's'} ${annotations.join(', ')}`]
      : []),
  ])
}

const DEFAULT_CAPABILITIES = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]

/** @returns what containers add beyond what is allowed, and which do */
function addedBeyond(
  pod: PodLike,
  allowed: readonly string[],
): { readonly names: string[]; readonly added: string[] } {
  const extra = ({ add = [] }: Capabilities): readonly string[] =>
    add.filter((each) => !allowed.includes(each))
  const bad = containersOf(pod.spec).filter(
    (container) => extra(context(container).capabilities ?? {}).length > 0,
  )
  const added = new Set(bad.flatMap((container) => extra(context(container).capabilities ?? {})))
  return { names: bad.map(({ name }) => name), added: [...added].toSorted() }
}

const capabilitiesBaseline: Check = (pod) => {
  const { names, added } = addedBeyond(pod, DEFAULT_CAPABILITIES)
  if (names.length === 0) return undefined
  const detail = `${plural('container', names)} must not include ${quoted(added)} in securityContext.capabilities.add`
  return { reason: 'non-default capabilities', detail }
}

const hostNamespaces: Check = ({ spec }) => {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name] === true)
  return used.length === 0
    ? undefined
    : { reason: 'host namespaces', detail: used.map((name) => `${name}=true`).join(', ') }
}

const hostPathVolumes: Check = ({ spec }) => {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name)
  return names.length === 0 ? undefined : { reason: 'hostPath volumes', detail: plural('volume', names) }
}

const hostPorts: Check = (pod) => {
  const portsOf = ({ ports = [] }: AnyContainer): readonly number[] =>
    ports.flatMap(({ hostPort }) => (hostPort ? [hostPort] : []))
  const bad = containersOf(pod.spec).filter((container) => portsOf(container).length > 0)
  if (bad.length === 0) return undefined
  const ports = [...new Set(bad.flatMap(portsOf))].map(String).toSorted()
  const names = bad.map(({ name }) => name)
  const use = names.length === 1 ? 'uses' : 'use'
  return {
    reason: 'hostPort',
    detail: `${plural('container', names)} ${use} hostPort${ports.length === 1 ? '' : 's'} ${ports.join(', ')}`,
  }
}

const privileged: Check = (pod) =>
  ofContainers(
    pod,
    'privileged',
    (container) => context(container).privileged === true,
    'must not set securityContext.privileged=true',
  )

const procMount: Check = (pod) => {
  const typeOf = (container: AnyContainer): string => context(container).procMount ?? 'Default'
  const types = containersOf(pod.spec)
    .map(typeOf)
    .filter((type) => type !== 'Default')
  const what = `must not set securityContext.procMount to ${quoted([...new Set(types)])}`
  return ofContainers(pod, 'procMount', (container) => typeOf(container) !== 'Default', what)
}

const SECCOMP_TYPES = ['RuntimeDefault', 'Localhost']

const seccompBaseline: Check = (pod) => {
  const bad = (type: string | undefined): boolean => type !== undefined && !SECCOMP_TYPES.includes(type)
  const ofPod = pod.spec.securityContext?.seccompProfile?.type
  const names = containersOf(pod.spec).filter((container) => bad(context(container).seccompProfile?.type))
  const types = [...new Set(names.map((container) => context(container).seccompProfile?.type ?? ''))]
  const must = 'must not set securityContext.seccompProfile.type to'
  return violation('seccompProfile', [
    ...(bad(ofPod) ? [`pod ${must} ${JSON.stringify(ofPod)}`] : []),
    ...(names.length > 0
      ? [
          `${plural(
            'container',
            names.map(({ name }) => name),
          )} ${must} ${quoted(types)}`,
        ]
      : []),
  ])
}

const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']

const seLinuxOptions: Check = (pod) => {
  type Options = NonNullable<SecurityContext['seLinuxOptions']>
  const faults = ({ type = '', user, role }: Options): readonly string[] => [
    ...(SELINUX_TYPES.includes(type) ? [] : [`type ${JSON.stringify(type)}`]),
    ...(user ? ['user may not be set'] : []),
    ...(role ? ['role may not be set'] : []),
  ]
  const podOptions = pod.spec.securityContext?.seLinuxOptions ?? {}
  const bad = containersOf(pod.spec).filter(
    (container) => faults(context(container).seLinuxOptions ?? {}).length > 0,
  )
  const setters = [
    ...(faults(podOptions).length > 0 ? ['pod'] : []),
    ...(bad.length > 0
      ? [
          plural(
            'container',
            bad.map(({ name }) => name),
          ),
        ]
      : []),
  ]
  const all = new Set(
    [podOptions, ...bad.map((container) => context(container).seLinuxOptions ?? {})].flatMap(faults),
  )
  if (setters.length === 0) return undefined
  return {
    reason: 'seLinuxOptions',
    detail: `${setters.join(' and ')} set forbidden securityContext.seLinuxOptions: ${[...all].join('; ')}`,
  }
}

const SAFE_SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
]

const sysctls: Check = ({ spec }) => {
  const bad = (spec.securityContext?.sysctls ?? [])
    .map(({ name }) => name)
    .filter((name) => !SAFE_SYSCTLS.includes(name))
  return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') }
}

const windowsHostProcess: Check = (pod) => {
  const names = containersOf(pod.spec)
    .filter((container) => context(container).windowsOptions?.hostProcess === true)
    .map(({ name }) => name)
  const setters = [
    ...(pod.spec.securityContext?.windowsOptions?.hostProcess === true ? ['pod'] : []),
    ...(names.length > 0 ? [plural('container', names)] : []),
  ]
  if (setters.length === 0) return undefined
  return {
    reason: 'hostProcess',
    detail: `${setters.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true`,
  }
}

const allowPrivilegeEscalation: Check = (pod) =>
  isWindows(pod)
    ? undefined
    : ofContainers(
        pod,
        'allowPrivilegeEscalation != false',
        (container) => context(container).allowPrivilegeEscalation !== false,
        'must set securityContext.allowPrivilegeEscalation=false',
      )

const capabilitiesRestricted: Check = (pod) => {
  if (isWindows(pod)) return undefined
  const undropped = containersOf(pod.spec)
    .filter((container) => !context(container).capabilities?.drop?.includes('ALL'))
    .map(({ name }) => name)
  const { names, added } = addedBeyond(pod, ['NET_BIND_SERVICE'])
  return violation('unrestricted capabilities', [
    ...(undropped.length > 0
      ? [`${plural('container', undropped)} must set securityContext.capabilities.drop=["ALL"]`]
      : []),
    ...(names.length > 0
      ? [
          `${plural('container', names)} must not include ${quoted(added)} in securityContext.capabilities.add`,
        ]
      : []),
  ])
}

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]

const restrictedVolumes: Check = ({ spec }) => {
  const typeOf = (volume: object): string => Object.keys(volume).find((key) => key !== 'name') ?? 'unknown'
  const bad = (spec.volumes ?? []).filter((volume) => !VOLUMES.includes(typeOf(volume)))
  if (bad.length === 0) return undefined
  const types = [...new Set(bad.map(typeOf))].toSorted()
  const names = bad.map(({ name }) => name)
  const use = names.length === 1 ? 'uses' : 'use'
  return {
    reason: 'restricted volume types',
    detail: `${plural('volume', names)} ${use} restricted volume type${types.length === 1 ? '' : 's'} ${quoted(types)}`,
  }
}

const runAsNonRoot: Check = (pod) => {
  const ofPod = pod.spec.securityContext?.runAsNonRoot
  const no = containersOf(pod.spec).filter((container) => context(container).runAsNonRoot === false)
  const unsaid = containersOf(pod.spec).filter((container) => context(container).runAsNonRoot === undefined)
  const must = (names: readonly AnyContainer[]): string =>
    plural(
      'container',
      names.map(({ name }) => name),
    )
  const details = [
    ...(ofPod === false && unsaid.length > 0 ? ['pod must not set securityContext.runAsNonRoot=false'] : []),
    ...(no.length > 0 ? [`${must(no)} must not set securityContext.runAsNonRoot=false`] : []),
  ]
  if (details.length > 0) return { reason: 'runAsNonRoot != true', detail: details.join(' and ') }
  if (ofPod === true || unsaid.length === 0) return undefined
  return {
    reason: 'runAsNonRoot != true',
    detail: `pod or ${must(unsaid)} must set securityContext.runAsNonRoot=true`,
  }
}

const runAsUser: Check = (pod) => {
  const names = containersOf(pod.spec)
    .filter((container) => context(container).runAsUser === 0)
    .map(({ name }) => name)
  const setters = [
    ...(pod.spec.securityContext?.runAsUser === 0 ? ['pod'] : []),
    ...(names.length > 0 ? [plural('container', names)] : []),
  ]
  return setters.length === 0
    ? undefined
    : { reason: 'runAsUser=0', detail: `${setters.join(' and ')} must not set runAsUser=0` }
}

const seccompRestricted: Check = (pod) => {
  if (isWindows(pod)) return undefined
  const refused = seccompBaseline(pod)
  if (refused !== undefined) return refused
  const ofPod = pod.spec.securityContext?.seccompProfile?.type
  const unsaid = containersOf(pod.spec).filter(
    (container) => context(container).seccompProfile?.type === undefined,
  )
  if (ofPod !== undefined || unsaid.length === 0) return undefined
  const names = plural(
    'container',
    unsaid.map(({ name }) => name),
  )
  return {
    reason: 'seccompProfile',
    detail: `pod or ${names} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  }
}

/** In upstream's order: by name, those of baseline first. */
const BASELINE: readonly Check[] = [
  appArmorProfile,
  capabilitiesBaseline,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  privileged,
  procMount,
  seLinuxOptions,
  seccompBaseline,
  sysctls,
  windowsHostProcess,
]

/** Two of baseline's have stricter ones in their place. */
const RESTRICTED: readonly Check[] = [
  ...BASELINE.filter((check) => check !== capabilitiesBaseline && check !== seccompBaseline),
  allowPrivilegeEscalation,
  capabilitiesRestricted,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  seccompRestricted,
]

export const LEVELS = ['privileged', 'baseline', 'restricted'] as const
export type Level = (typeof LEVELS)[number]

const CHECKS: Readonly<Record<Level, readonly Check[]>> = {
  privileged: [],
  baseline: BASELINE,
  restricted: RESTRICTED,
}

/** @returns all that the pod may not do at the level */
export function violations(pod: PodLike, level: Level): readonly Violation[] {
  return CHECKS[level].flatMap((check) => check(pod) ?? [])
}
