/**
 * What a request's body holds, by its Content-Type: JSON, YAML or protobuf, as one plain value. Pure.
 *
 * Messages as kubernetes/apiserver pkg/endpoints/handlers/{negotiation/errors,create,patch}.go.
 */

import { ApiError, badRequest } from '../../api/api-error.ts'
import { PROTOBUF_MEDIA_TYPE, decodeProtobuf } from '../../api/protobuf.ts'
import { WireFormatError } from '../../api/wire-format.ts'
import type { PatchType } from '../../client/client.ts'
import { PATCH_TYPES } from '../../client/client.ts'
import { otherVersion, unreadableKind } from './body-kind.ts'
import { bodySummary, goSyntaxError, goKindOf, goTypeError } from './go-json.ts'
import { isObject, isTooDeep } from './json-value.ts'
import type { Repetitions } from './repetitions.ts'
import { jsonPatchRepetitions, jsonRepetitions, mergePatchRepetitions, parseYaml } from './repetitions.ts'

/** The kind a body has when it does not say: that of the URL. */
export interface ExpectedKind {
  readonly apiVersion: string
  readonly kind: string
  /** of a custom resource: it has to say what it is itself */
  readonly isCustom?: boolean | undefined
}

const BODY_TYPES = ['application/json', 'application/yaml', PROTOBUF_MEDIA_TYPE]

const mediaType = (contentType: string): string => (contentType.split(';')[0] ?? '').trim().toLowerCase()

/** A body's value, and what its text says twice. */
export interface Body {
  readonly value: unknown
  /** absent where nothing can be said twice */
  readonly repetitions?: Repetitions | undefined
}

/**
 * @param contentType the header; '' is JSON
 * @throws ApiError UnsupportedMediaType for types that are not read, BadRequest for bytes that are not of the type
 */
export function decodeBody(contentType: string, bytes: Uint8Array, expected: ExpectedKind): Body {
  const type = mediaType(contentType) || 'application/json'
  switch (type) {
    case 'application/json':
      return recognized(() => parseJson(bytes, jsonRepetitions), { bytes, expected })
    case 'application/yaml':
      return recognized(() => shallow(parseYaml(text(bytes))), { bytes, expected })
    case PROTOBUF_MEDIA_TYPE:
      return { value: decoded(bytes, expected) }
    default:
      throw unsupported(BODY_TYPES)
  }
}

/** Throws Error, worded as Go does. */
function parseJson(bytes: Uint8Array, repetitions: (json: string, value: unknown) => Repetitions): Body {
  const json = text(bytes)
  const value = parsedJson(json)
  if (value === undefined) throw new Error(goSyntaxError(bytes) ?? 'invalid JSON')
  return shallow({ value, repetitions: repetitions(json, value) })
}

/** undefined: it is not JSON */
function parsedJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** As Go's decoder does, with a lower limit: values this deep are only made to break something. */
function shallow(body: Body): Body {
  if (isTooDeep(body.value)) throw new Error('exceeded max depth')
  return body
}

/**
 * @returns the type a PATCH body has
 * @param isCustom custom resources have no strategic merge patch, and no router that says less than it could
 * @throws ApiError UnsupportedMediaType, for a missing header too
 */
export function patchTypeOf(contentType: string, isCustom: boolean): PatchType {
  const type = mediaType(contentType)
  const known = Object.entries(PATCH_TYPES).find(([, name]) => name === type)
  if (known !== undefined && !(isCustom && known[0] === 'strategic')) return known[0] as PatchType
  if (isCustom) throw unsupported([PATCH_TYPES.json, PATCH_TYPES.merge, PATCH_TYPES.apply])
  throw new ApiError('UnsupportedMediaType', '415: Unsupported Media Type', { details: {} })
}

const OBJECT = 'map[string]interface {}'

/**
 * @returns a PATCH body's value: YAML for apply, JSON for the rest. null changes nothing, where it is allowed
 * @throws ApiError BadRequest, for a value that is no patch of that type too
 */
export function decodePatch(type: PatchType, bytes: Uint8Array, isIgnored = false): Body {
  const { wrongKind = '', parse, ...form } = PATCHES[type]
  const fault = type === 'json' && isIgnored ? '' : form.fault
  const body = orRefused(() => parse(bytes), fault)
  return { ...body, value: orRefused(() => patchValue(type, body.value, isIgnored), fault + wrongKind) }
}

interface PatchForm {
  readonly parse: (bytes: Uint8Array) => Body
  /** what comes before the decoder's words */
  readonly fault: string
  /** what follows it for a value of the wrong kind */
  readonly wrongKind?: string
}

const parseMerge = (bytes: Uint8Array): Body => parseJson(bytes, mergePatchRepetitions)

const PATCHES: Readonly<Record<PatchType, PatchForm>> = {
  json: { fault: 'error decoding patch: ', parse: (bytes) => parseJson(bytes, jsonPatchRepetitions) },
  merge: { fault: 'error decoding patch: ', parse: parseMerge },
  strategic: { fault: '', parse: parseMerge },
  apply: {
    fault: 'error decoding YAML: ',
    wrongKind: 'error unmarshaling JSON: while decoding JSON: ',
    parse: (bytes) => shallow(parseYaml(text(bytes))),
  },
}

function orRefused<T>(run: () => T, fault: string): T {
  try {
    return run()
  } catch (error) {
    throw error instanceof ApiError ? error : badRequest(fault + (error as Error).message)
  }
}

/** As the library reads a JSON patch. @throws Error in Go's words */
function operations(value: unknown): readonly unknown[] {
  if (value === null) return []
  if (!Array.isArray(value)) throw new Error(goTypeError(value, 'jsonpatch.Patch'))
  const wrong = value.find((each) => each !== null && !isObject(each)) as unknown
  if (wrong !== undefined) throw new Error(goTypeError(wrong, 'jsonpatch.Operation'))
  return value
}

const OPERATION_TEXTS: readonly string[] = ['op', 'path', 'from']

/** As kube-apiserver reads it before, unless problems of fields are to be ignored. @throws Error in Go's words */
function checkedOperations(value: unknown): readonly unknown[] {
  if (value === null) return []
  if (!Array.isArray(value)) throw new Error(goTypeError(value, '[]handlers.jsonPatchOp'))
  for (const each of value as readonly unknown[]) {
    if (each === null) continue
    if (!isObject(each)) throw new Error(goTypeError(each, 'handlers.jsonPatchOp'))
    for (const [name, member] of Object.entries(each)) {
      if (!OPERATION_TEXTS.includes(name) || member === null || typeof member === 'string') continue
      const field = `Go struct field jsonPatchOp.${name} of type string`
      throw new Error(`json: cannot unmarshal ${goKindOf(member)} into ${field}`)
    }
  }
  return value
}

/** Throws Error for a value of the wrong kind, worded as Go does. */
function patchValue(type: PatchType, value: unknown, isIgnored: boolean): unknown {
  if (type === 'json') return isIgnored ? operations(value) : checkedOperations(value)
  if (isObject(value)) return value
  if (value !== null) throw new Error(goTypeError(value, OBJECT))
  if (type === 'merge') throw badRequest('Invalid JSON Patch')
  return {}
}

function unsupported(accepted: readonly string[]): ApiError {
  return new ApiError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  )
}

const text = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()

interface GivenBody {
  readonly bytes: Uint8Array
  readonly expected: ExpectedKind
}

function unrecognized(why: string, { bytes, expected }: GivenBody): ApiError {
  const what = `the object provided is unrecognized (must be of type ${expected.kind})`
  return badRequest(`${what}: ${why} (${bodySummary(bytes)})`)
}

/**
 * A body whose kind can be told; null is an object without anything in it.
 * @throws ApiError BadRequest with the beginning of the body
 */
function recognized(parse: () => Body, given: GivenBody): Body {
  let body: Body
  try {
    body = parse()
  } catch (error) {
    throw unrecognized(`couldn't get version/kind; json parse error: ${(error as Error).message}`, given)
  }
  const fault = unreadableKind(body.value)
  if (fault !== undefined) throw unrecognized(fault, given)
  if (given.expected.isCustom) refuseKindless(body.value, given)
  return body.value === null ? { ...body, value: {} } : body
}

function refuseKindless(value: unknown, given: GivenBody): void {
  const { apiVersion, kind } = isObject(value) ? value : {}
  if (!kind) throw unrecognized(`Object 'Kind' is missing in '${text(given.bytes)}'`, given)
  if (!apiVersion) throw badRequest(otherVersion('', given.expected.apiVersion))
}

function decoded(bytes: Uint8Array, expected: ExpectedKind): unknown {
  try {
    return decodeProtobuf(bytes, expected)
  } catch (error) {
    throw error instanceof WireFormatError ? unrecognized(error.detail, { bytes, expected }) : error
  }
}
