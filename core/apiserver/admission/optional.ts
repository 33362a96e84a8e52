/**
 * Steps of admission that are off unless they are asked for: pods always pull their images, tolerate the taints of the
 * devices they want, and Services have no external addresses (kubernetes/kubernetes
 * plugin/pkg/admission/{alwayspullimages,extendedresourcetoleration,network/denyserviceexternalips}). Pure.
 */

import { forbidden } from '../../api/api-error.ts'
import type { FieldError } from '../../api/field-error.ts'
import { fieldErrorMessage } from '../../api/field-error.ts'
import type { Pod, Service, Toleration } from '../../api/generated/core-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { CONTAINER_LISTS, containersOf, withContainers } from '../../api/pod-containers.ts'
import { notSupported } from '../../api/validation/faults.ts'
import { isExtendedResource } from '../../api/validation/resource-name.ts'
import type { AdmissionRequest } from './admission-request.ts'
import { podOf } from './pods.ts'

const writtenPod = (request: AdmissionRequest): Pod | undefined =>
  ['create', 'update'].includes(request.operation) ? podOf(request) : undefined

/** @returns undefined for a pod with no image that it did not have */
function podOfNewImages(request: AdmissionRequest): Pod | undefined {
  const pod = writtenPod(request)
  if (pod === undefined || request.old === undefined) return pod
  const known = containersOf((request.old as Pod).spec).map(({ image }) => image)
  return containersOf(pod.spec).every(({ image }) => known.includes(image)) ? undefined : pod
}

/** AlwaysPullImages: nobody uses an image that another one's secrets have pulled. */
export function alwaysPull(request: AdmissionRequest): KubernetesObject {
  const pod = podOfNewImages(request)
  if (pod === undefined) return request.object
  const volumes = pod.spec.volumes?.map((volume) =>
    volume.image ? { ...volume, image: { ...volume.image, pullPolicy: 'Always' } } : volume,
  )
  const pulling = withContainers(pod.spec, (each) => ({ ...each, imagePullPolicy: 'Always' }))
  return { ...pod, spec: { ...pulling, ...(volumes ? { volumes } : {}) } } as Pod
}

/** @throws ApiError Forbidden for a pod that does not always pull */
export function refuseKeptImages(request: AdmissionRequest): void {
  const pod = podOfNewImages(request)
  if (pod === undefined) return
  const faults = [
    ...CONTAINER_LISTS.flatMap((list) =>
      (pod.spec[list] ?? []).flatMap(({ imagePullPolicy }, index) =>
        policyFault(`spec.${list}[${index}].imagePullPolicy`, imagePullPolicy),
      ),
    ),
    ...(pod.spec.volumes ?? []).flatMap(({ image }, index) =>
      image ? policyFault(`spec.volumes[${index}].image.pullPolicy`, image.pullPolicy) : [],
    ),
  ]
  const [first] = faults
  if (first !== undefined) throw forbidden(request.resource, pod.metadata.name, fieldErrorMessage(first))
}

const policyFault = (field: string, policy: string | undefined): readonly FieldError[] =>
  policy === 'Always' ? [] : [notSupported(field, policy ?? '', ['Always'])]

/** ExtendedResourceToleration: nodes with devices keep others away by a taint of the device's name. */
export function tolerateDevices(request: AdmissionRequest): KubernetesObject {
  const pod = writtenPod(request)
  if (pod === undefined) return request.object
  const { containers, initContainers = [], tolerations = [] } = pod.spec
  const wanted = [...containers, ...initContainers]
    .flatMap(({ resources }) => Object.keys(resources?.requests ?? {}))
    .filter(isExtendedResource)
  const isThere = (key: string): boolean =>
    tolerations.some(
      (each) =>
        each.key === key &&
        each.operator === 'Exists' &&
        each.effect === 'NoSchedule' &&
        each.tolerationSeconds === undefined,
    )
  const added = [...new Set(wanted)]
    .filter((key) => !isThere(key))
    .toSorted()
    .map((key) => ({ key, operator: 'Exists', effect: 'NoSchedule' }) as Toleration)
  if (added.length === 0) return pod
  return { ...pod, spec: { ...pod.spec, tolerations: [...tolerations, ...added] } } as Pod
}

/** DenyServiceExternalIPs. @throws ApiError Forbidden for external addresses that the Service did not have */
export function refuseExternalIPs(request: AdmissionRequest): void {
  const { operation, resource, subresource, object, old } = request
  const isWritten = operation === 'create' || operation === 'update'
  if (!isWritten || resource.resource !== 'services' || resource.group !== '' || subresource !== '') return
  const known = (old as Service | undefined)?.spec.externalIPs ?? []
  const isNew = ((object as Service).spec.externalIPs ?? []).some((ip) => !known.includes(ip))
  if (isNew)
    throw forbidden(resource, object.metadata.name, 'Use of external IPs is denied by admission control')
}
