/**
 * PATCH: the patch is done to the current object as the client would see it, and the result stored like a PUT.
 * Server-side apply also makes the object when there is none. kubernetes/apiserver pkg/endpoints/handlers/patch.go
 */

import { ApiError, badRequest, notFound } from '../../api/api-error.ts'
import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { timestamp } from '../../api/timestamp.ts'
import { PATCH_TYPES } from '../../client/client.ts'
import { fieldsOfClientSideApply, rememberingApplied } from '../apply/client-side-apply.ts'
import type { OwnerVersions } from '../apply/owner-versions.ts'
import { ownerVersions } from '../apply/owner-versions.ts'
import { applyConfiguration, withoutOwners } from '../apply/server-side-apply.ts'
import { writerOf } from './create.ts'
import { decodeConfiguration } from '../apply/decode-configuration.ts'
import type { PatchFault } from '../requests/decode-body.ts'
import {
  decodePatched,
  withGivenName,
  withRequestName,
  withoutRepeatedOwners,
} from '../requests/decode-body.ts'
import type { Environment } from '../registry/environment.ts'
import { equalJson, goText, isObject, jsonCopy, sortedWhereOther } from '../requests/json-value.ts'
import { without } from '../../api/omitted.ts'
import { JsonPatchError, applyJsonPatch } from './patch/json-patch.ts'
import { applyMergePatch } from './patch/merge-patch.ts'
import { applyStrategicMergePatch } from './patch/strategic-merge-patch.ts'
import type { PatchRequest, RequestContext } from '../registry/registry.ts'
import type { StructType } from '../registry/schema-type.ts'
import type { UpdateResult, Wanted } from './update.ts'
import { updateObject } from './update.ts'

/** Rejects with ApiError. */
export async function patchObject(
  env: Environment,
  resource: ResourceInfo,
  name: ObjectName,
  request: PatchRequest,
  context: RequestContext,
): Promise<UpdateResult> {
  const { subresource } = request
  const type = env.kinds.of(resource).type
  // Over HTTP it has been refused before.
  if (request.type === 'strategic' && !env.kinds.of(resource).hasStrategicMerge) throw noStrategicMerge()
  if (request.type !== 'apply') {
    const wanted = (current: KubernetesObject | undefined): Wanted => {
      if (current === undefined) throw notFound(resource, name.name)
      const patched = patchedDocument(current, request, type)
      const object = decodePatched(env, resource, patched, {
        context,
        ...patchFault(request, patched, current),
      })
      return {
        object: withGivenName(
          withoutRepeatedOwners(object, context, ' after mutating admission happens'),
          name,
        ),
        isPatched: true,
      }
    }
    return updateObject(env, { resource, name, subresource, context, wanted })
  }
  const versions = ownerVersions(env.kinds, resource)
  const config = withRequestName(decodeConfiguration(env, resource, request.patch, context), name)
  const wanted = (live: KubernetesObject | undefined): Wanted => {
    if (live === undefined && subresource !== undefined) throw notFound(resource, name.name)
    const merged = applied(env, { resource, config, live, request, context, type, versions })
    // Stored as what is written otherwise: with the zeros that Go prints.
    return {
      object: env.kinds.of(resource).decode(jsonCopy(merged)).object,
      hasOwners: true,
      isPatched: true,
      isSame: live !== undefined && equalJson(withoutOwners(merged), withoutOwners(live)),
    }
  }
  return updateObject(env, { resource, name, subresource, context, wanted, versions, mayCreate: true })
}

/** How the refusal of what a patch made shows it, and in whose words: upstream decodes the result in two ways. */
export function patchFault(request: PatchRequest, patched: unknown, current: KubernetesObject): PatchFault {
  return request.type === 'strategic'
    ? { shown: () => goText(request.patch), isConverted: true }
    : { shown: () => JSON.stringify(sortedWhereOther(patched, current)), isConverted: false }
}

function noStrategicMerge(): ApiError {
  const accepted = [PATCH_TYPES.json, PATCH_TYPES.merge, PATCH_TYPES.apply].join(', ')
  return new ApiError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  )
}

/** @returns the document with the patch done to it. @throws ApiError worded as upstream */
export function patchedDocument(
  document: unknown,
  request: Pick<PatchRequest, 'type' | 'patch'>,
  type: StructType,
): unknown {
  switch (request.type) {
    case 'json':
      return jsonPatched(document, request.patch)
    case 'merge':
      if (!isObject(request.patch)) throw badRequest('a merge patch of an object is an object')
      return applyMergePatch(document, request.patch)
    case 'strategic':
      return applyStrategicMergePatch(document, request.patch, type)
    case 'apply':
      throw badRequest('apply is not a patch of a document')
  }
}

/** kube-apiserver hides what was wrong. */
function jsonPatched(document: unknown, patch: unknown): unknown {
  try {
    return applyJsonPatch(document, patch)
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error
    throw new ApiError('Invalid', 'the server rejected our request due to an error in our request', {
      details: {},
      cause: error,
    })
  }
}

interface Application {
  readonly resource: ResourceInfo
  readonly config: KubernetesObject
  readonly live: KubernetesObject | undefined
  readonly request: PatchRequest
  readonly context: RequestContext
  readonly type: StructType
  readonly versions: OwnerVersions | undefined
}

function applied(env: Environment, application: Application): KubernetesObject {
  const { resource, live, request, context, type, versions } = application
  const { subresource = '', force = false } = request
  const rules = env.kinds.of(resource).rules
  // What this write may not set is not applied, and so not owned.
  const foreign = subresource === 'status' ? ['spec'] : rules.hasStatus ? ['status'] : []
  const config = without(application.config, ...foreign)
  const time = timestamp(env.clock.now())
  const writer = { ...writerOf(resource, context, time, subresource), manager: context.fieldManager ?? '' }
  const allowed = fieldsOfClientSideApply(live, type, writer)
  const next = applyConfiguration({ resource, live, config, type, writer, force, allowed, versions })
  return rememberingApplied(next, application.config, writer.manager)
}
