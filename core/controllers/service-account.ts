/**
 * What every namespace has: ServiceAccount `default`, and ConfigMap `kube-root-ca.crt` with the API server's CA
 * (kubernetes/kubernetes pkg/controller/serviceaccount, pkg/controller/certificates/rootcacertpublisher). Pure.
 */

import type { ConfigMap, Namespace, ServiceAccount } from '../api/generated/core-v1.ts'
import { CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS } from '../api/scheme.ts'
import type { Controller, PlannedWrite } from './controller.ts'
import { isSameValue } from '../api/equality.ts'

export interface NamespaceEssentials {
  readonly namespace: Namespace
  readonly account: ServiceAccount | undefined
  readonly rootCertificate: ConfigMap | undefined
}

const ACCOUNT = 'default'
const ROOT_CERTIFICATE = 'kube-root-ca.crt'

/** @param caCertificate PEM */
export function serviceAccountController(caCertificate: string): Controller<NamespaceEssentials> {
  return {
    name: 'serviceaccount-controller',
    watches: [NAMESPACES, SERVICE_ACCOUNTS, CONFIG_MAPS],
    keysFor(object) {
      if (object.kind === 'Namespace') return [object.metadata.name]
      const isEssential = object.metadata.name === ACCOUNT || object.metadata.name === ROOT_CERTIFICATE
      return isEssential ? [object.metadata.namespace ?? ''] : []
    },
    snapshot(key, cache) {
      const namespace = cache.of(NAMESPACES).get(key)
      if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return undefined
      return {
        namespace,
        account: cache.of(SERVICE_ACCOUNTS).get(`${key}/${ACCOUNT}`),
        rootCertificate: cache.of(CONFIG_MAPS).get(`${key}/${ROOT_CERTIFICATE}`),
      }
    },
    plan: (snapshot) => ({
      writes: [...accountWrites(snapshot), ...certificateWrites(snapshot, caCertificate)],
    }),
  }
}

function accountWrites({ namespace, account }: NamespaceEssentials): readonly PlannedWrite[] {
  if (account) return []
  const metadata = { name: ACCOUNT, namespace: namespace.metadata.name }
  return [
    {
      write: {
        kind: 'create',
        resource: SERVICE_ACCOUNTS,
        object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      },
    },
  ]
}

function certificateWrites(
  { namespace, rootCertificate }: NamespaceEssentials,
  ca: string,
): readonly PlannedWrite[] {
  const data = { 'ca.crt': ca }
  if (rootCertificate && isSameValue(rootCertificate.data, data)) return []
  if (rootCertificate)
    return [
      { write: { kind: 'update', resource: CONFIG_MAPS, object: { ...rootCertificate, data } as ConfigMap } },
    ]
  const description =
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'
  const metadata = {
    name: ROOT_CERTIFICATE,
    namespace: namespace.metadata.name,
    annotations: { 'kubernetes.io/description': description },
  }
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }
  return [{ write: { kind: 'create', resource: CONFIG_MAPS, object } }]
}
