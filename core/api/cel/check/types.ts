/**
 * CEL's types, and which value may stand where another is wanted, type parameters filled in on the way
 * (google/cel-go common/types, checker/types.go). Pure.
 */

export type TypeKind =
  | 'any'
  | 'bool'
  | 'bytes'
  | 'double'
  | 'duration'
  | 'dyn'
  | 'error'
  | 'int'
  | 'list'
  | 'map'
  | 'null'
  | 'opaque'
  | 'param'
  | 'string'
  | 'struct'
  | 'timestamp'
  | 'type'
  | 'uint'

export interface CelType {
  readonly kind: TypeKind
  /** of structs, opaque types and parameters */
  readonly name: string
  readonly params: readonly CelType[]
}

const plain = (kind: TypeKind): CelType => Object.freeze({ kind, name: kind, params: [] })

export const DYN = plain('dyn')
/** As dyn, and not called so. */
export const ANY = plain('any')
export const ERROR = plain('error')
export const BOOL = plain('bool')
export const INT = plain('int')
export const STRING = plain('string')

const PLAIN: Readonly<Record<string, CelType>> = Object.fromEntries(
  (
    [
      'bool',
      'bytes',
      'double',
      'duration',
      'dyn',
      'int',
      'null',
      'string',
      'timestamp',
      'type',
      'uint',
    ] as const
  ).map((kind) => [kind, plain(kind)]),
)

export const listOf = (item: CelType): CelType => ({ kind: 'list', name: 'list', params: [item] })
export const mapOf = (key: CelType, value: CelType): CelType => ({
  kind: 'map',
  name: 'map',
  params: [key, value],
})
export const structOf = (name: string): CelType => ({ kind: 'struct', name, params: [] })
export const opaqueOf = (name: string, ...params: readonly CelType[]): CelType => ({
  kind: 'opaque',
  name,
  params,
})
export const optionalOf = (value: CelType): CelType => opaqueOf('optional_type', value)
export const paramOf = (name: string): CelType => ({ kind: 'param', name, params: [] })
export const typeOf = (type: CelType): CelType => ({ kind: 'type', name: 'type', params: [type] })

/** Addresses are opaque; all else that has a name is a struct. */
const OPAQUE: Readonly<Record<string, CelType>> = {
  'net.IP': opaqueOf('net.IP'),
  'net.CIDR': opaqueOf('net.CIDR'),
}

/** @returns the type of a name such as `int`, `A`, `list(A)`, `map(A, B)`, `optional(A)`, `net.IP`, `some.Struct` */
export function parsedType(text: string): CelType {
  const [, outer, inner] = /^(\w+)\((.*)\)$/.exec(text) ?? []
  if (outer !== undefined && inner !== undefined) {
    const params = splitTypes(inner).map(parsedType)
    const [first = DYN, second = DYN] = params
    if (outer === 'list') return listOf(first)
    if (outer === 'map') return mapOf(first, second)
    if (outer === 'type') return typeOf(first)
    return optionalOf(first)
  }
  return PLAIN[text] ?? OPAQUE[text] ?? (text.includes('.') ? structOf(text) : paramOf(text))
}

/** Splits at commas that are in no brackets. */
export function splitTypes(text: string): readonly string[] {
  const parts: string[] = []
  let [depth, part] = [0, '']
  for (const one of text) {
    if (one === ',' && depth === 0) {
      parts.push(part.trim())
      part = ''
      continue
    }
    depth += one === '(' ? 1 : one === ')' ? -1 : 0
    part += one
  }
  return part.trim() === '' ? parts : [...parts, part.trim()]
}

/** @returns the types that names mean in expressions: `type(x) == int` */
export function typeNamed(name: string): CelType | undefined {
  return Object.hasOwn(TYPES, name) ? TYPES[name] : undefined
}

const { dyn: _dyn, null: NULL = plain('null'), ...NAMEABLE } = PLAIN

const TYPES: Readonly<Record<string, CelType>> = {
  ...NAMEABLE,
  null_type: NULL,
  list: listOf(paramOf('A')),
  map: mapOf(paramOf('A'), paramOf('B')),
  optional_type: opaqueOf('optional_type'),
  ...OPAQUE,
  'google.protobuf.Timestamp': plain('timestamp'),
  'google.protobuf.Duration': plain('duration'),
}

/** As messages write it. */
export function printedType(type: CelType): string {
  const inner = type.params.map(printedType).join(', ')
  if (type.kind === 'error') return '!error!'
  if (type.kind === 'list' || type.kind === 'map') return `${type.kind}(${inner})`
  if (type.kind === 'type' || type.kind === 'opaque')
    return inner === '' ? type.name : `${type.name}(${inner})`
  return type.name
}

const RUNTIME_NAMES: Partial<Readonly<Record<TypeKind, string>>> = {
  any: 'google.protobuf.Any',
  null: 'null_type',
  duration: 'google.protobuf.Duration',
  timestamp: 'google.protobuf.Timestamp',
}

/** As values know their type, which some messages show: without what it is of. */
export const runtimeName = ({ kind, name }: CelType): string => RUNTIME_NAMES[kind] ?? name

/** As runtimeName, with what it is of. */
export const runtimeType = (type: CelType): string =>
  type.params.length === 0
    ? runtimeName(type)
    : `${runtimeName(type)}(${type.params.map(runtimeType).join(', ')})`

export const isSameType = (a: CelType, b: CelType): boolean =>
  a.kind === b.kind &&
  a.name === b.name &&
  a.params.length === b.params.length &&
  a.params.every((param, index) => isSameType(param, b.params[index] ?? DYN))

export const isDyn = ({ kind }: CelType): boolean => kind === 'dyn' || kind === 'any'

export const isDynOrError = (type: CelType): boolean => isDyn(type) || type.kind === 'error'

export const isOptional = ({ kind, name }: CelType): boolean => kind === 'opaque' && name === 'optional_type'

/** What is known of type parameters. */
export type Mapping = Map<string, CelType>

/** @returns what is known once `a` stands where `b` is wanted; undefined when it may not */
export function assigned(known: Mapping, a: CelType, b: CelType): Mapping | undefined {
  const tried = new Map(known)
  return isAssignable(tried, a, b) ? tried : undefined
}

export function allAssigned(
  known: Mapping,
  list: readonly CelType[],
  wanted: readonly CelType[],
): Mapping | undefined {
  const tried = new Map(known)
  return areAssignable(tried, list, wanted) ? tried : undefined
}

const areAssignable = (known: Mapping, list: readonly CelType[], wanted: readonly CelType[]): boolean =>
  list.length === wanted.length &&
  list.every((type, index) => isAssignable(known, type, wanted[index] ?? DYN))

const NULLABLE: readonly TypeKind[] = ['opaque', 'struct', 'duration', 'timestamp', 'null']

function isAssignable(known: Mapping, a: CelType, b: CelType): boolean {
  if (b.kind === 'param') {
    const { isValid, isKnown } = substitution(known, a, b)
    if (isValid) return true
    if (isKnown) return false
  }
  if (a.kind === 'param') return substitution(known, b, a).isValid
  if (isDynOrError(a) || isDynOrError(b)) return true
  if (a.kind === 'null') return NULLABLE.includes(b.kind)
  if (b.kind === 'null') return NULLABLE.includes(a.kind)
  if (a.kind !== b.kind) return false
  if (a.kind === 'type') return true
  if (a.kind === 'opaque' || a.kind === 'list' || a.kind === 'map')
    return a.name === b.name && areAssignable(known, a.params, b.params)
  return a.name === b.name
}

function substitution(
  known: Mapping,
  type: CelType,
  param: CelType,
): { readonly isValid: boolean; readonly isKnown: boolean } {
  if (isSameType(type, param)) return { isValid: true, isKnown: true }
  const before = known.get(param.name)
  if (before !== undefined) {
    if (isSameType(type, before)) return { isValid: true, isKnown: true }
    if (!isAssignable(known, type, before)) return { isValid: false, isKnown: true }
    const wider = mostGeneral(type, before)
    if (isFree(known, param, wider)) known.set(param.name, wider)
    return { isValid: true, isKnown: true }
  }
  if (!isFree(known, param, type)) return { isValid: false, isKnown: false }
  known.set(param.name, type)
  return { isValid: true, isKnown: false }
}

export const mostGeneral = (a: CelType, b: CelType): CelType => (isLessSpecific(a, b) ? a : b)

function isLessSpecific(a: CelType, b: CelType): boolean {
  if (isDyn(a) || a.kind === 'param') return true
  if (isDyn(b) || b.kind === 'param') return false
  if (a.kind !== b.kind) return false
  if (a.kind === 'type') return true
  return (
    a.name === b.name &&
    a.params.length === b.params.length &&
    a.params.every((param, index) => isLessSpecific(param, b.params[index] ?? DYN))
  )
}

/** Whether a parameter does not stand for something that has it in itself. */
function isFree(known: Mapping, param: CelType, within: CelType): boolean {
  if (isSameType(param, within)) return false
  if (within.kind === 'param') {
    const of = known.get(within.name)
    return of === undefined || isFree(known, param, of)
  }
  return within.params.every((inner) => isFree(known, param, inner))
}

/** @param toDyn whether parameters of which nothing is known become dyn */
export function substituted(known: Mapping, type: CelType, toDyn: boolean): CelType {
  if (type.kind === 'param') {
    const of = known.get(type.name)
    return of === undefined ? (toDyn ? DYN : type) : substituted(known, of, toDyn)
  }
  if (type.params.length === 0) return type
  return { ...type, params: type.params.map((param) => substituted(known, param, toDyn)) }
}
