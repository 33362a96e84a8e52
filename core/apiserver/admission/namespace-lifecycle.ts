/**
 * Nothing is created in a namespace that does not exist or is on its way out, and three namespaces stay for ever.
 * kubernetes/apiserver pkg/admission/plugin/namespace/lifecycle. Pure.
 */

import { ApiError, forbidden, notFound } from '../../api/api-error.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { groupResource } from '../../api/resource.ts'
import { NAMESPACES } from '../../api/scheme.ts'
import type { AdmissionRequest, ClusterView } from './admission-request.ts'

export const IMMORTAL_NAMESPACES: readonly string[] = ['default', 'kube-system', 'kube-public']

export function refuseNamespaces(request: AdmissionRequest, cluster: ClusterView): KubernetesObject {
  const { operation, resource, namespace, object } = request
  const isNamespace = resource.resource === 'namespaces' && resource.group === ''
  if (operation === 'delete' && isNamespace && IMMORTAL_NAMESPACES.includes(object.metadata.name)) {
    throw forbidden(resource, object.metadata.name, 'this namespace may not be deleted')
  }
  if (operation !== 'create' || namespace === undefined) return object
  const found = cluster.get(NAMESPACES, { name: namespace })
  if (found === undefined) throw notFound(NAMESPACES, namespace)
  if (found.metadata.deletionTimestamp !== undefined) throw terminating(request, namespace)
  return object
}

function terminating({ resource, object }: AdmissionRequest, namespace: string): ApiError {
  const { name } = object.metadata
  const detail = `unable to create new content in namespace ${namespace} because it is being terminated`
  return new ApiError(
    'Forbidden',
    `${groupResource(resource)} ${JSON.stringify(name)} is forbidden: ${detail}`,
    {
      details: {
        name,
        ...(resource.group ? { group: resource.group } : {}),
        kind: resource.resource,
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${namespace} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      },
    },
  )
}
