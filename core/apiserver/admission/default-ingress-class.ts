/**
 * An Ingress without a class gets the class marked as default.
 * kubernetes/kubernetes plugin/pkg/admission/network/defaultingressclass. Pure.
 */

import type { Ingress } from '../../api/generated/networking-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { INGRESS_CLASSES } from '../../api/scheme.ts'
import type { AdmissionRequest, ClusterView } from './admission-request.ts'
import { defaultClass } from './default-class.ts'

const IS_DEFAULT = 'ingressclass.kubernetes.io/is-default-class'
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'

export function addDefaultIngressClass(request: AdmissionRequest, cluster: ClusterView): KubernetesObject {
  const { operation, resource, object } = request
  if (operation !== 'create' || resource.kind !== 'Ingress') return object
  const ingress = object as Ingress
  const hasClass =
    ingress.spec.ingressClassName !== undefined || ingress.metadata.annotations?.[CLASS_ANNOTATION]
  if (hasClass) return object
  const chosen = defaultClass(cluster.list(INGRESS_CLASSES), [IS_DEFAULT])
  if (chosen === undefined) return object
  const result: Ingress = { ...ingress, spec: { ...ingress.spec, ingressClassName: chosen.metadata.name } }
  return result
}
