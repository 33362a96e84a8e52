/**
 * Built-in resources whose objects are stored in another version: one stored object, several versions served. Pure.
 *
 * A further one is a row: how the scheme names it, and the two conversions. All else in the server sees the version
 * served: reads convert what is stored (`Kind.fromStorage`), writes convert what is to be stored
 * (`Kind.toStorage`). Both resources must have the same plural name, for the store's keys are made of it
 * (./storage-key.ts).
 */

import { toAutoscalerV1, toAutoscalerV2 } from '../../api/conversion/horizontal-pod-autoscaler.ts'
import { toCoreEvent, toNewEvent } from '../../api/conversion/events.ts'
import { deepFreeze } from '../../api/deep-freeze.ts'
import { defaultHorizontalPodAutoscaler } from '../../api/defaults/autoscaling.ts'
import type { HorizontalPodAutoscaler } from '../../api/generated/autoscaling-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'

export interface Conversion {
  readonly toStorage: (object: KubernetesObject) => KubernetesObject
  readonly fromStorage: (object: KubernetesObject) => KubernetesObject
}

/** @returns how objects of that kind are stored, when it is not as they are served */
export function conversionOf(apiVersion: string, kind: string): Conversion | undefined {
  return CONVERSIONS.get(`${apiVersion}/${kind}`)?.()
}

const CONVERSIONS: ReadonlyMap<string, () => Conversion> = new Map([
  ['events.k8s.io/v1/Event', () => conversion(toCoreEvent, toNewEvent)],
  ['autoscaling/v1/HorizontalPodAutoscaler', () => conversion(toStoredAutoscaler, toAutoscalerV1)],
])

/** Upstream defaults what it reads from the store, and only there what stood in an annotation. */
const toStoredAutoscaler = (autoscaler: HorizontalPodAutoscaler) =>
  defaultHorizontalPodAutoscaler(toAutoscalerV2(autoscaler))

/**
 * Stored objects are frozen and never change, so that each is converted once, however many read it; and back again it is
 * what it was, whatever the version between does not tell.
 */
function conversion<Served extends KubernetesObject, Stored extends KubernetesObject>(
  toStored: (object: Served) => Stored,
  toServed: (object: Stored) => Served,
): Conversion {
  const served = new WeakMap<KubernetesObject, KubernetesObject>()
  const stored = new WeakMap<KubernetesObject, KubernetesObject>()
  return {
    toStorage: (object) => stored.get(object) ?? toStored(object as Served),
    fromStorage(object) {
      const known = served.get(object)
      if (known !== undefined) return known
      const made = deepFreeze(toServed(object as Stored))
      served.set(object, made)
      stored.set(made, object)
      return made
    },
  }
}
