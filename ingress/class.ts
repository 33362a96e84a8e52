/**
 * Which Ingresses are ours. Pure.
 *
 * By spec.ingressClassName (an IngressClass of that name must exist with our controller), else by the old annotation
 * kubernetes.io/ingress.class (the name of one of our classes), else, with neither, yes unless another controller's
 * class is marked default.
 */

import type { Ingress, IngressClass } from '../core/api/generated/networking-v1.ts'

export const CONTROLLER_NAME = 'portolan.dev/ingress'
const IS_DEFAULT = 'ingressclass.kubernetes.io/is-default-class'
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'

export function isOurs(ingress: Ingress, classes: readonly IngressClass[]): boolean {
  const ours = new Set(
    classes.filter((one) => one.spec.controller === CONTROLLER_NAME).map((one) => one.metadata.name),
  )
  if (ingress.spec.ingressClassName) return ours.has(ingress.spec.ingressClassName)
  const annotation = ingress.metadata.annotations?.[CLASS_ANNOTATION]
  if (annotation) return ours.has(annotation)
  const isDefault = (one: IngressClass): boolean => one.metadata.annotations?.[IS_DEFAULT] === 'true'
  return !classes.some((one) => isDefault(one) && !ours.has(one.metadata.name))
}
