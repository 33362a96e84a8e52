/**
 * From the text of an expression of admission to what can be evaluated, or to what is wrong with it. Pure.
 * kubernetes/apiserver pkg/admission/plugin/cel/compile.go (CompileCELExpression).
 */

import type { Environment, ParseResult } from '@marcbachmann/cel-js'
import { compiledPattern } from '../json-schema/re2.ts'
import type { CheckError, ExpressionFault, ExpressionNode } from './compile-faults.ts'
import { checkFault, faultText, macroFault, placeOf, typeText } from './compile-faults.ts'
import { translated, untranslated } from './dialect.ts'
import { expressionNodes } from './expression-nodes.ts'
import { syntaxFault } from './syntax-faults.ts'

export type Checked =
  /** `type` as the CEL library names it: `bool`, `list<string>` */
  { readonly type: string } | { readonly fault: string }

/** More faults of one expression are not told. */
const MAX_FAULTS = 20

/** @param returns types the expression may have; undefined: any */
export function checked(environment: Environment, expression: string, returns?: readonly string[]): Checked {
  const found = checkedTypes(environment, expression)
  if ('faults' in found) return { fault: `compilation failed: ${faultText(expression, found.faults)}` }
  const { type } = found
  if (returns === undefined || returns.includes(type)) return { type }
  const names = returns.map(outputText)
  const wanted = names.length === 1 ? (names[0] ?? '') : `one of [${names.join(' ')}]`
  return { fault: `must evaluate to ${wanted} but got ${outputText(type)}` }
}

/** Faults alone, without what the expression may evaluate to: `ERROR: <input>:1:1: ...` */
export function typeFaults(environment: Environment, expression: string): string | undefined {
  const found = checkedTypes(environment, expression)
  return 'faults' in found ? faultText(expression, found.faults) : undefined
}

const outputText = (type: string): string =>
  type === 'null' || type === 'null_type' ? 'null_type' : typeText(type)

type Types = { readonly type: string } | { readonly faults: readonly ExpressionFault[] }

function checkedTypes(environment: Environment, expression: string): Types {
  let program: ParseResult
  try {
    program = environment.parse(translated(expression))
  } catch (error) {
    return { faults: [parseFault(expression, error)] }
  }
  const nodes = expressionNodes(program)
  const faults = [...missingNames(nodes), ...typedFaults(environment, expression, program)]
  const late = faults.length > 0 ? [] : [...literalFaults(nodes), ...mixedLists(expression, nodes)]
  if (faults.length + late.length > 0) return { faults: [...faults, ...late] }
  const { checkedType } = program.ast as unknown as ExpressionNode
  return { type: checkedType?.name ?? 'dyn' }
}

function parseFault(expression: string, error: unknown): ExpressionFault {
  if (!(error instanceof Error)) return { offset: 0, message: String(error) }
  const library = error as Error & { readonly code: string; readonly summary: string }
  if (typeof library.summary !== 'string') return { offset: 0, message: error.message }
  const fault = syntaxFault(expression, library) ?? macroFault(library)
  return { ...fault, message: untranslated(fault.message) }
}

/** The checker stops at the first fault: what it is in counts as anything from then on, and the rest is looked at. */
function typedFaults(
  environment: Environment,
  expression: string,
  program: ParseResult,
): readonly ExpressionFault[] {
  const anything = anyType(environment)
  const found: CheckError[] = []
  const seen = new Set<ExpressionNode>()
  while (found.length < MAX_FAULTS) {
    const { valid, error } = program.check()
    if (valid || error === undefined) break
    const { node } = error as unknown as CheckError
    if (node !== undefined && seen.has(node)) break
    found.push({ ...told(error as unknown as CheckError), foundType: node?.checkedType?.name })
    if (node === undefined) break
    seen.add(node)
    // A condition has a type, and the wrong one: it is looked at again with its branches.
    Object.assign(node, { checkedType: anything })
  }
  const nodes = expressionNodes(program)
  return found
    .flatMap((error) =>
      checkFault({ expression, nodes, error, knowsFunction: (name) => knowsFunction(environment, name) }),
    )
    .map((fault) => ({ ...fault, message: untranslated(fault.message) }))
}

const told = ({ code, summary, node, range }: CheckError): CheckError => ({ code, summary, node, range })

function anyType(environment: Environment): unknown {
  const program = environment.parse('dyn(1)')
  program.check()
  return (program.ast as unknown as ExpressionNode).checkedType
}

function knowsFunction(environment: Environment, name: string): boolean {
  const wanted = translated(`.${name}(`).slice(1, -1)
  return environment.getDefinitions().functions.some((each) => each.name === wanted || each.name === name)
}

/** The library has more than Go's CEL in Kubernetes: `cel.bind`. */
function missingNames(nodes: readonly ExpressionNode[]): readonly ExpressionFault[] {
  return nodes
    .filter(({ op, args }) => op === 'id' && args === 'cel')
    .slice(0, 1)
    .map(({ start }) => ({ offset: start, message: "undeclared reference to 'cel' (in container '')" }))
}

/** Patterns, durations and times that are written out are looked at before they are needed. */
function literalFaults(nodes: readonly ExpressionNode[]): readonly ExpressionFault[] {
  return nodes.flatMap((node) => {
    const { name, given } = callOf(node)
    // matches(text, pattern) and text.matches(pattern)
    const first = given.at(node.op === 'call' && name === 'matches' ? 1 : 0)
    if (first?.op !== 'value' || typeof first.args !== 'string') return []
    const shown = untranslated(name)
    return isGoodLiteral(shown, first.args)
      ? []
      : [{ offset: first.start, message: `invalid ${shown} argument` }]
  })
}

/** The function a node calls, and with what, its receiver aside. */
function callOf({ op, args }: ExpressionNode): {
  readonly name: string
  readonly given: readonly ExpressionNode[]
} {
  if (op !== 'call' && op !== 'rcall') return { name: '', given: [] }
  const [name, second, third] = args as readonly [string, unknown, unknown]
  return { name, given: (op === 'call' ? second : third) as readonly ExpressionNode[] }
}

const DURATION = /^[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/

function isGoodLiteral(name: string, text: string): boolean {
  switch (name) {
    case 'matches':
      return compiledPattern(text) !== undefined
    case 'duration':
      return DURATION.test(text)
    case 'timestamp':
      return TIMESTAMP.test(text)
    default:
      return true
  }
}

/** Items of one list and values of one map have one type; what is given to format() may differ. */
function mixedLists(expression: string, nodes: readonly ExpressionNode[]): readonly ExpressionFault[] {
  const exempt = new Set(
    nodes.flatMap((node) => {
      const { name, given } = callOf(node)
      return node.op === 'rcall' && name === 'format' ? expressionNodes(given) : []
    }),
  )
  return nodes.flatMap((node) => {
    if (exempt.has(node) || (node.op !== 'list' && node.op !== 'map')) return []
    const parts = node.args as readonly unknown[]
    const columns =
      node.op === 'list' ? [parts] : [0, 1].map((index) => parts.map((part) => (part as unknown[])[index]))
    return columns.flatMap((column) => firstOther(expression, column as readonly ExpressionNode[]))
  })
}

function firstOther(expression: string, items: readonly ExpressionNode[]): readonly ExpressionFault[] {
  const wanted = items[0]?.checkedType?.name
  const other = items.find(({ checkedType }) => checkedType?.name !== wanted)
  if (wanted === undefined || other?.checkedType === undefined) return []
  const message = `expected type '${typeText(wanted)}' but found '${typeText(other.checkedType.name)}'`
  return [{ offset: placeOf(expression, other), message }]
}
