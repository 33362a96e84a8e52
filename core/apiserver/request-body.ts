/**
 * What a request's body holds, by its Content-Type: JSON, YAML or protobuf, as one plain value. Pure.
 *
 * Messages as kubernetes/apiserver pkg/endpoints/handlers/{negotiation/errors,create,patch}.go.
 */

import { parse as parseYaml } from 'yaml'
import { ApiError, badRequest } from '../api/api-error.ts'
import { PROTOBUF_MEDIA_TYPE, decodeProtobuf } from '../api/protobuf.ts'
import { WireFormatError } from '../api/wire-format.ts'
import type { PatchType } from '../client/client.ts'
import { PATCH_TYPES } from '../client/client.ts'

/** The kind a body has when it does not say: that of the URL. */
export interface ExpectedKind {
  readonly apiVersion: string
  readonly kind: string
}

const BODY_TYPES = ['application/json', 'application/yaml', PROTOBUF_MEDIA_TYPE]

const mediaType = (contentType: string): string => (contentType.split(';')[0] ?? '').trim().toLowerCase()

/**
 * @param contentType the header; '' is JSON
 * @throws ApiError UnsupportedMediaType for types that are not read, BadRequest for bytes that are not of the type
 */
export function decodeBody(contentType: string, bytes: Uint8Array, expected: ExpectedKind): unknown {
  const type = mediaType(contentType) || 'application/json'
  switch (type) {
    case 'application/json':
      return parsed(() => JSON.parse(text(bytes)) as unknown, expected)
    case 'application/yaml':
    case 'application/x-yaml':
      return parsed(() => parseYaml(text(bytes)) as unknown, expected)
    case PROTOBUF_MEDIA_TYPE:
      return decoded(bytes, expected)
    default:
      throw unsupported(BODY_TYPES)
  }
}

/** @returns the type a PATCH body has. Throws ApiError UnsupportedMediaType, as does a missing header. */
export function patchTypeOf(contentType: string): PatchType {
  const type = mediaType(contentType)
  const known = Object.entries(PATCH_TYPES).find(([, name]) => name === type)
  if (known === undefined) throw unsupported(Object.values(PATCH_TYPES))
  return known[0] as PatchType
}

/** @returns a PATCH body's value: YAML for apply, JSON for the rest. Throws ApiError BadRequest. */
export function decodePatch(type: PatchType, bytes: Uint8Array): unknown {
  try {
    return type === 'apply' ? (parseYaml(text(bytes)) as unknown) : (JSON.parse(text(bytes)) as unknown)
  } catch (error) {
    throw badRequest(`error decoding patch: ${messageOf(error)}`)
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

function parsed(parse: () => unknown, expected: ExpectedKind): unknown {
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
