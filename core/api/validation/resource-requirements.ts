/**
 * What containers, and pods as a whole, ask for of a node (kubernetes/kubernetes pkg/apis/core/validation/validation.go
 * validateResourceRequirements, validateResourceClaimNames, validatePodResources). Pure.
 */

import type { PodResourceClaim, PodSpec, ResourceClaim, ResourceRequirements } from '../generated/core-v1.ts'
import { compareQuantities, milliOf, parseMilli, quantityLike } from '../quantity.ts'
import { containerAmounts, isPodLevelResource } from '../resource-usage.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  forbiddenField,
  invalidTexts,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
  when,
} from './faults.ts'
import { dnsLabelFaults } from './names.ts'
import {
  isExtendedResource,
  isHugePages,
  isOvercommitAllowed,
  validateContainerResourceName,
  validateResourceName,
} from './resource-name.ts'

export interface RequirementRules {
  /** the pod's */
  readonly claims?: readonly PodResourceClaim[] | undefined
  /** default: of a resource that containers may have */
  readonly nameFaults?: (name: string, field: string) => Faults
}

/** Faults of limits, requests and claims. */
export function validateRequirements(
  { limits = {}, requests = {}, claims }: ResourceRequirements,
  at: string,
  { claims: known = [], nameFaults = validateContainerResourceName }: RequirementRules,
): Faults {
  const names = [...Object.keys(limits), ...Object.keys(requests)]
  const isAlone = names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')
  return [
    ...Object.entries(limits).flatMap(([name, text]) =>
      amountFaults(name, text, { field: `${at}.limits[${name}]`, nameFaults }),
    ),
    ...Object.entries(requests).flatMap(([name, text]) => [
      ...nameFaults(name, `${at}.requests[${name}]`),
      ...quantityFaults(name, text, `${at}.requests[${name}]`),
      ...limitFaults(name, text, { limit: limits[name], at }),
      ...pageFaults(name, text, `${at}.requests[${name}]`),
    ]),
    ...when(isAlone, () => forbiddenField(at, 'HugePages require cpu or memory')),
    ...claimFaults(claims, known, `${at}.claims`),
  ]
}

interface Amount {
  readonly field: string
  readonly nameFaults: (name: string, field: string) => Faults
}

function amountFaults(name: string, text: string, { field, nameFaults }: Amount): Faults {
  return [...nameFaults(name, field), ...quantityFaults(name, text, field), ...pageFaults(name, text, field)]
}

/** Faults of the amount itself, whatever it may be called. */
function quantityFaults(name: string, text: string, field: string): Faults {
  const value = parseMilli(text) ?? 0n
  return [
    ...when(value < 0n, () => invalidValue(field, text, 'must be greater than or equal to 0')),
    ...when(isExtendedResource(name) && value % 1000n !== 0n, () =>
      invalidValue(field, text, 'must be an integer'),
    ),
  ]
}

/** Large pages are given whole. */
function pageFaults(name: string, text: string, field: string): Faults {
  if (!isHugePages(name)) return []
  const size = parseMilli(name.slice('hugepages-'.length)) ?? 0n
  const isWhole = size > 0n && size % 1000n === 0n && milliOf(text) % size === 0n
  return when(!isWhole, () =>
    invalidValue(field, text, `${text} is not positive integer multiple of ${name}`),
  )
}

function limitFaults(
  name: string,
  text: string,
  { limit, at }: { readonly limit: string | undefined; readonly at: string },
): Faults {
  const isShared = isOvercommitAllowed(name)
  if (limit === undefined)
    return when(!isShared, () =>
      required(`${at}.limits`, 'Limit must be set for non overcommitable resources'),
    )
  const difference = compareQuantities(text, limit)
  const relation = isShared ? 'less than or equal to' : 'equal to'
  return when(isShared ? difference > 0 : difference !== 0, () =>
    invalidValue(`${at}.requests`, text, `must be ${relation} ${name} limit of ${limit}`),
  )
}

/** Claims are those of the pod, and each is asked for once, or once for each of its requests. */
function claimFaults(
  claims: readonly ResourceClaim[] = [],
  ofPod: readonly PodResourceClaim[],
  at: string,
): Faults {
  const names = [...new Set(ofPod.map((claim) => claim.name))].filter((name) => name !== '').toSorted()
  const unknown =
    'must be one of the names in pod.spec.resourceClaims' +
    (names.length === 0 ? ' which is empty' : `: ${names.join(', ')}`)
  const known = new Set<string>()
  return claims.flatMap(({ name, request }, index) => {
    const field = `${at}[${index}]`
    if (!name) return [required(field)]
    const key = request ? `${name}/${request}` : name
    const isCovered = known.has(name)
    const again = request
      ? when(!isCovered && known.has(key), () => duplicate(field, key))
      : [...known]
          .filter((each) => !isCovered && each.startsWith(`${name}/`))
          .map(() => duplicate(field, name))
    const faults = [
      ...when(isCovered, () => duplicate(field, name)),
      ...(request && !isCovered ? invalidTexts(`${field}.request`, request, dnsLabelFaults) : []),
      ...again,
      ...when(!names.includes(name), () => ({ ...notFoundValue(field, name), detail: unknown })),
    ]
    if (!isCovered) known.add(key)
    return faults
  })
}

const POD_LEVEL = ['cpu', 'hugepages-', 'memory']

/** Faults of what a pod asks for as a whole: not less than its containers do together. */
export function validatePodResources(spec: PodSpec, field: string): Faults {
  const { resources, os } = spec
  if (resources === undefined) return []
  if (os?.name === 'windows') return [forbiddenField(field, 'may not be set for a windows pod')]
  return [
    ...when((resources.claims ?? []).length > 0, () =>
      forbiddenField(`${field}.claims`, 'claims may not be set for Resources at pod-level'),
    ),
    ...validateRequirements(resources, field, {
      claims: spec.resourceClaims,
      nameFaults: (name, at) => {
        const faults = validateResourceName(name, at)
        return faults.length > 0 || isPodLevelResource(name) ? faults : [notSupported(at, name, POD_LEVEL)]
      },
    }),
    ...togetherFaults(spec, 'requests', field),
    ...togetherFaults(spec, 'limits', field),
    ...containerFaults(spec, field),
  ]
}

function togetherFaults(spec: PodSpec, kind: 'requests' | 'limits', field: string): Faults {
  const own = spec.resources?.[kind] ?? {}
  const texts = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(
    ({ resources }) => resources?.[kind] ?? {},
  )
  return [...containerAmounts({ spec, status: undefined }, kind)].flatMap(([name, milli]) => {
    const given = own[name]
    if (given === undefined || (kind === 'limits' && !isHugePages(name))) return []
    const shown = (): string => quantityLike(milli, texts.find((each) => each[name] !== undefined)?.[name])
    return when(milli > milliOf(given), () =>
      invalidValue(
        `${field}.${kind}[${name}]`,
        given,
        `must be greater than or equal to aggregate container ${kind} of ${shown()}`,
      ),
    )
  })
}

/** Upstream's path really has the containers within the pod's resources. */
function containerFaults({ containers, resources }: PodSpec, field: string): Faults {
  return (containers ?? []).flatMap((container, index) =>
    Object.entries(container.resources?.limits ?? {}).flatMap(([name, text]) => {
      const limit = resources?.limits?.[name]
      return when(limit !== undefined && compareQuantities(text, limit) > 0, () =>
        invalidValue(
          `${field}.containers[${index}][${name}].limits`,
          text,
          `must be less than or equal to pod limits of ${limit}`,
        ),
      )
    }),
  )
}
