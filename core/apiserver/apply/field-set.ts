/**
 * Sets of field paths, in the very form they have in metadata.managedFields[].fieldsV1: a tree whose keys are path
 * elements (`f:spec`, `k:{"name":"x"}`, `v:"x"`), an empty node for a member without children, and `.` for a
 * member that has children. Pure; nodes are never changed, so sets share parts.
 *
 * kubernetes-sigs/structured-merge-diff fieldpath/set.go has the same operations.
 */

export interface FieldSet {
  readonly [element: string]: FieldSet
}

/** The set without members. As the node of a path it means that the path itself is a member. */
export const EMPTY_SET: FieldSet = Object.freeze({})

const SELF = '.'

/** Whether a set (not a node) has no members. */
export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false
  return true
}

/** Whether the node's own path is a member. */
export function isMember(node: FieldSet | undefined): boolean {
  return node !== undefined && (SELF in node || isEmptySet(node))
}

/** The node of a path that is a member or not, with these children; undefined when there is nothing to say. */
export function fieldNode(member: boolean, children: FieldSet): FieldSet | undefined {
  if (isEmptySet(children)) return member ? EMPTY_SET : undefined
  return member ? { [SELF]: EMPTY_SET, ...children } : children
}

const childrenOf = (node: FieldSet): [string, FieldSet][] =>
  Object.entries(node).filter(([element]) => element !== SELF)

/** Builds a set from path elements and their nodes; undefined nodes are left out. */
export function setOf(nodes: Iterable<readonly [string, FieldSet | undefined]>): FieldSet {
  const result: Record<string, FieldSet> = {}
  for (const [element, node] of nodes) if (node !== undefined) result[element] = node
  return result
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a
  if (isEmptySet(a)) return b
  const result: Record<string, FieldSet> = { ...a }
  for (const [element, node] of Object.entries(b)) {
    const existing = result[element]
    result[element] = existing === undefined || element === SELF ? node : unionOfNodes(existing, node)
  }
  return result
}

function unionOfNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a
  const children = union(setOf(childrenOf(a)), setOf(childrenOf(b)))
  return fieldNode(isMember(a) || isMember(b), children) ?? EMPTY_SET
}

/** Members of `a` that are not members of `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a) || isEmptySet(b)) return a
  return setOf(
    childrenOf(a).map(([element, node]) => {
      const other = b[element]
      if (other === undefined) return [element, node]
      const member = isMember(node) && !isMember(other)
      return [element, fieldNode(member, difference(setOf(childrenOf(node)), setOf(childrenOf(other))))]
    }),
  )
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return setOf(
    childrenOf(a).map(([element, node]) => {
      const other = b[element]
      if (other === undefined) return [element, undefined]
      const member = isMember(node) && isMember(other)
      return [element, fieldNode(member, intersection(setOf(childrenOf(node)), setOf(childrenOf(other))))]
    }),
  )
}

/** Whether both have the same members. */
export function equalSets(a: FieldSet, b: FieldSet): boolean {
  return a === b || (isEmptySet(difference(a, b)) && isEmptySet(difference(b, a)))
}

/** Removes a path and all under it. */
export function withoutPath(set: FieldSet, path: readonly string[]): FieldSet {
  const [head, ...rest] = path
  const node = head === undefined ? undefined : set[head]
  if (head === undefined || node === undefined) return set
  const inner = withoutPath(setOf(childrenOf(node)), rest)
  const { [head]: _, ...others } = set
  const kept = rest.length === 0 ? undefined : fieldNode(isMember(node), inner)
  return kept === undefined ? others : { ...others, [head]: kept }
}

/** Paths of all members, in the order of their elements. */
export function* memberPaths(set: FieldSet, prefix: readonly string[] = []): Iterable<readonly string[]> {
  for (const [element, node] of childrenOf(set).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const path = [...prefix, element]
    if (isMember(node)) yield path
    yield* memberPaths(setOf(childrenOf(node)), path)
  }
}

/** The same set with every node's elements in order: what is stored. */
export function sorted(set: FieldSet): FieldSet {
  return Object.fromEntries(
    Object.entries(set)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([element, node]) => [element, sorted(node)]),
  )
}

/** `.spec.ports[port=80,protocol="TCP"].name`: how messages print a path. */
export function printedPath(path: readonly string[]): string {
  return path.map(printedElement).join('')
}

function printedElement(element: string): string {
  const text = element.slice(2)
  switch (element.slice(0, 2)) {
    case 'f:':
      return `.${text}`
    case 'k:': {
      const keys = Object.entries(JSON.parse(text) as Record<string, unknown>)
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`
    }
    case 'v:':
      return `[=${text}]`
    default:
      return `[${text}]`
  }
}
