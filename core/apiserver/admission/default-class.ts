/** Which of several classes is the default one: that of Ingresses, that of claims. Pure. */

import type { KubernetesObject } from '../../api/object.ts'

/**
 * @param marks annotations that say so with `"true"`
 * @returns of several, the newest, then the first by name
 */
export function defaultClass(
  classes: readonly KubernetesObject[],
  marks: readonly string[],
): KubernetesObject | undefined {
  return classes
    .filter(({ metadata: { annotations } }) => marks.some((mark) => annotations?.[mark] === 'true'))
    .toSorted(newestThenByName)[0]
}

function newestThenByName(a: KubernetesObject, b: KubernetesObject): number {
  const [left, right] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '']
  if (left !== right) return left > right ? -1 : 1
  return a.metadata.name < b.metadata.name ? -1 : 1
}
