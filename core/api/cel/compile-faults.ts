/**
 * What is wrong with an expression, as Go's CEL words it: `ERROR: <input>:1:1: undeclared reference to 'x' (in container
 * '')`, with the line and a caret. Pure.
 *
 * google/cel-go common/{error,source}.go, checker/errors.go, common/types (FormatCELType).
 */

/** A node of an expression as the CEL library has it. */
export interface ExpressionNode {
  readonly op: string
  readonly args: unknown
  readonly start: number
  readonly end: number
  readonly pos?: number
  readonly checkedType?: { readonly name: string }
}

/** The library's errors: `summary` is the message without place and line. */
export interface CheckError {
  readonly code: string
  readonly summary: string
  readonly node?: ExpressionNode | undefined
  readonly range?: { readonly start: number } | undefined
  /** the type of the node when the error was found */
  readonly foundType?: string | undefined
}

export interface CheckedExpression {
  readonly expression: string
  readonly nodes: readonly ExpressionNode[]
  readonly error: CheckError
  /** whether there is any function of that name */
  readonly knowsFunction: (name: string) => boolean
}

export interface ExpressionFault {
  /** from 0 */
  readonly offset: number
  readonly message: string
}

/** Several faults as one text, in the order they were found. */
export function faultText(expression: string, faults: readonly ExpressionFault[]): string {
  return faults.map((fault) => oneFault(expression, fault)).join('\n')
}

function oneFault(expression: string, { offset, message }: ExpressionFault): string {
  const before = expression.slice(0, offset).split('\n')
  const column = (before.at(-1) ?? '').length
  const line = expression.split('\n')[before.length - 1] ?? ''
  return `ERROR: <input>:${before.length}:${column + 1}: ${message}\n | ${line}\n | ${'.'.repeat(column)}^`
}

/** Types that have other names in Go's messages. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  'google.protobuf.Timestamp': 'timestamp',
  'google.protobuf.Duration': 'duration',
  list: 'list(dyn)',
  map: 'map(dyn, dyn)',
  optional: 'optional_type(dyn)',
  null_type: 'null',
}

/** `list<map<string, int>>` as `list(map(string, int))` */
export function typeText(name: string): string {
  return (
    TYPE_NAMES[name] ??
    name
      .replaceAll('optional<', 'optional_type<')
      .replaceAll(/google\.protobuf\.(Timestamp|Duration)/g, (_whole, kind: string) => kind.toLowerCase())
      .replaceAll('<', '(')
      .replaceAll('>', ')')
      // What is still open.
      .replaceAll(/(?<=[(, ]|^)[A-Z](?=[), ]|$)/g, 'dyn')
  )
}

/** @returns none for what is a fault to the library alone */
export function checkFault(checked: CheckedExpression): readonly ExpressionFault[] {
  const { expression, error, knowsFunction } = checked
  const { node } = error
  if (node === undefined) return [{ offset: error.range?.start ?? 0, message: error.summary }]
  const fault = (message: string, at = node): readonly ExpressionFault[] => [
    { offset: placeOf(expression, at), message },
  ]
  switch (error.code) {
    case 'unknown_variable':
      return fault(`undeclared reference to '${String(node.args)}' (in container '')`)
    case 'no_such_key':
      return fault(fieldMessage(node))
    case 'cannot_index_type': {
      const [type] = argumentTypes(node)
      // An item of a list of which nothing is known.
      return type === 'dyn' ? [] : fault(`type '${type ?? 'dyn'}' does not support field selection`)
    }
    case 'no_matching_overload':
      return fault(callMessage(node, knowsFunction))
    case 'invalid_logical_operand': {
      const operand = operands(node).find((each) => !['bool', 'dyn'].includes(each.checkedType?.name ?? ''))
      return fault(`expected type 'bool' but found '${typeOf(operand)}'`, operand)
    }
    case 'invalid_macro_argument':
      return [macroFault(error, placeOf(expression, node))]
    case 'no_such_overload':
    case 'invalid_index_type':
      if (node.op !== '.') return fault(operatorMessage(node))
      return fault(`type '${argumentTypes(node)[0] ?? 'dyn'}' does not support field selection`)
    case 'incompatible_ternary_branches':
      return fault(operatorMessage(node))
    case 'invalid_condition_type':
      return [conditionFault(checked, node)]
    default:
      return fault(error.summary)
  }
}

export const macroFault = (
  { summary, range }: CheckError,
  offset: number = range?.start ?? 0,
): ExpressionFault => ({
  offset,
  message: summary.includes('iteration variable') ? 'argument must be a simple name' : summary,
})

/** The types of opaque values have no fields, and are not said to have none. */
function fieldMessage(node: ExpressionNode): string {
  // A field has() asks for.
  if (node.op === 'call') return fieldMessage((node.args as readonly [string, [ExpressionNode]])[1][0])
  const [operand] = argumentTypes(node)
  return operand?.startsWith('kubernetes.authorization.')
    ? `unexpected failed resolution of '${operand}'`
    : `undefined field '${String((node.args as readonly unknown[])[1])}'`
}

function callMessage(node: ExpressionNode, knowsFunction: (name: string) => boolean): string {
  const [name, second, third] = node.args as readonly [string, unknown, unknown]
  if (!knowsFunction(name)) return `undeclared reference to '${name}' (in container '')`
  const listed = (list: unknown): string =>
    (list as readonly ExpressionNode[]).map((each) => typeOf(each)).join(', ')
  if (node.op === 'call') return `found no matching overload for '${name}' applied to '(${listed(second)})'`
  const receiver = typeOf(second as ExpressionNode)
  return `found no matching overload for '${name}' applied to '${receiver}.(${listed(third)})'`
}

const OPERATOR_NAMES: Readonly<Record<string, string>> = {
  in: '@in',
  '!_': '!_',
  '-_': '-_',
  '?:': '_?_:_',
  '[]': '_[_]',
}

const operatorMessage = (node: ExpressionNode): string =>
  `found no matching overload for '${OPERATOR_NAMES[node.op] ?? `_${node.op}_`}' applied to ` +
  `'(${argumentTypes(node).join(', ')})'`

/** The library blames the condition, Go the operator, which is what filter() is made of, too. */
function conditionFault(
  { expression, nodes, error }: CheckedExpression,
  condition: ExpressionNode,
): ExpressionFault {
  const found = typeText(error.foundType ?? 'dyn')
  const ternary = nodes.find(({ op, args }) => op === '?:' && (args as readonly unknown[])[0] === condition)
  const [, yes = 'dyn', no = 'dyn'] = ternary === undefined ? [] : argumentTypes(ternary)
  const macro = /^(\w+)\(/.exec(error.summary)?.[1]
  if (macro !== undefined && macro !== 'filter' && macro !== 'map')
    return {
      offset: placeOf(expression, condition),
      message: `expected type 'bool' but found '${found}'`,
    }
  const offset =
    macro === undefined
      ? expression.indexOf('?', condition.end)
      : expression.lastIndexOf(`${macro}(`, condition.start) + macro.length
  return {
    offset,
    message: `found no matching overload for '_?_:_' applied to '(${[found, yes, no].join(', ')})'`,
  }
}

const isNode = (value: unknown): value is ExpressionNode =>
  typeof value === 'object' && value !== null && 'op' in value

const operands = ({ args }: ExpressionNode): readonly ExpressionNode[] =>
  (Array.isArray(args) ? args : [args]).filter(isNode)

const typeOf = (node: ExpressionNode | undefined): string => typeText(node?.checkedType?.name ?? 'dyn')

const argumentTypes = (node: ExpressionNode): readonly string[] => operands(node).map((each) => typeOf(each))

/** Where Go sees a node: at its operator, dot or bracket; everything else at its beginning. */
export function placeOf(expression: string, node: ExpressionNode): number {
  const [first, second] = operands(node)
  const after = (text: string, from: number): number => Math.max(expression.indexOf(text, from), node.start)
  switch (node.op) {
    case 'call':
      return after('(', node.start)
    case 'rcall':
      return after('(', second === undefined ? (first?.end ?? node.start) : second.end)
    case '.':
    case '.?':
      return after('.', first?.end ?? node.start)
    case '[]':
    case '[?]':
      return after('[', first?.end ?? node.start)
    case '?:':
      return after('?', first?.end ?? node.start)
    case '!_':
    case '-_':
      return node.start
    default:
      return second === undefined || first === undefined || !isBinary(node.op)
        ? node.start
        : after(node.op, first.end)
  }
}

const isBinary = (op: string): boolean =>
  ['!=', '==', 'in', '+', '-', '*', '/', '%', '<', '<=', '>', '>=', '||', '&&'].includes(op)
