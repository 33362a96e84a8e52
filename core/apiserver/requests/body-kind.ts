/**
 * Which kind a request's body says it is, and what is said when that is none or another one. Pure.
 *
 * Texts as kubernetes/apimachinery pkg/runtime (error.go, serializer/json/meta.go, converter.go).
 */

import { decodingFault } from '../../api/strict-decode.ts'
import { messageOfKind } from '../../api/schema/field-table.ts'
import { goKindOf } from './go-json.ts'
import { isObject } from './json-value.ts'

interface Kinded {
  readonly apiVersion: string
  readonly kind: string
}

const TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'

/** @returns why the kind of a body's value cannot be told; undefined when it can, or is not said */
export function unreadableKind(value: unknown): string | undefined {
  const unparsed = "couldn't get version/kind; json parse error: json: cannot unmarshal"
  if (!isObject(value)) {
    return value === null ? undefined : `${unparsed} ${goKindOf(value)} into Go value of type ${TYPE_META}`
  }
  const wrong = ['apiVersion', 'kind'].find(
    (name) => !['string', 'undefined'].includes(typeof (value[name] ?? '')),
  )
  if (wrong !== undefined) {
    return `${unparsed} ${goKindOf(value[wrong])} into Go struct field .${wrong} of type string`
  }
  const { apiVersion } = value
  const isNoVersion = typeof apiVersion === 'string' && apiVersion.split('/').length > 2
  return isNoVersion ? `unexpected GroupVersion string: ${apiVersion}` : undefined
}

/** `no kind "Foo" is registered for version "v1" in scheme "..."` */
export const noKind = ({ apiVersion, kind }: Kinded, scheme: string): string =>
  `no kind "${kind}" is registered for version "${apiVersion}" in scheme "${scheme}"`

const SCHEME = 'pkg/api/legacyscheme/scheme.go:30'

/**
 * @param found what the body says it is
 * @param expected another kind, or the same one in another version
 * @returns what the refusal says: not the same for kinds that Kubernetes has nowhere
 */
export function otherKind(found: Kinded, expected: Kinded): string {
  const { kind } = found
  const version = found.apiVersion.split('/').at(-1) ?? ''
  // Each kind has a list, and each version List itself.
  const isKnown = kind === 'List' || messageOfKind(found.apiVersion, kind.replace(/List$/, '')) !== undefined
  if (isKnown && kind === expected.kind) return otherVersion(found.apiVersion, expected.apiVersion)
  const why = isKnown
    ? `converting (${version}.${kind}) to (${goTypeOf(expected)}): unknown conversion`
    : noKind(found, SCHEME)
  return `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.kind}: ${why}`
}

/** Of the same kind in another version. */
export const otherVersion = (found: string, expected: string): string =>
  `the API version in the data (${found}) does not match the expected API version (${expected})`

/** Go's type of the objects of a kind, the same for all versions: `core.ConfigMap`. */
export function goTypeOf({ apiVersion, kind }: Kinded): string {
  const group = apiVersion.includes('/') ? apiVersion.split(/[./]/)[0] : 'core'
  return `${group}.${kind}`
}

const GO_KINDS: Readonly<Record<string, string>> = {
  array: 'slice',
  object: 'map',
  bool: 'bool',
  string: 'string',
}

/**
 * What upstream's converter says, where its decoder would have said `json: cannot unmarshal ...`: to what a strategic
 * merge patch made (kubernetes/apimachinery pkg/runtime/converter.go).
 */
export function conversionFault(error: Error): string {
  const decoding = decodingFault(error)
  const [, found = '', type = ''] =
    /cannot unmarshal (\S+(?: -?[\d.]+)?) into Go .*?of type (\S+)$/.exec(decoding) ?? []
  if (type === '') return decoding
  const isFraction = found.includes('.')
  const kind = GO_KINDS[found] ?? (isFraction ? 'float64' : 'int64')
  if (type.startsWith('map[')) return `cannot restore map from ${kind}`
  if (type.startsWith('[]')) return `cannot restore slice from ${kind}`
  if (type.includes('.')) return `cannot restore struct from: ${kind}`
  return kind === 'string' ? `unrecognized type: ${type}` : `cannot convert ${kind} to ${type}`
}
