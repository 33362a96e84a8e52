/**
 * What the status of a pod may say (kubernetes/kubernetes pkg/apis/core/validation/validation.go,
 * ValidatePodStatusUpdate; pkg/registry/core/pod/strategy.go, podStatusStrategy). Pure.
 */

import { parseIp } from '../../net/ip.ts'
import type { ContainerStatus, Pod, PodCondition, PodSpec, PodStatus } from '../generated/core-v1.ts'
import type { Faults } from './faults.ts'
import { duplicate, forbiddenField, immutable, invalidTexts, invalidValue, repeated, when } from './faults.ts'
import { ipFaults } from './ip-faults.ts'
import { dnsSubdomainFaults, qualifiedNameFaults } from './names.ts'
import { idFaults } from './security-context.ts'

/** Faults of a change of status, metadata aside. */
export function validatePodStatus(pod: Pod, old: Pod): Faults {
  const [status, before] = [pod.status ?? {}, old.status ?? {}]
  const { nominatedNodeName: nominated, observedGeneration } = status
  return [
    ...(status.conditions ?? []).flatMap(conditionFaults),
    ...(nominated && nominated !== before.nominatedNodeName
      ? invalidTexts('status.nominatedNodeName', nominated, dnsSubdomainFaults)
      : []),
    ...generationFaults('status.observedGeneration', observedGeneration),
    ...immutable('status.qosClass', status.qosClass, before.qosClass),
    ...LISTS.flatMap((list) => revivalFaults(list, status, before, old.spec)),
    ...claimFaults(pod),
    ...addressFaults('podIPs', status, before),
    ...hostFaults(status, before),
    ...LISTS.flatMap((list) => userFaults(list, status, pod.spec)),
  ]
}

const generationFaults = (field: string, generation: number | undefined): Faults =>
  when(generation !== undefined && generation < 0, () =>
    invalidValue(field, generation, 'must be a non-negative integer'),
  )

const OWN_CONDITIONS = ['PodScheduled', 'Ready', 'Initialized']

/** Upstream's path has a capital letter here. */
function conditionFaults({ type, observedGeneration }: PodCondition, index: number): Faults {
  const at = `status.conditions[${index}]`
  return [
    ...generationFaults(`${at}.observedGeneration`, observedGeneration),
    ...(OWN_CONDITIONS.includes(type) ? [] : invalidTexts(`${at}.Type`, type ?? '', qualifiedNameFaults)),
  ]
}

const LISTS = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const
type StatusList = (typeof LISTS)[number]

/** What has ended for good stays so; containers that joined always end for good. */
function revivalFaults(list: StatusList, now: PodStatus, before: PodStatus, spec: PodSpec): Faults {
  const { restartPolicy: policy, initContainers = [] } = spec
  if (list !== 'ephemeralContainerStatuses' && policy === 'Always') return []
  const isFinal = ({ name, state }: ContainerStatus): boolean => {
    if (!state?.terminated) return false
    if (list === 'ephemeralContainerStatuses') return true
    if (policy === 'OnFailure' && state.terminated.exitCode !== 0) return false
    const container = initContainers.find((each) => each.name === name)
    return list === 'containerStatuses' || container?.restartPolicy !== 'Always'
  }
  return (before[list] ?? []).flatMap((old, index) => {
    const revived = (now[list] ?? []).filter(({ name, state }) => name === old.name && !state?.terminated)
    return when(isFinal(old) && revived.length > 0, () =>
      forbiddenField(`status.${list}[${index}].state`, 'may not be transitioned to non-terminated state'),
    )
  })
}

/** A wrong name of a claim is told of under the name that it is for. */
function claimFaults({ spec, status }: Pod): Faults {
  const claims = status?.resourceClaimStatuses ?? []
  const again = repeated(claims, ({ name }) => name)
  const known = (spec.resourceClaims ?? []).map(({ name }) => name)
  return claims.flatMap(({ name = '', resourceClaimName: given }, index) => {
    const field = `status.resourceClaimStatuses[${index}].name`
    return [
      ...when(!known.includes(name), () =>
        invalidValue(field, name, 'must match the name of an entry in `spec.resourceClaims`'),
      ),
      ...when(again.includes(index), () => duplicate(field, name)),
      ...(given === undefined ? [] : invalidTexts(field, given, dnsSubdomainFaults)),
    ]
  })
}

/** One of each family at most. What is there already may stay, however it is written. */
function addressFaults(list: 'podIPs' | 'hostIPs', now: PodStatus, before: PodStatus): Faults {
  const field = `status.${list}`
  const addresses = (now[list] ?? []).map(({ ip }) => ip ?? '')
  const known = new Set((before[list] ?? []).map(({ ip }) => ip ?? ''))
  const wrong = addresses.flatMap((ip, index) => (known.has(ip) ? [] : ipFaults(`${field}[${index}]`, ip)))
  if (addresses.length < 2) return wrong
  const parsed = addresses.map((ip) => parseIp(ip))
  const bad = parsed.indexOf(undefined)
  const isDual = bad < 0 && addresses.length === 2 && parsed[0]?.family !== parsed[1]?.family
  return [
    ...wrong,
    ...when(bad >= 0, () => ({
      type: 'internal' as const,
      field,
      detail: `failed to check for dual stack with error:invalid IP[${bad}]: ${addresses[bad] ?? ''}`,
    })),
    ...when(!isDual, () =>
      // As upstream shows its internal type.
      invalidValue(
        field,
        addresses.map((ip) => ({ IP: ip })),
        'may specify no more than one IP for each IP family',
      ),
    ),
  ]
}

function hostFaults(now: PodStatus, before: PodStatus): Faults {
  const [first] = now.hostIPs ?? []
  if (first === undefined) return []
  return [
    ...when((now.hostIP ?? '') !== (first.ip ?? ''), () =>
      invalidValue('status.hostIPs[0].ip', first.ip ?? '', 'must be equal to `hostIP`'),
    ),
    ...addressFaults('hostIPs', now, before),
  ]
}

function userFaults(list: StatusList, status: PodStatus, { os }: PodSpec): Faults {
  return (status[list] ?? []).flatMap(({ user }, index) => {
    const at = `status.${list}[${index}].user.linux`
    if (!user?.linux) return []
    if (os?.name === 'windows') return [forbiddenField(at, 'cannot be set for a windows pod')]
    const { uid, gid, supplementalGroups = [] } = user.linux
    return [
      ...idFaults(`${at}.uid`, uid),
      ...idFaults(`${at}.gid`, gid),
      ...supplementalGroups.flatMap((group, place) => idFaults(`${at}.supplementalGroups[${place}]`, group)),
    ]
  })
}
