/**
 * What a node may say of itself in its Node: nothing by which it would draw pods to itself. Pure.
 * kubernetes/kubernetes plugin/pkg/admission/noderestriction/admission.go, kubernetes/kubelet pkg/apis/well_known_labels.go.
 */

import { isSameValue } from '../../api/equality.ts'
import type { Node } from '../../api/generated/core-v1.ts'
import type { AdmissionRequest } from './admission-request.ts'

type Labels = Readonly<Record<string, string>>

/** @returns what is wrong with the node's writing of the Node of that name; undefined when nothing is */
export function nodeFault(
  node: string,
  name: string,
  { operation, object, old }: Pick<AdmissionRequest, 'operation' | 'object' | 'old'>,
): string | undefined {
  const who = `node ${JSON.stringify(node)}`
  if (name !== node) return `${who} is not allowed to modify node ${JSON.stringify(name)}`
  if (operation === 'create') return registrationFault(who, object as Node)
  return operation === 'update' ? changeFault(who, object as Node, old as Node) : undefined
}

function registrationFault(who: string, { metadata, spec }: Node): string | undefined {
  if (spec?.configSource !== undefined)
    return `${who} is not allowed to create pods with a non-nil configSource`
  const labels = forbiddenLabels(metadata.labels, {})
  return labels.length === 0
    ? undefined
    : `${who} is not allowed to set the following labels: ${labels.join(', ')}`
}

function changeFault(who: string, node: Node, old: Node): string | undefined {
  const { configSource, taints } = node.spec ?? {}
  if (configSource !== undefined && !isSameValue(configSource, old.spec?.configSource))
    return `${who} is not allowed to update configSource to a new non-nil configSource`
  if (!isSameValue(taints, old.spec?.taints)) return `${who} is not allowed to modify taints`
  if (!isSameValue(node.metadata.ownerReferences, old.metadata.ownerReferences))
    return `${who} is not allowed to modify ownerReferences`
  const labels = forbiddenLabels(node.metadata.labels, old.metadata.labels)
  return labels.length === 0 ? undefined : `is not allowed to modify labels: ${labels.join(', ')}`
}

/** Those that changed and are not the node's to change, sorted. */
function forbiddenLabels(labels: Labels = {}, old: Labels = {}): readonly string[] {
  return [...new Set([...Object.keys(labels), ...Object.keys(old)])]
    .filter((key) => labels[key] !== old[key] && isForbidden(key))
    .toSorted()
}

const isWithin = (domain: string, wanted: string): boolean =>
  domain === wanted || domain.endsWith(`.${wanted}`)

const OWN_LABELS: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
])

function isForbidden(key: string): boolean {
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : ''
  if (isWithin(domain, 'node-restriction.kubernetes.io')) return true
  if (!isWithin(domain, 'kubernetes.io') && !isWithin(domain, 'k8s.io')) return false
  const isOwnDomain = isWithin(domain, 'kubelet.kubernetes.io') || isWithin(domain, 'node.kubernetes.io')
  return !OWN_LABELS.has(key) && !isOwnDomain
}
