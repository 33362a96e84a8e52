/**
 * What a request's body holds, by its Content-Type: JSON, YAML or protobuf, as one plain value. Pure.
 *
 * Messages as kubernetes/apiserver pkg/endpoints/handlers/{negotiation/errors,create,patch}.go.
 */

import { ApiError, badRequest } from '../api/api-error.ts'
import { PROTOBUF_MEDIA_TYPE, decodeProtobuf } from '../api/protobuf.ts'
import { WireFormatError } from '../api/wire-format.ts'
import type { PatchType } from '../client/client.ts'
import { PATCH_TYPES } from '../client/client.ts'
import { isTooDeep } from './json-value.ts'
import type { Repetitions } from './repetitions.ts'
import { jsonPatchRepetitions, jsonRepetitions, mergePatchRepetitions, parseYaml } from './repetitions.ts'

/** The kind a body has when it does not say: that of the URL. */
export interface ExpectedKind {
  readonly apiVersion: string
  readonly kind: string
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
      return parsed(() => parseJson(text(bytes), jsonRepetitions), expected)
    case 'application/yaml':
    case 'application/x-yaml':
      return parsed(() => shallow(parseYaml(text(bytes))), expected)
    case PROTOBUF_MEDIA_TYPE:
      return { value: decoded(bytes, expected) }
    default:
      throw unsupported(BODY_TYPES)
  }
}

function parseJson(json: string, repetitions: (json: string, value: unknown) => Repetitions): Body {
  const value: unknown = JSON.parse(json)
  return shallow({ value, repetitions: repetitions(json, value) })
}

/** As Go's decoder does, with a lower limit: values this deep are only made to break something. */
function shallow(body: Body): Body {
  if (isTooDeep(body.value)) throw new Error('exceeded max depth')
  return body
}

/** @returns the type a PATCH body has. Throws ApiError UnsupportedMediaType, as does a missing header. */
export function patchTypeOf(contentType: string): PatchType {
  const type = mediaType(contentType)
  const known = Object.entries(PATCH_TYPES).find(([, name]) => name === type)
  if (known === undefined) throw unsupported(Object.values(PATCH_TYPES))
  return known[0] as PatchType
}

/** @returns a PATCH body's value: YAML for apply, JSON for the rest. Throws ApiError BadRequest. */
export function decodePatch(type: PatchType, bytes: Uint8Array): Body {
  const what = type === 'apply' ? 'error decoding YAML' : 'error decoding patch'
  try {
    if (type === 'apply') return shallow(parseYaml(text(bytes)))
    return parseJson(text(bytes), type === 'json' ? jsonPatchRepetitions : mergePatchRepetitions)
  } catch (error) {
    throw badRequest(`${what}: ${messageOf(error)}`)
  }
}

function unsupported(accepted: readonly string[]): ApiError {
  return new ApiError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  )
}

const text = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function parsed(parse: () => Body, expected: ExpectedKind): Body {
  try {
    return parse()
  } catch (error) {
    const must = `the object provided is unrecognized (must be of type ${expected.kind})`
    throw badRequest(`${must}: couldn't get version/kind; json parse error: ${messageOf(error)}`)
  }
}

function decoded(bytes: Uint8Array, expected: ExpectedKind): unknown {
  try {
    return decodeProtobuf(bytes, expected)
  } catch (error) {
    if (error instanceof WireFormatError) throw badRequest(error.message)
    throw error
  }
}
