/** The nodes of an expression that the CEL library parsed, with those its macros are made into. Pure. */

export interface ExpressionNode {
  readonly op: string
  readonly args: unknown
}

interface LibraryNode extends ExpressionNode {
  readonly meta: { readonly alternate?: unknown; readonly macro?: unknown }
}

/** @param from a program, a node, or what nodes hold. @returns every node once, outer ones first */
export function expressionNodes(from: unknown): readonly ExpressionNode[] {
  const seen = new Set<object>()
  const found: ExpressionNode[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    if (isNode(value)) found.push(value)
    for (const part of partsOf(value)) visit(part)
  }
  visit(typeof from === 'function' ? (from as unknown as { readonly ast: unknown }).ast : from)
  return found
}

const isNode = (value: object): value is LibraryNode => 'op' in value && 'meta' in value

/** What a node consists of; what else the library keeps at nodes (types, contexts) is no part of the expression. */
export function partsOf(value: object): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (isNode(value)) return [value.args, value.meta.alternate, value.meta.macro]
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? Object.values(value) : []
}
