/** The containers of a pod, of whichever kind they are. Pure. */

import type { Container, EphemeralContainer, PodSpec } from './generated/core-v1.ts'

export const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const

export type AnyContainer = Container | EphemeralContainer

/** All of them, in the order of the lists above. */
export const containersOf = (spec: PodSpec): readonly AnyContainer[] =>
  CONTAINER_LISTS.flatMap((list): readonly AnyContainer[] => spec[list] ?? [])

/** @returns the specification with each container changed; of whichever kind they are, they stay of it */
export function withContainers(spec: PodSpec, change: (container: AnyContainer) => AnyContainer): PodSpec {
  const lists = CONTAINER_LISTS.flatMap((list) => {
    const containers: readonly AnyContainer[] | undefined = spec[list]
    return containers ? [[list, containers.map(change)] as const] : []
  })
  return { ...spec, ...Object.fromEntries(lists) }
}
