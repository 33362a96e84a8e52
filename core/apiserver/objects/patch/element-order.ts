/**
 * In which order a strategic merge patch leaves the items of a list: those the patch names in the patch's order,
 * those only the server has at their place among them. Pure.
 *
 * kubernetes/apimachinery pkg/util/strategicpatch/patch.go, normalizeElementOrder and mergeSortedSlice.
 */

/** Tells items apart: the merge key's value, or the item itself in a list of scalars. */
export type ItemKey = (item: unknown) => unknown

/**
 * @param merged all items
 * @param patchOrder keys in the order the patch wants them
 * @param serverOrder keys in the order of the list before the patch
 */
export function orderedElements(
  merged: readonly unknown[],
  keyOf: ItemKey,
  patchOrder: readonly unknown[],
  serverOrder: readonly unknown[],
): readonly unknown[] {
  const byOrder = (order: readonly unknown[]) => (a: unknown, b: unknown) =>
    order.indexOf(keyOf(a)) - order.indexOf(keyOf(b))
  const named = merged.filter((item) => patchOrder.includes(keyOf(item))).sort(byOrder(patchOrder))
  const rest = merged.filter((item) => !patchOrder.includes(keyOf(item))).sort(byOrder(serverOrder))
  return interleaved(rest, named, (item) => serverOrder.indexOf(keyOf(item)))
}

/** Puts each of `rest` before the first of `named` that came after it on the server; else after all. */
function interleaved(
  rest: readonly unknown[],
  named: readonly unknown[],
  rank: (item: unknown) => number,
): readonly unknown[] {
  const result: unknown[] = []
  let next = 0
  for (const item of named) {
    while (next < rest.length && rank(rest[next]) >= 0 && rank(item) >= 0 && rank(rest[next]) < rank(item)) {
      result.push(rest[next])
      next += 1
    }
    result.push(item)
  }
  return [...result, ...rest.slice(next)]
}
