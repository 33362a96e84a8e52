/**
 * What every portolan cluster has beside what Kubernetes itself makes: DNS as a Deployment in kube-system, and the
 * Ingress class. Pure: addresses in, objects out. Applied at every start; a user's changes to other fields stay.
 */

import type { Deployment } from '../core/api/generated/apps-v1.ts'
import type { Service, ServiceAccount } from '../core/api/generated/core-v1.ts'
import type { ClusterRole, ClusterRoleBinding } from '../core/api/generated/rbac-v1.ts'
import type { KubernetesObject } from '../core/api/object.ts'
import type { IngressClass } from '../core/api/generated/networking-v1.ts'

/** The image portolan plays itself. */
export const DNS_IMAGE = 'registry.k8s.io/coredns/coredns:portolan'

const NAMESPACE = 'kube-system'
const LABELS = { 'k8s-app': 'kube-dns' }

/** CoreDNS as kubeadm installs it, as far as clients and policies look at it. */
export function dnsObjects(clusterIP: string): readonly KubernetesObject[] {
  return [dnsServiceAccount(), ...dnsAccess(), dnsService(clusterIP), dnsDeployment()]
}

function dnsServiceAccount(): ServiceAccount {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'coredns', namespace: NAMESPACE } }
}

const ROLE = 'system:coredns'

/** What it would read if it asked the API. */
function dnsAccess(): readonly [ClusterRole, ClusterRoleBinding] {
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const verbs = ['list', 'watch']
  return [
    {
      apiVersion,
      kind: 'ClusterRole',
      metadata: { name: ROLE },
      rules: [
        { verbs, apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'] },
        { verbs, apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] },
      ],
    },
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name: ROLE },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: ROLE },
      subjects: [{ kind: 'ServiceAccount', name: 'coredns', namespace: NAMESPACE }],
    },
  ]
}

function dnsService(clusterIP: string): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kube-dns',
      namespace: NAMESPACE,
      labels: { ...LABELS, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
    },
    spec: {
      clusterIP,
      selector: LABELS,
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
      ],
    },
  }
}

function dnsDeployment(): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'coredns', namespace: NAMESPACE, labels: LABELS },
    spec: {
      replicas: 1,
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          serviceAccountName: 'coredns',
          priorityClassName: undefined,
          // Its names are those of the host: it must not ask itself.
          dnsPolicy: 'Default',
          containers: [
            {
              name: 'coredns',
              image: DNS_IMAGE,
              ports: [
                { name: 'dns', containerPort: 53, protocol: 'UDP' },
                { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
              ],
              readinessProbe: { tcpSocket: { port: 53 } },
            },
          ],
        },
      },
    },
  }
}

export function ingressClassObject(): IngressClass {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'portolan', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
    spec: { controller: 'portolan.dev/ingress' },
  }
}
