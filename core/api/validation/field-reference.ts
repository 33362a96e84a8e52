/** References to fields of a pod and to resources of its containers (kubernetes/kubernetes pkg/apis/core/validation, pods). Pure. */

import type { ObjectFieldSelector, ResourceFieldSelector } from '../generated/core-v1.ts'
import { compareQuantities } from '../quantity.ts'
import type { Faults } from './faults.ts'
import { invalidTexts, invalidValue, notSupported, required, when } from './faults.ts'
import { qualifiedNameFaults } from './names.ts'

/** Those that name one of a pod's fields at all. */
const KNOWN: readonly string[] = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.host',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.serviceAccountName',
  'spec.schedulerName',
  'status.phase',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]

/** Faults of a reference to a field. @param supported fields that may stand there */
export function validateFieldReference(
  { apiVersion, fieldPath }: ObjectFieldSelector,
  at: string,
  supported: readonly string[],
): Faults {
  if (!apiVersion) return [required(`${at}.apiVersion`)]
  if (!fieldPath) return [required(`${at}.fieldPath`)]
  const [, map, key = ''] = /^(.+)\['(.*)'\]$/.exec(fieldPath) ?? []
  const problem = conversionProblem(apiVersion, fieldPath, map)
  if (problem !== undefined)
    return [invalidValue(`${at}.fieldPath`, fieldPath, `error converting fieldPath: ${problem}`)]
  if (map === 'metadata.annotations') return invalidTexts(at, key.toLowerCase(), qualifiedNameFaults)
  if (map === 'metadata.labels') return invalidTexts(at, key, qualifiedNameFaults)
  const path = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath
  return when(!supported.includes(path), () => notSupported(`${at}.fieldPath`, path, supported))
}

function conversionProblem(version: string, path: string, map: string | undefined): string | undefined {
  if (version !== 'v1') return `unsupported pod version: ${version}`
  if (map === undefined) return KNOWN.includes(path) ? undefined : `field label not supported: ${path}`
  const isMap = map === 'metadata.annotations' || map === 'metadata.labels'
  return isMap ? undefined : `field label does not support subscript: ${path}`
}

const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]
const HUGE = /^(limits|requests)\.hugepages-/
const BYTES = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']

/** Faults of a reference to a resource. @param needsContainer a file of a volume is of no container */
export function validateResourceReference(
  { containerName, resource, divisor }: ResourceFieldSelector,
  at: string,
  needsContainer: boolean,
): Faults {
  const missing = needsContainer && !containerName
  return [
    ...when(missing, () => required(`${at}.containerName`)),
    ...when(!missing && !resource, () => required(`${at}.resource`)),
    ...when(!missing && resource && !RESOURCES.includes(resource) && !HUGE.test(resource), () =>
      notSupported(`${at}.resource`, resource, RESOURCES),
    ),
    ...divisorFaults(resource, divisor, `${at}.divisor`),
  ]
}

function divisorFaults(resource: string, divisor: string | undefined, field: string): Faults {
  if (divisor === undefined || compareQuantities(divisor, '0') === 0) return []
  const [, name = ''] = resource.split(/\.(.*)/s)
  const isHuge = HUGE.test(resource)
  if (!RESOURCES.includes(resource) && !isHuge) return []
  const fault = (detail: string): Faults => [
    invalidValue(field, resource, `only divisor's values ${detail} resource`),
  ]
  if (name === 'cpu') return ['1m', '1'].includes(divisor) ? [] : fault('1m and 1 are supported with the cpu')
  const what = isHuge ? 'hugepages' : name === 'memory' ? 'memory' : 'local ephemeral storage'
  return BYTES.includes(divisor) ? [] : fault(`${BYTES.join(', ')} are supported with the ${what}`)
}
