/**
 * Defaults of Namespaces, Nodes, Secrets and ServiceAccounts (kubernetes/kubernetes pkg/apis/core/v1/defaults.go, and what the
 * registries of these kinds add). Pure and idempotent.
 */

import type { Namespace, Node, Secret, ServiceAccount } from '../generated/core-v1.ts'

const OWN_FINALIZER = 'kubernetes'

/** With the finalizer that lets its content go first, whatever others there are. */
export function withOwnFinalizer(namespace: Namespace): Namespace {
  const given = namespace.spec?.finalizers ?? []
  if (given.includes(OWN_FINALIZER)) return namespace
  return { ...namespace, spec: { ...namespace.spec, finalizers: [...given, OWN_FINALIZER] } }
}

/** The label every namespace carries. */
export function defaultNamespace(namespace: Namespace): Namespace {
  const { metadata } = namespace
  const labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name }
  return {
    ...namespace,
    metadata: metadata.name ? { ...metadata, labels } : metadata,
    spec: { ...namespace.spec, finalizers: namespace.spec?.finalizers ?? [OWN_FINALIZER] },
    status: { ...namespace.status, phase: namespace.status?.phase ?? 'Active' },
  }
}

/** What a node has is what pods may have of it, until it says otherwise; the two spellings of its CIDR agree. */
export function defaultNode(node: Node): Node {
  const { spec, status } = node
  const [first = spec?.podCIDR, ...others] = spec?.podCIDRs ?? []
  // The one of the two spellings that is older wins.
  const podCIDRs = first === undefined ? undefined : [spec?.podCIDR ?? first, ...others]
  return {
    ...node,
    ...(podCIDRs ? { spec: { ...spec, podCIDR: spec?.podCIDR ?? podCIDRs[0], podCIDRs } } : {}),
    ...(status?.capacity && !status.allocatable
      ? { status: { ...status, allocatable: status.capacity } }
      : {}),
  }
}

/** stringData is written into data and never shown. */
export function defaultSecret(secret: Secret): Secret {
  const { stringData, ...rest } = secret
  const type = secret.type || 'Opaque'
  if (!stringData) return { ...rest, type }
  const encoded = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ])
  return { ...rest, type, data: { ...secret.data, ...Object.fromEntries(encoded) } }
}

/** Of the secrets it lists only the names count (pkg/registry/core/serviceaccount/strategy.go). */
export function defaultServiceAccount(account: ServiceAccount): ServiceAccount {
  const { secrets } = account
  return secrets
    ? { ...account, secrets: secrets.map(({ name }) => (name === undefined ? {} : { name })) }
    : account
}
