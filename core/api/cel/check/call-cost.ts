/**
 * What a call may cost, and how large its result may be
 * (google/cel-go checker/cost.go functionCost, kubernetes/apiserver pkg/cel/library/cost.go EstimateCallCost). Pure.
 */

import type { Estimate } from './estimate.ts'
import { added, fixed, MAX, scaled, times, UNKNOWN, united } from './estimate.ts'
import type { Expression } from './expression.ts'
import type { CelType } from './types.ts'
import { isSameType } from './types.ts'

/** A part of an expression, as far as its size matters. */
export interface SizedNode {
  readonly expression: Expression
  readonly type: CelType
  readonly path: readonly string[]
  readonly size: Estimate | undefined
}

export interface CallFacts {
  readonly name: string
  /** of the overload */
  readonly id: string
  readonly target: SizedNode | undefined
  readonly args: readonly SizedNode[]
  readonly costs: readonly Estimate[]
  /** how large the items of a list may be */
  readonly elementSize: (list: SizedNode) => Estimate | undefined
}

export interface CallCost {
  readonly cost: Estimate
  readonly size?: Estimate
}

/** Going through a text costs so much per character; a pattern's length counts more. */
const TEXT = 0.1
const PATTERN = 0.25
/** The longest pattern of a named format, and the longest name. */
const FORMAT_PATTERN = 128
const FORMAT_NAME = 64

export function callCost(facts: CallFacts): CallCost {
  const own = kubernetesCost(facts)
  if (own !== undefined) return { ...own, cost: added(own.cost, ...facts.costs) }
  return languageCost(facts)
}

const sizeOf = (node: SizedNode | undefined): Estimate => node?.size ?? UNKNOWN

/** Of the functions of Kubernetes and of those it has costs of its own for; without that of the arguments. */
function kubernetesCost(facts: CallFacts): CallCost | undefined {
  const { name, target, args } = facts
  const [first, second] = args
  switch (name) {
    case 'isSorted':
    case 'sum':
    case 'max':
    case 'min':
    case 'indexOf':
    case 'lastIndexOf':
      return target && { cost: traversal(target, facts) }
    case 'url': {
      const size = sizeOf(first)
      return { cost: scaled(size, TEXT), size }
    }
    case 'lowerAscii':
    case 'upperAscii':
    case 'substring':
    case 'trim': {
      const size = sizeOf(target)
      return target && { cost: scaled(size, TEXT), size }
    }
    case 'replace':
      return target && replaceCost(sizeOf(target), sizeOf(first), sizeOf(second))
    case 'split': {
      const size = sizeOf(target)
      const limit = second?.expression.kind === 'literal' ? second.expression.value : undefined
      const max = typeof limit === 'bigint' ? (limit < 0n ? MAX : Number(limit)) : size.max
      return target && { cost: scaled(size, 2 * TEXT), size: { min: 0, max } }
    }
    case 'join':
      return target && joinCost(target, first, facts)
    case 'find':
    case 'findAll': {
      const text = scaled(added(sizeOf(target), fixed(1)), TEXT)
      const size = { min: 0, max: sizeOf(target).max }
      return target && { cost: times(text, scaled(sizeOf(first), PATTERN)), size }
    }
    case 'ip':
      return { cost: facts.id === 'cidr_ip' ? fixed(1) : scaled(sizeOf(first), TEXT) }
    case 'cidr':
    case 'isIP':
    case 'isCIDR':
    case 'quantity':
    case 'isQuantity':
    case 'semver':
    case 'isSemver':
      return { cost: scaled(sizeOf(first), TEXT) }
    case 'ip.isCanonical':
      return { cost: scaled(sizeOf(first), 2 * TEXT) }
    case 'containsIP':
    case 'containsCIDR':
      return { cost: containsCost(facts) }
    case 'validate':
      return { cost: scaled(scaled(sizeOf(first), TEXT), FORMAT_PATTERN * PATTERN) }
    case '_==_':
      return equalityCost(first, second)
    default:
      return CONSTANT.has(name) ? { cost: fixed(1) } : undefined
  }
}

const CONSTANT: ReadonlySet<string> = new Set(
  (
    'masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast ' +
    'format.named sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor ' +
    'patch getScheme getHostname getHost getPort getEscapedPath getQuery'
  ).split(' '),
)

function traversal(target: SizedNode, { elementSize }: CallFacts): Estimate {
  const [item] = target.type.params
  if (item === undefined) return scaled(sizeOf(target), TEXT)
  const isText = item.kind === 'string' || item.kind === 'bytes'
  const each = isText ? added(fixed(1), scaled(elementSize(target) ?? UNKNOWN, TEXT)) : fixed(1)
  return times(sizeOf(target), each)
}

function replaceCost(size: Estimate, from: Estimate, to: Estimate): CallCost {
  const most =
    from.min === 0
      ? { count: size.max + 1, kept: size.max }
      : to.max <= from.min
        ? { count: 0, kept: size.max }
        : { count: Math.ceil(size.max / from.min), kept: 0 }
  const least =
    from.max === 0
      ? { count: size.min + 1, kept: size.min }
      : from.max <= to.min
        ? { count: 0, kept: size.min }
        : { count: Math.ceil(size.min / from.max), kept: 0 }
  const count = { min: least.count, max: Math.min(MAX, most.count) }
  const result = added(times(count, to), { min: least.kept, max: most.kept })
  return { cost: scaled(size, 2 * TEXT), size: result }
}

function joinCost(list: SizedNode, separator: SizedNode | undefined, { elementSize }: CallFacts): CallCost {
  const count = sizeOf(list)
  const hasItems = list.type.params.length > 0
  const texts = hasItems ? times(count, elementSize(list) ?? UNKNOWN) : fixed(0)
  const between = { min: Math.max(0, count.min - 1), max: Math.max(0, count.max - 1) }
  const size = separator ? added(texts, times(sizeOf(separator), between)) : texts
  return { cost: scaled(size, TEXT), size }
}

function containsCost({ name, id, args: [first] }: CallFacts): Estimate {
  const address = { min: 4, max: 16 }
  const compared = scaled(added(address, address), TEXT)
  const masked = name === 'containsCIDR' ? added(scaled(address, TEXT), fixed(1)) : fixed(0)
  const parsed = id.endsWith('_string') ? scaled(sizeOf(first), TEXT) : fixed(0)
  return added(compared, masked, parsed)
}

const COMPARED_AT_ONCE = ['net.IP', 'net.CIDR', 'kubernetes.Quantity', 'kubernetes.Semver']

function equalityCost(a: SizedNode | undefined, b: SizedNode | undefined): CallCost | undefined {
  if (a === undefined || b === undefined || !isSameType(a.type, b.type)) return undefined
  const { name } = a.type
  if (COMPARED_AT_ONCE.includes(name)) return { cost: fixed(1) }
  if (name === 'kubernetes.NamedFormat') return { cost: scaled({ min: 1, max: FORMAT_NAME }, TEXT) }
  if (name !== 'kubernetes.URL') return undefined
  return { cost: scaled({ min: 1, max: b.size?.max ?? 1 }, TEXT) }
}

/** Of the functions of the language itself; with that of the arguments. */
function languageCost({ id, target, args, costs }: CallFacts): CallCost {
  const [first, second, third] = args
  const [firstCost = fixed(0), secondCost = fixed(0), thirdCost = fixed(0)] = costs
  const withArgs = (cost: Estimate): Estimate => added(cost, ...costs)
  switch (id) {
    case 'string_format':
      return { cost: withArgs(scaled(sizeOf(target), TEXT)) }
    case 'string_to_bytes': {
      const { min, max } = sizeOf(first)
      return { cost: withArgs(scaled(sizeOf(first), TEXT)), size: { min, max: Math.min(MAX, max * 4) } }
    }
    case 'bytes_to_string': {
      const { min, max } = sizeOf(first)
      return { cost: withArgs(scaled(sizeOf(first), TEXT)), size: { min: Math.trunc(min / 4), max } }
    }
    case 'strings_quote': {
      const { min, max } = sizeOf(first)
      return {
        cost: withArgs(scaled(sizeOf(first), TEXT)),
        size: { min: min + 2, max: Math.min(MAX, max * 2 + 2) },
      }
    }
    case 'list_sets_contains_list':
    case 'list_sets_intersects_list':
      return { cost: withArgs(added(times(sizeOf(first), sizeOf(second)), fixed(1))) }
    case 'list_sets_equivalent_list':
      return { cost: withArgs(added(scaled(times(sizeOf(first), sizeOf(second)), 2), fixed(1))) }
    case 'starts_with_string':
    case 'ends_with_string':
      return { cost: withArgs(scaled(sizeOf(first), TEXT)) }
    case 'in_list':
      return { cost: withArgs(sizeOf(second)) }
    case 'matches_string': {
      const text = scaled(added(sizeOf(target), fixed(1)), TEXT)
      return { cost: withArgs(times(text, scaled(sizeOf(first), PATTERN))) }
    }
    case 'contains_string':
      return { cost: withArgs(times(scaled(sizeOf(target), TEXT), scaled(sizeOf(first), TEXT))) }
    case 'logical_or':
    case 'logical_and':
      return { cost: { min: firstCost.min, max: added(firstCost, secondCost).max } }
    case 'conditional':
      return {
        cost: added(firstCost, united(secondCost, thirdCost)),
        size: united(sizeOf(second), sizeOf(third)),
      }
    case 'add_list':
      return { cost: withArgs(fixed(1)), size: added(sizeOf(first), sizeOf(second)) }
    case 'add_string':
    case 'add_bytes': {
      const size = added(sizeOf(first), sizeOf(second))
      return { cost: withArgs(scaled(size, TEXT)), size }
    }
    default:
      return { cost: withArgs(COMPARED.has(id) ? comparedCost(sizeOf(first), sizeOf(second)) : fixed(1)) }
  }
}

/** What is compared character by character, or may be. */
const COMPARED: ReadonlySet<string> = new Set([
  ...['less', 'less_equals', 'greater', 'greater_equals'].flatMap((id) => [`${id}_string`, `${id}_bytes`]),
  'equals',
  'not_equals',
])

function comparedCost(a: Estimate, b: Estimate): Estimate {
  const max = Math.min(a.max, b.max)
  return scaled({ min: max > 0 ? 1 : 0, max }, TEXT)
}
