/** What resources of nodes may be called (kubernetes/kubernetes pkg/apis/core/validation, helper). Pure. */

import type { Faults } from './faults.ts'
import { invalidTexts, invalidValue, when } from './faults.ts'
import { qualifiedNameFaults } from './names.ts'

/** Those a container may have, large pages aside. */
export const CONTAINER_RESOURCES: readonly string[] = ['cpu', 'memory', 'ephemeral-storage']

/** Objects, and parts of them. */
const COUNTED = [
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]

/** All that have no domain, large pages aside. */
export const STANDARD_RESOURCES: ReadonlySet<string> = new Set([
  ...CONTAINER_RESOURCES,
  ...CONTAINER_RESOURCES.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  'storage',
  'requests.storage',
  ...COUNTED,
])

export const isHugePages = (name: string): boolean => name.startsWith('hugepages-')

export const isContainerResource = (name: string): boolean =>
  CONTAINER_RESOURCES.includes(name) || isHugePages(name)

/** Whether Kubernetes itself knows the resource. */
const isNative = (name: string): boolean => !name.includes('/') || /(^|\.)kubernetes\.io\//.test(name)

/** Resources that cannot be shared out more than once: requested and limited alike. */
export const isExtendedResource = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && qualifiedNameFaults(`requests.${name}`).length === 0

/** What is counted in whole numbers. */
export const isIntegerResource = (name: string): boolean => COUNTED.includes(name) || isExtendedResource(name)

/** Resources that more can be limited of than there is requested. */
export const isOvercommitAllowed = (name: string): boolean => isNative(name) && !isHugePages(name)

/** Faults of the name of a resource of whatever. */
export function validateResourceName(name: string, field: string): Faults {
  const faults = invalidTexts(field, name, qualifiedNameFaults)
  const isKnown = name.includes('/') || STANDARD_RESOURCES.has(name) || /^(requests\.)?hugepages-/.test(name)
  return faults.length > 0 || isKnown
    ? faults
    : [invalidValue(field, name, 'must be a standard resource type or fully qualified')]
}

/** Faults of the name of a resource that containers may have. */
export function validateContainerResourceName(name: string, field: string): Faults {
  const hasDomain = name.includes('/')
  return [
    ...validateResourceName(name, field),
    ...when(!hasDomain && !isContainerResource(name), () =>
      invalidValue(field, name, 'must be a standard resource for containers'),
    ),
    ...when(hasDomain && !isNative(name) && !isExtendedResource(name), () =>
      invalidValue(field, name, "doesn't follow extended resource name standard"),
    ),
  ]
}
