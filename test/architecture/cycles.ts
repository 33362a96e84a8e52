/** Circles of imports, types included: two files that need each other are one. Pure. */

import { dirname, join } from 'node:path'

const IMPORT = /\sfrom '(\.[^']+)'/g

/** @returns files that `file` takes something from */
export const importsOf = (file: string, text: string): readonly string[] =>
  [...text.matchAll(IMPORT)].map(([, target]) => join(dirname(file), target ?? ''))

/** @returns the first circle that is found, each file with what it imports next; empty when there is none */
export function circle(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): readonly string[] => {
    const begun = path.indexOf(file)
    if (begun >= 0) return [...path.slice(begun), file]
    if (done.has(file)) return []
    path.push(file)
    for (const next of imports.get(file) ?? []) {
      const found = visit(next)
      if (found.length > 0) return found
    }
    path.pop()
    done.add(file)
    return []
  }
  for (const file of imports.keys()) {
    const found = visit(file)
    if (found.length > 0) return found
  }
  return []
}
