/**
 * A request as webhooks are told of it and policies see it: admission.k8s.io/v1 AdmissionRequest without its objects.
 * Pure. kubernetes/apiserver pkg/admission/plugin/{webhook/request/admissionreview.go,cel/condition.go}.
 */

import type { ResourceInfo } from '../../api/resource.ts'
import type { DeleteOptions } from '../../client/client.ts'
import type { AdmissionRequest } from './admission-request.ts'
import { isNamespaces, requestedName } from './matching.ts'

export type RequestObject = Readonly<Record<string, unknown>>

/** @param matched the resource the rules meant: the request's own, or the same in another version */
export function requestObject(request: AdmissionRequest, matched: ResourceInfo): RequestObject {
  const { operation, resource, subresource, context } = request
  const { user } = context
  const name = requestedName(request)
  const namespace = isNamespaces(resource) ? name : (request.namespace ?? '')
  return {
    kind: kindOf(request, matched),
    resource: resourceOf(matched),
    ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: kindOf(request, resource),
    requestResource: resourceOf(resource),
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(namespace === '' ? {} : { namespace }),
    operation: operation.toUpperCase(),
    userInfo: {
      username: user.name,
      ...(user.uid ? { uid: user.uid } : {}),
      ...(user.groups.length > 0 ? { groups: user.groups } : {}),
      ...(user.extra && Object.keys(user.extra).length > 0 ? { extra: user.extra } : {}),
    },
    dryRun: context.dryRun ?? false,
    options: operation === 'connect' ? null : optionsOf(request),
  }
}

/** Of a sub-resource that has a kind of its own, that kind. */
function kindOf({ subresource }: AdmissionRequest, resource: ResourceInfo): object {
  const part = resource.subresources.find(({ name }) => name === subresource)
  const { group, version } = resource
  return {
    group: part?.group ?? group,
    version: part?.version ?? version,
    kind: part?.kind ?? resource.kind,
  }
}

const resourceOf = ({ group, version, resource }: ResourceInfo): object => ({ group, version, resource })

function optionsOf({ operation, context, deleteOptions }: AdmissionRequest): object {
  const { dryRun, fieldManager, fieldValidation } = context
  const named = {
    kind: `${operation.replace(/^./, (letter) => letter.toUpperCase())}Options`,
    apiVersion: 'meta.k8s.io/v1',
    ...(dryRun ? { dryRun: ['All'] } : {}),
  }
  if (operation === 'delete') return { ...named, ...deleteOptionsOf(deleteOptions ?? {}) }
  return {
    ...named,
    ...(fieldManager ? { fieldManager } : {}),
    ...(fieldValidation ? { fieldValidation } : {}),
  }
}

function deleteOptionsOf({ gracePeriodSeconds, preconditions, propagationPolicy }: DeleteOptions): object {
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(preconditions === undefined ? {} : { preconditions }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
  }
}
