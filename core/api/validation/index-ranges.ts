/** Texts that name indexes of a Job: `0-2,5` (kubernetes/kubernetes pkg/apis/batch/validation/validation.go). Pure. */

export type Indexes = { readonly total: number } | { readonly problem: string }

/** How many indexes the text names. */
export function countIndexes(text: string, completions: number): Indexes {
  if (text === '') return { total: 0 }
  let total = 0
  let last: number | undefined
  for (const fragment of text.split(',')) {
    const interval = readInterval(fragment, completions)
    if ('problem' in interval) return interval
    const { first, final } = interval
    if (last !== undefined && last >= first)
      return { problem: `non-increasing order, previous: ${last}, current: ${first}` }
    total += final - first + 1
    last = final
  }
  return { total }
}

type Interval = { readonly first: number; readonly final: number } | { readonly problem: string }

function readInterval(fragment: string, completions: number): Interval {
  const parts = fragment.split('-')
  if (parts.length > 2)
    return {
      problem: `the fragment ${JSON.stringify(fragment)} violates the requirement that an index interval can have at most two parts separated by '-'`,
    }
  for (const part of parts) {
    if (!/^\+?\d+$/.test(part))
      return { problem: `cannot convert string to integer for index: ${JSON.stringify(part)}` }
    if (Number(part) >= completions) return { problem: `too large index: ${JSON.stringify(part)}` }
  }
  const [first = 0, final = first] = parts.map(Number)
  return parts.length === 2 && first >= final
    ? { problem: `non-increasing order, previous: ${first}, current: ${final}` }
    : { first, final }
}

/** The first index that is in both texts; what cannot be read in either is passed over. */
export function commonIndex(left: string, right: string, completions: number): number | undefined {
  const intervals = (text: string) =>
    text.split(',').flatMap((fragment) => {
      const interval = readInterval(fragment, completions)
      return 'problem' in interval ? [] : [interval]
    })
  const [ours, theirs] = [intervals(left), intervals(right)]
  let [a, b] = [0, 0]
  for (;;) {
    const [one, other] = [ours[a], theirs[b]]
    if (one === undefined || other === undefined) return undefined
    if (one.first <= other.final && other.first <= one.final) return Math.max(one.first, other.first)
    if (one.first <= other.first) a += 1
    else b += 1
  }
}
