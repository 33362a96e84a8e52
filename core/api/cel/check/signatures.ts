/**
 * What CEL's functions take and give, Kubernetes' own among them: google/cel-go common/stdlib, ext/{strings,sets}.go,
 * cel/library.go (optionals); kubernetes/apiserver pkg/cel/library, as of the environment that definitions of 1.34 are
 * compiled in (pkg/cel/environment/base.go, compatibility version 1.33). Pure.
 */

import type { CelType } from './types.ts'
import { parsedType, splitTypes } from './types.ts'

export interface Overload {
  readonly id: string
  readonly isMember: boolean
  /** the first is what a member is called of */
  readonly args: readonly CelType[]
  readonly result: CelType
  /** names of type parameters */
  readonly params: readonly string[]
}

const ORDERED = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration']
const NUMBERS = ['int', 'uint', 'double']

/** `less_int64` compares whole numbers; between numbers of two kinds there are more. */
function comparisons(id: string): string {
  const same = ORDERED.map((type) => `${id}_${type}(${type}, ${type}): bool`)
  const mixed = NUMBERS.flatMap((a) =>
    NUMBERS.filter((b) => b !== a).map((b) => `${id}_${a}_${b}(${a}, ${b}): bool`),
  )
  return [...same, ...mixed].join('; ')
}

const conversions = (to: string, from: readonly string[]): string =>
  from.map((type) => `${type}_to_${to}(${type}): ${to}`).join('; ')

const times = (name: string, ofDuration: boolean): string =>
  [
    `.timestamp_to_${name}(timestamp): int`,
    `.timestamp_to_${name}_with_tz(timestamp, string): int`,
    ...(ofDuration ? [`.duration_to_${name}(duration): int`] : []),
  ].join('; ')

const SUMMABLE = ['int', 'uint', 'double', 'duration']
const SUMMED = SUMMABLE.map((type) => `.list_${type}_sum_${type}(list(${type})): ${type}`).join('; ')
const COMPARABLE = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes']
const extreme = (name: string): string =>
  COMPARABLE.map((type) => `.list_${type}_${name}_${type}(list(${type})): ${type}`).join('; ')

const FORMATS = [
  'dns1123Label',
  'dns1123Subdomain',
  'dns1035Label',
  'qualifiedName',
  'dns1123LabelPrefix',
  'dns1123SubdomainPrefix',
  'dns1035LabelPrefix',
  'labelValue',
  'uri',
  'uuid',
  'byte',
  'date',
  'datetime',
]

const AUTHORIZATION = 'kubernetes.authorization'
const AUTHORIZER = `${AUTHORIZATION}.Authorizer`
const PATH_CHECK = `${AUTHORIZATION}.PathCheck`
const GROUP_CHECK = `${AUTHORIZATION}.GroupCheck`
const RESOURCE_CHECK = `${AUTHORIZATION}.ResourceCheck`
const DECISION = `${AUTHORIZATION}.Decision`

const narrowing = (id: string): string => `.${id}(${RESOURCE_CHECK}, string): ${RESOURCE_CHECK}`

/** A dot before an overload: it is called of its first argument. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  '_?_:_': 'conditional(bool, A, A): A',
  '_&&_': 'logical_and(bool, bool): bool',
  '_||_': 'logical_or(bool, bool): bool',
  '!_': 'logical_not(bool): bool',
  '@not_strictly_false': 'not_strictly_false(bool): bool',
  '_==_': 'equals(A, A): bool',
  '_!=_': 'not_equals(A, A): bool',
  '_+_':
    'add_bytes(bytes, bytes): bytes; add_double(double, double): double; add_duration_duration(duration, duration): duration; add_duration_timestamp(duration, timestamp): timestamp; add_timestamp_duration(timestamp, duration): timestamp; add_int64(int, int): int; add_list(list(A), list(A)): list(A); add_string(string, string): string; add_uint64(uint, uint): uint',
  '_-_':
    'subtract_double(double, double): double; subtract_duration_duration(duration, duration): duration; subtract_int64(int, int): int; subtract_timestamp_duration(timestamp, duration): timestamp; subtract_timestamp_timestamp(timestamp, timestamp): duration; subtract_uint64(uint, uint): uint',
  '_*_':
    'multiply_double(double, double): double; multiply_int64(int, int): int; multiply_uint64(uint, uint): uint',
  '_/_':
    'divide_double(double, double): double; divide_int64(int, int): int; divide_uint64(uint, uint): uint',
  '_%_': 'modulo_int64(int, int): int; modulo_uint64(uint, uint): uint',
  '-_': 'negate_double(double): double; negate_int64(int): int',
  '_<_': comparisons('less'),
  '_<=_': comparisons('less_equals'),
  '_>_': comparisons('greater'),
  '_>=_': comparisons('greater_equals'),
  '_[_]':
    'index_list(list(A), int): A; index_map(map(A, B), A): B; optional_list_index_int(optional(list(A)), int): optional(A); optional_map_index_value(optional(map(A, B)), A): optional(B)',
  '_[?_]':
    'list_optindex_optional_int(list(A), int): optional(A); optional_list_optindex_optional_int(optional(list(A)), int): optional(A); map_optindex_optional_value(map(A, B), A): optional(B); optional_map_optindex_optional_value(optional(map(A, B)), A): optional(B)',
  '@in': 'in_list(A, list(A)): bool; in_map(A, map(A, B)): bool',
  'cel.@mapInsert':
    '@mapInsert_map_map(map(A, B), map(A, B)): map(A, B); @mapInsert_map_key_value(map(A, B), A, B): map(A, B)',
  size: ['bytes', 'list(A)', 'map(A, B)', 'string']
    .map((type, index) => `size_${index}(${type}): int; .size_${index}_inst(${type}): int`)
    .join('; '),
  type: 'type(A): type(A)',
  bool: conversions('bool', ['bool', 'string']),
  bytes: conversions('bytes', ['bytes', 'string']),
  double: conversions('double', ['double', 'int', 'string', 'uint']),
  duration: conversions('duration', ['duration', 'int', 'string']),
  dyn: 'to_dyn(A): dyn',
  int: conversions('int', ['int', 'double', 'duration', 'string', 'timestamp', 'uint']),
  string: `${conversions('string', ['string', 'bool', 'bytes', 'double', 'duration', 'int', 'timestamp', 'uint'])}; ip_to_string(net.IP): string; cidr_to_string(net.CIDR): string`,
  timestamp: conversions('timestamp', ['timestamp', 'int', 'string']),
  uint: conversions('uint', ['uint', 'double', 'int', 'string']),
  contains: '.contains_string(string, string): bool',
  endsWith: '.ends_with_string(string, string): bool',
  startsWith: '.starts_with_string(string, string): bool',
  matches: 'matches(string, string): bool; .matches_string(string, string): bool',
  getFullYear: times('year', false),
  getMonth: times('month', false),
  getDayOfYear: times('day_of_year', false),
  getDayOfMonth: times('day_of_month', false),
  getDate: times('day_of_month_1_based', false),
  getDayOfWeek: times('day_of_week', false),
  getHours: times('hours', true),
  getMinutes: times('minutes', true),
  getSeconds: times('seconds', true),
  getMilliseconds: times('milliseconds', true),
  // optionals
  'optional.of': 'optional_of(V): optional(V)',
  'optional.ofNonZeroValue': 'optional_ofNonZeroValue(V): optional(V)',
  'optional.none': 'optional_none(): optional(V)',
  value: '.optional_value(optional(V)): V',
  hasValue: '.optional_hasValue(optional(V)): bool',
  or: '.optional_or_optional(optional(V), optional(V)): optional(V)',
  orValue: '.optional_orValue_value(optional(V), V): V',
  // texts
  charAt: '.string_char_at_int(string, int): string',
  indexOf:
    '.string_index_of_string(string, string): int; .string_index_of_string_int(string, string, int): int; .list_a_index_of_int(list(A), A): int',
  lastIndexOf:
    '.string_last_index_of_string(string, string): int; .string_last_index_of_string_int(string, string, int): int; .list_a_last_index_of_int(list(A), A): int',
  lowerAscii: '.string_lower_ascii(string): string',
  upperAscii: '.string_upper_ascii(string): string',
  replace:
    '.string_replace_string_string(string, string, string): string; .string_replace_string_string_int(string, string, string, int): string',
  split:
    '.string_split_string(string, string): list(string); .string_split_string_int(string, string, int): list(string)',
  substring:
    '.string_substring_int(string, int): string; .string_substring_int_int(string, int, int): string',
  trim: '.string_trim(string): string',
  format: '.string_format(string, list(dyn)): string',
  'strings.quote': 'strings_quote(string): string',
  join: '.list_join(list(string)): string; .list_join_string(list(string), string): string',
  'sets.contains': 'list_sets_contains_list(list(T), list(T)): bool',
  'sets.equivalent': 'list_sets_equivalent_list(list(T), list(T)): bool',
  'sets.intersects': 'list_sets_intersects_list(list(T), list(T)): bool',
  // lists
  isSorted: COMPARABLE.map((type) => `.list_${type}_is_sorted_bool(list(${type})): bool`).join('; '),
  sum: SUMMED,
  max: extreme('max'),
  min: extreme('min'),
  // regular expressions, URLs, addresses, quantities, versions, formats
  find: '.string_find_string(string, string): string',
  findAll:
    '.string_find_all_string(string, string): list(string); .string_find_all_string_int(string, string, int): list(string)',
  url: 'string_to_url(string): kubernetes.URL',
  isURL: 'is_url_string(string): bool',
  getScheme: '.url_get_scheme(kubernetes.URL): string',
  getHost: '.url_get_host(kubernetes.URL): string',
  getHostname: '.url_get_hostname(kubernetes.URL): string',
  getPort: '.url_get_port(kubernetes.URL): string',
  getEscapedPath: '.url_get_escaped_path(kubernetes.URL): string',
  getQuery: '.url_get_query(kubernetes.URL): map(string, list(string))',
  ip: 'string_to_ip(string): net.IP; .cidr_ip(net.CIDR): net.IP',
  isIP: 'is_ip(string): bool',
  'ip.isCanonical': 'ip_is_canonical(string): bool',
  family: '.ip_family(net.IP): int',
  isUnspecified: '.ip_is_unspecified(net.IP): bool',
  isLoopback: '.ip_is_loopback(net.IP): bool',
  isLinkLocalMulticast: '.ip_is_link_local_multicast(net.IP): bool',
  isLinkLocalUnicast: '.ip_is_link_local_unicast(net.IP): bool',
  isGlobalUnicast: '.ip_is_global_unicast(net.IP): bool',
  cidr: 'string_to_cidr(string): net.CIDR',
  isCIDR: 'is_cidr(string): bool',
  containsIP:
    '.cidr_contains_ip_string(net.CIDR, string): bool; .cidr_contains_ip_ip(net.CIDR, net.IP): bool',
  containsCIDR:
    '.cidr_contains_cidr_string(net.CIDR, string): bool; .cidr_contains_cidr(net.CIDR, net.CIDR): bool',
  prefixLength: '.cidr_prefix_length(net.CIDR): int',
  masked: '.cidr_masked(net.CIDR): net.CIDR',
  quantity: 'string_to_quantity(string): kubernetes.Quantity',
  isQuantity: 'is_quantity_string(string): bool',
  sign: 'quantity_sign(kubernetes.Quantity): int',
  isGreaterThan:
    '.quantity_is_greater_than(kubernetes.Quantity, kubernetes.Quantity): bool; .semver_is_greater_than(kubernetes.Semver, kubernetes.Semver): bool',
  isLessThan:
    '.quantity_is_less_than(kubernetes.Quantity, kubernetes.Quantity): bool; .semver_is_less_than(kubernetes.Semver, kubernetes.Semver): bool',
  compareTo:
    '.quantity_compare_to(kubernetes.Quantity, kubernetes.Quantity): int; .semver_compare_to(kubernetes.Semver, kubernetes.Semver): int',
  asApproximateFloat: '.quantity_get_float(kubernetes.Quantity): double',
  asInteger: '.quantity_get_int(kubernetes.Quantity): int',
  isInteger: '.quantity_is_integer(kubernetes.Quantity): bool',
  add: '.quantity_add(kubernetes.Quantity, kubernetes.Quantity): kubernetes.Quantity; .quantity_add_int(kubernetes.Quantity, int): kubernetes.Quantity',
  sub: '.quantity_sub(kubernetes.Quantity, kubernetes.Quantity): kubernetes.Quantity; .quantity_sub_int(kubernetes.Quantity, int): kubernetes.Quantity',
  semver:
    'string_to_semver(string): kubernetes.Semver; string_bool_to_semver(string, bool): kubernetes.Semver',
  isSemver: 'is_semver_string(string): bool; is_semver_string_bool(string, bool): bool',
  major: '.semver_major(kubernetes.Semver): int',
  minor: '.semver_minor(kubernetes.Semver): int',
  patch: '.semver_patch(kubernetes.Semver): int',
  validate: '.format_validate(kubernetes.NamedFormat, string): optional(list(string))',
  'format.named': 'format_named(string): optional(kubernetes.NamedFormat)',
  // What asks whether someone may do something: rules of definitions have these, too, but nobody to ask about.
  path: `.authorizer_path(${AUTHORIZER}, string): ${PATH_CHECK}`,
  group: `.authorizer_group(${AUTHORIZER}, string): ${GROUP_CHECK}`,
  serviceAccount: `.authorizer_serviceaccount(${AUTHORIZER}, string, string): ${AUTHORIZER}`,
  resource: `.groupcheck_resource(${GROUP_CHECK}, string): ${RESOURCE_CHECK}`,
  subresource: narrowing('resourcecheck_subresource'),
  namespace: narrowing('resourcecheck_namespace'),
  name: narrowing('resourcecheck_name'),
  fieldSelector: narrowing('authorizer_fieldselector'),
  labelSelector: narrowing('authorizer_labelselector'),
  check: `.pathcheck_check(${PATH_CHECK}, string): ${DECISION}; .resourcecheck_check(${RESOURCE_CHECK}, string): ${DECISION}`,
  allowed: `.decision_allowed(${DECISION}): bool`,
  reason: `.decision_reason(${DECISION}): string`,
  errored: `.decision_errored(${DECISION}): bool`,
  error: `.decision_error(${DECISION}): string`,
  ...Object.fromEntries(
    FORMATS.map((name) => [`format.${name}`, `format_${name}(): kubernetes.NamedFormat`]),
  ),
}

/** @returns undefined for a function that is not there */
export function overloadsOf(name: string): readonly Overload[] | undefined {
  const text = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
  if (text === undefined) return undefined
  return text.split('; ').map(parsedOverload)
}

function parsedOverload(text: string): Overload {
  const [, dot, id = '', args = '', result = ''] = /^(\.?)([^(]+)\((.*)\): (.+)$/.exec(text) ?? []
  const types = splitTypes(args).map(parsedType)
  const of = parsedType(result)
  const params = new Set([...types, of].flatMap(paramsOf))
  return { id, isMember: dot === '.', args: types, result: of, params: [...params] }
}

const paramsOf = (type: CelType): readonly string[] =>
  type.kind === 'param' ? [type.name] : type.params.flatMap(paramsOf)
