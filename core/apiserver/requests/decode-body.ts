/** From a request's body to an object of the resource's kind, with the checks every write has in common. */

import type { ApiError } from '../../api/api-error.ts'
import { badRequest, invalid, isApiError } from '../../api/api-error.ts'
import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf } from '../../api/resource.ts'
import type { DecodeOptions, Decoded, KindName } from '../../api/strict-decode.ts'
import { decodingFault, strictDecode } from '../../api/strict-decode.ts'
import { invalidValue, when } from '../../api/validation/faults.ts'
import { conversionFault, otherKind, otherVersion, unreadableKind } from './body-kind.ts'
import { isOwnGroup } from './unrouted.ts'
import type { JsonObject } from './json-value.ts'
import type { Environment } from '../registry/environment.ts'
import { equalJson, isObject, jsonCopy } from './json-value.ts'
import type { RequestContext } from '../registry/registry.ts'

/**
 * @returns an object of the kind, apiVersion and kind set; what the kind does not have is dropped, warned of or
 * refused, as the request's fieldValidation says (default: warned of)
 * @throws ApiError BadRequest
 */
export function decodeBody(
  env: Pick<Environment, 'kinds'>,
  resource: ResourceInfo,
  body: unknown,
  context: RequestContext,
  options?: DecodeOptions,
): KubernetesObject {
  const otherwise = readInOtherVersion(env, resource, body)
  const refused = otherwise && judged(otherwise.problems, context)
  if (otherwise && refused && refused.length > 0) throw strictDecodingError(otherwise.version, refused)
  const { object, problems } = decodedWith(
    (whole) => env.kinds.of(resource).decode(whole, options),
    resource,
    body,
  )
  const errors = judged(problems, context)
  if (errors.length > 0) throw strictDecodingError(resource, errors)
  return object
}

/**
 * A body of a kind that belongs to a sub-resource (Binding, Scale), as it was given: such kinds are stored nowhere.
 * @throws ApiError BadRequest, as decodeBody
 */
export function decodeSubresourceBody(
  kind: KindName,
  body: unknown,
  context: RequestContext,
): KubernetesObject {
  const { object, problems } = decodedWith(strictDecoder(kind), kind, body)
  const errors = judged(problems, context)
  if (errors.length > 0) throw strictDecodingError(kind, errors)
  return object
}

const strictDecoder =
  (kind: KindName) =>
  (whole: unknown): Decoded =>
    strictDecode(kind, whole, { asGiven: true })

/** How a refused patch is spoken of. */
export interface PatchFault {
  /** what was wrong: the patched object, or the patch */
  readonly shown: () => string
  /** what a strategic patch made is converted, not decoded: its kind is not looked at */
  readonly isConverted: boolean
}

/**
 * What a patch made of an object, decoded like a body.
 * @throws ApiError Invalid, as kubernetes/apiserver pkg/endpoints/handlers/patch.go
 */
export function decodePatched(
  env: Pick<Environment, 'kinds'>,
  resource: ResourceInfo,
  patched: unknown,
  fault: PatchFault & { readonly context: RequestContext },
): KubernetesObject {
  const otherwise = readInOtherVersion(env, resource, patched)
  if (otherwise) refuseProblems(otherwise.problems, fault)
  return judgedPatch((whole) => env.kinds.of(resource).decode(whole), resource, patched, fault)
}

const OF_ALL_KINDS = new Set(['apiVersion', 'kind', 'metadata'])

/**
 * Of a custom resource in another version than the one asked for, what is wrong with it as such: upstream says so before
 * it refuses the version. One that there is not has no fields of its own. undefined: it is of no other version
 */
function readInOtherVersion(
  { kinds }: Pick<Environment, 'kinds'>,
  resource: ResourceInfo,
  body: unknown,
): { readonly version: KindName; readonly problems: readonly string[] } | undefined {
  if (isOwnGroup(resource.group) || !isObject(body) || body['apiVersion'] === apiVersionOf(resource)) return
  const { apiVersion, kind } = body
  const [group, name] = String(apiVersion).split('/')
  if (group !== resource.group || !name || kind !== resource.kind) return undefined
  const version = kinds.versionsOf(resource).find((other) => other.version === name)
  if (version !== undefined) return { version, problems: kinds.of(version).decode(jsonCopy(body)).problems }
  const unknown = Object.keys(body).filter((field) => !OF_ALL_KINDS.has(field))
  const problems = unknown.toSorted().map((field) => `unknown field ${JSON.stringify(field)}`)
  return { version: { ...resource, version: name }, problems }
}

/** As decodePatched, of what a patch made of a sub-resource's object. */
export function decodePatchedSubresource(
  kind: KindName,
  patched: unknown,
  fault: PatchFault & { readonly context: RequestContext },
): KubernetesObject {
  return judgedPatch(strictDecoder(kind), kind, patched, fault)
}

function judgedPatch(
  decode: (whole: unknown) => Decoded,
  kind: KindName,
  patched: unknown,
  fault: PatchFault & { readonly context: RequestContext },
): KubernetesObject {
  const { isConverted } = fault
  const { object, problems } = decodedOr(
    () => decodedWith(decode, kind, isConverted ? ofKind(kind, patched) : patched, true),
    (error) => invalidPatch(fault, isConverted ? conversionFault(error) : decodingFault(error)),
  )
  refuseProblems(problems, fault)
  return object
}

/** @throws ApiError Invalid for fields that the request wants refused; warns of them otherwise */
function refuseProblems(
  problems: readonly string[],
  fault: PatchFault & { readonly context: RequestContext },
): void {
  const errors = judged(problems, fault.context)
  if (errors.length > 0) throw invalidPatch(fault, `strict decoding error: ${errors.join(', ')}`)
}

const invalidPatch = ({ shown }: PatchFault, detail: string): ApiError =>
  invalid({ group: '', kind: '' }, '', [{ type: 'invalid', field: 'patch', value: shown(), detail }])

/** The object with the kind it has, whatever text says otherwise. */
function ofKind(resource: KindName, patched: unknown): unknown {
  if (!isObject(patched)) return patched
  const said = (name: string, is: string) => (typeof patched[name] === 'string' ? { [name]: is } : {})
  return { ...patched, ...said('apiVersion', apiVersionOf(resource)), ...said('kind', resource.kind) }
}

function decodedOr(decode: () => Decoded, refusal: (error: ApiError) => ApiError): Decoded {
  try {
    return decode()
  } catch (error) {
    throw isApiError(error, 'BadRequest') ? refusal(error) : error
  }
}

function decodedWith(
  decode: (whole: unknown) => Decoded,
  kind: KindName,
  body: unknown,
  isPatched = false,
): Decoded {
  const unreadable = unreadableKind(body)
  if (unreadable !== undefined) throw badRequest(unreadable)
  if (!isObject(body)) throw badRequest(`${kind.kind} is not an object`)
  checkKind(kind, body, isPatched)
  const whole = { ...body, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: body['metadata'] ?? {} }
  return decode(jsonCopy(whole))
}

/** Warns of what is wrong with the fields, or @returns it, when the request is to be refused for it. */
function judged(unknown: readonly string[], context: RequestContext): readonly string[] {
  const { fieldValidation, repetitions, warn } = context
  if (fieldValidation === 'Ignore') return []
  if (fieldValidation === 'Strict') return repetitions?.errors(unknown) ?? unknown
  for (const problem of repetitions?.warnings(unknown) ?? unknown) warn(problem)
  return []
}

/** @throws ApiError for another kind, or the same one in another version */
function checkKind(resource: KindName, body: JsonObject, isPatched: boolean): void {
  const expected = { apiVersion: apiVersionOf(resource), kind: resource.kind }
  const given = body as { apiVersion?: string; kind?: string }
  const found = { apiVersion: given.apiVersion || expected.apiVersion, kind: given.kind || expected.kind }
  if (found.kind === expected.kind && found.apiVersion === expected.apiVersion) return
  if (isOwnGroup(resource.group)) throw badRequest(otherKind(found, expected))
  throw found.apiVersion === expected.apiVersion || isPatched
    ? otherCustomKind(resource, found, body)
    : badRequest(otherVersion(found.apiVersion, expected.apiVersion))
}

/** 422, as kubernetes/apiextensions-apiserver pkg/registry/customresource/validator.go */
function otherCustomKind(
  resource: KindName,
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
  { metadata }: JsonObject,
): ApiError {
  const name = isObject(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : ''
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
  const version = apiVersionOf(resource)
  return invalid({ group, kind }, name, [
    ...when(kind !== resource.kind, () => invalidValue('kind', kind, `must be ${resource.kind}`)),
    ...when(apiVersion !== version, () => invalidValue('apiVersion', apiVersion, `must be ${version}`)),
  ])
}

function strictDecodingError(resource: KindName, problems: readonly string[]): Error {
  const version = JSON.stringify(resource.version)
  const list = problems.join(', ')
  return badRequest(
    `${resource.kind} in version ${version} cannot be handled as a ${resource.kind}: strict decoding error: ${list}`,
  )
}

/**
 * The object, which is to have the name of the URL.
 * @throws ApiError BadRequest when it has another, or none
 */
export function withGivenName(given: KubernetesObject, name: ObjectName): KubernetesObject {
  const object = withRequestNamespace(given, name.namespace)
  if (!object.metadata.name) {
    const place = `(${name.name} based on URL)`
    throw badRequest(`the name of the object ${place} was undeterminable: name must be provided`)
  }
  return withRequestName(object, name)
}

/**
 * The object under the name and namespace of the URL.
 * @throws ApiError BadRequest when it says otherwise itself
 */
export function withRequestName(object: KubernetesObject, name: ObjectName): KubernetesObject {
  const given = object.metadata
  if (given.name && given.name !== name.name) {
    throw badRequest(
      `the name of the object (${given.name}) does not match the name on the URL (${name.name})`,
    )
  }
  return withRequestNamespace({ ...object, metadata: { ...given, name: name.name } }, name.namespace)
}

/**
 * The object in the namespace of the URL; what is in none loses its own.
 * @throws ApiError BadRequest when it says otherwise itself
 */
export function withRequestNamespace(
  object: KubernetesObject,
  namespace: string | undefined,
): KubernetesObject {
  const { namespace: given, ...metadata } = object.metadata
  if (given && namespace && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  return { ...object, metadata: namespace ? { ...metadata, namespace } : metadata }
}

/**
 * The object with each owner once; who wrote one twice is told. kubernetes/apiserver pkg/endpoints/handlers/rest.go
 * @param when part of the text
 */
export function withoutRepeatedOwners(
  object: KubernetesObject,
  context: RequestContext,
  when = '',
): KubernetesObject {
  const owners = object.metadata.ownerReferences ?? []
  const isFirst = owners.map((owner, index) => owners.findIndex((other) => equalJson(other, owner)) === index)
  if (!isFirst.includes(false)) return object
  const repeated = owners.filter((_, index) => !isFirst[index]).map(({ uid }) => uid)
  context.warn(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may ` +
      'reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ' +
      repeated.join(', '),
  )
  const ownerReferences = owners.filter((_, index) => isFirst[index])
  return { ...object, metadata: { ...object.metadata, ownerReferences } }
}
