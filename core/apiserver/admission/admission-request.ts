/** What every admission step is given: the request, and the cluster around it. Types only. */

import type { Random } from '../../../host/host.ts'
import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import type { DeleteOptions } from '../../client/client.ts'
import type { RequestContext } from '../registry/registry.ts'

export interface AdmissionRequest {
  readonly operation: 'create' | 'update' | 'delete' | 'connect'
  readonly resource: ResourceInfo
  /** '' for the object itself */
  readonly subresource: string
  readonly namespace: string | undefined
  /** '' for one of a whole collection; absent: the object's */
  readonly name?: string | undefined
  /** what the client said of how to delete; absent: nothing */
  readonly deleteOptions?: DeleteOptions | undefined
  /** what policies and webhooks are shown in the object's place */
  readonly view?: AdmissionView | undefined
  /** delete: the object as it is; connect: how to */
  readonly object: KubernetesObject
  /** as it is now; undefined on create */
  readonly old: KubernetesObject | undefined
  readonly context: Pick<RequestContext, 'user' | 'dryRun' | 'warn' | 'fieldManager' | 'fieldValidation'>
  readonly random: Pick<Random, 'next'>
}

/** Another form of an object: the Scale of a workload. */
export interface AdmissionView {
  readonly show: (object: KubernetesObject) => KubernetesObject
  /** @returns the object as it is with its other form changed. @throws ApiError when that form is no good */
  readonly change: (object: KubernetesObject, shown: KubernetesObject) => KubernetesObject
}

/** The cluster as stored, at the time of the request. */
export interface ClusterView {
  get(resource: ResourceInfo, name: ObjectName): KubernetesObject | undefined
  /** @param namespace undefined: all */
  list(resource: ResourceInfo, namespace?: string): readonly KubernetesObject[]
}

/** @returns the object, changed or not. @throws ApiError when the request is refused */
export type AdmissionStep = (request: AdmissionRequest, cluster: ClusterView) => KubernetesObject
