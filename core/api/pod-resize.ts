/**
 * Writing pods/resize: what the containers of a running pod ask for, and how they are told of changes (KEP-1287;
 * kubernetes/kubernetes pkg/registry/core/pod/strategy.go, pkg/apis/core/validation ValidatePodResize). Pure.
 */

import { qosClass } from './defaults/pod.ts'
import { isSameValue } from './equality.ts'
import type { FieldError } from './field-error.ts'
import type { Container, Pod, ResourceRequirements } from './generated/core-v1.ts'
import type { PartRules } from './rules.ts'
import { forbiddenField, invalidValue, when } from './validation/faults.ts'
import { validateImageSpaces, validatePodSpec } from './validation/pod.ts'

export const POD_RESIZE: PartRules<Pod> = { prepare: withNewSizes, validate: validateResize }

type Faults = readonly FieldError[]
type Amounts = Readonly<Record<string, string>>

const LISTS = ['containers', 'initContainers'] as const

/** All else stays, metadata too. Containers that came, went or moved are left as they were sent: for validation. */
function withNewSizes(pod: Pod, old: Pod): Pod {
  if (LISTS.some((list) => (pod.spec[list] ?? []).length !== (old.spec[list] ?? []).length)) return pod
  const { managedFields } = pod.metadata
  const { initContainers } = old.spec
  return {
    ...old,
    metadata: { ...old.metadata, ...(managedFields ? { managedFields } : {}) },
    spec: {
      ...old.spec,
      containers: resized(pod.spec.containers, old.spec.containers),
      ...(initContainers ? { initContainers: resized(pod.spec.initContainers, initContainers) } : {}),
    },
  }
}

function resized(now: readonly Container[] = [], old: readonly Container[]): readonly Container[] {
  if (now.some(({ name }, index) => name !== old[index]?.name)) return now
  return old.map((container, index) => {
    const { resources: _, resizePolicy: __, ...rest } = container
    const { resources, resizePolicy } = now[index] ?? {}
    return { ...rest, ...(resources ? { resources } : {}), ...(resizePolicy ? { resizePolicy } : {}) }
  })
}

/** Pods that are never resized are told so, and nothing else. */
function validateResize(pod: Pod, old: Pod): Faults {
  const refusal = refusalOf(pod, old)
  // Where upstream has no path at all, it prints that of an empty list.
  if (refusal !== undefined) return [forbiddenField('[]', refusal)]
  const faults = [
    ...validatePodSpec(pod.spec, 'spec'),
    ...validateImageSpaces(pod.spec, 'spec'),
    ...when((old.status?.qosClass || qosClass(old.spec)) !== qosClass(pod.spec), () =>
      invalidValue(
        'spec',
        pod.status?.qosClass ?? '',
        'Pod QOS Class may not change as a result of resizing',
      ),
    ),
    ...when(!canBeResized(old), () =>
      forbiddenField('spec', 'Pod running on node without support for resize'),
    ),
  ]
  const moved = LISTS.flatMap((list) => orderFaults(list, pod.spec[list], old.spec[list]))
  if (moved.length > 0) return [...faults, ...moved]
  return [
    ...faults,
    ...removalFaults('initContainers', (pod.spec.initContainers ?? []).filter(isSidecar), old, pod),
    ...removalFaults('containers', pod.spec.containers, old, pod),
    ...pod.spec.containers.flatMap((container, index) =>
      when(!isOnlyResized(container, old.spec.containers[index]), () =>
        forbiddenField('spec', 'only cpu and memory resources are mutable'),
      ),
    ),
    ...(pod.spec.initContainers ?? []).flatMap((container, index) =>
      initFaults(container, old.spec.initContainers?.[index]),
    ),
  ]
}

function refusalOf(pod: Pod, old: Pod): string | undefined {
  const isSizedAsWhole = ({ spec: { resources } }: Pod): boolean =>
    Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length > 0
  if (isSizedAsWhole(old) || isSizedAsWhole(pod)) return 'pods with pod-level resources cannot be resized'
  if (old.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined)
    return 'static pods cannot be resized'
  return old.spec.os?.name === 'windows' ? 'windows pods cannot be resized' : undefined
}

/** A node that knows of resizing says what its running containers have. */
function canBeResized({ status }: Pod): boolean {
  const running = status?.containerStatuses?.find(({ state }) => state?.running)
  return running === undefined || running.resources !== undefined
}

function orderFaults(
  list: (typeof LISTS)[number],
  now: readonly Container[] = [],
  old: readonly Container[] = [],
): Faults {
  if (now.length !== old.length)
    return [forbiddenField(`spec.${list}`, `${list} may not be added or removed on resize`)]
  return old.flatMap(({ name }, index) =>
    when(now[index]?.name !== name, () =>
      forbiddenField(`spec.${list}[${index}].name`, `${list} may not be renamed or reordered on resize`),
    ),
  )
}

const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always'

function removalFaults(
  list: (typeof LISTS)[number],
  containers: readonly Container[],
  old: Pod,
  pod: Pod,
): Faults {
  return containers.flatMap((container) => {
    const index = (pod.spec[list] ?? []).indexOf(container)
    const before = old.spec[list]?.[index]?.resources
    return (['requests', 'limits'] as const).flatMap((kind) => {
      const now = container.resources?.[kind] ?? {}
      const isLess = Object.keys(before?.[kind] ?? {}).some((name) => !Object.hasOwn(now, name))
      return when(isLess, () =>
        forbiddenField(`spec.${list}[${index}].resources.${kind}`, `resource ${kind} cannot be removed`),
      )
    })
  })
}

function initFaults(container: Container, old: Container | undefined): Faults {
  if (isSidecar(container))
    return when(!isOnlyResized(container, old), () =>
      forbiddenField('spec', 'only cpu and memory resources for sidecar containers are mutable'),
    )
  return when(!isSameValue(container, old), () =>
    forbiddenField('spec', 'resources for non-sidecar init containers are immutable'),
  )
}

/** Whether nothing but amounts of cpu and memory are different. */
function isOnlyResized(container: Container, old: Container | undefined): boolean {
  const { resources } = container
  // Claims are not looked at.
  const kept: ResourceRequirements = {
    limits: withOldSizes(resources?.limits, old?.resources?.limits),
    requests: withOldSizes(resources?.requests, old?.resources?.requests),
  }
  return isSameValue({ ...container, resources: kept }, old)
}

/** Of a container that had no such list, all of it may come. */
function withOldSizes(amounts: Amounts | undefined, old: Amounts | undefined): Amounts | undefined {
  if (old === undefined || Object.keys(old).length === 0) return undefined
  const { cpu: _, memory: __, ...others } = amounts ?? {}
  const { cpu, memory } = old
  return { ...others, ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) }
}
