/**
 * Changing objects: one path for PUT, every kind of patch, and the sub-resources that are parts of the object.
 * (kubernetes/apiserver pkg/registry/generic/registry/store.go Update, pkg/registry/rest/update.go)
 *
 * The wanted object is made from the current one, and made again from a newer one when another write came first;
 * a resourceVersion the client gave is a condition. An update that changes nothing writes nothing.
 */

import type { ApiError } from '../../api/api-error.ts'
import { conflict, invalid, notFound } from '../../api/api-error.ts'
import type { FieldError } from '../../api/field-error.ts'
import type { Service } from '../../api/generated/core-v1.ts'
import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { NAMESPACES } from '../../api/scheme.ts'
import { timestamp } from '../../api/timestamp.ts'
import { invalidValue } from '../../api/validation/faults.ts'
import { validateMetadataUpdate } from '../../api/validation/metadata.ts'
import { stamped } from '../../store/stamped.ts'
import type { StoredValue } from '../../store/store.ts'
import type { OwnerVersions } from '../apply/owner-versions.ts'
import { ownerVersions } from '../apply/owner-versions.ts'
import { trackUpdate } from '../apply/server-side-apply.ts'
import { refuseCreation } from '../authorization/create-on-update.ts'
import { refuseEscalation } from '../authorization/escalation.ts'
import { refuseUnreadableParams } from '../authorization/param-access.ts'
import { refuseSigning } from '../authorization/signers.ts'
import type { AdmissionView } from '../admission/admission-request.ts'
import type { Admitted } from './admit.ts'
import { admit } from './admit.ts'
import { afterConversion } from '../custom-resources/conversion/unconverted.ts'
import { putObject, removeObject } from '../registry/commit-object.ts'
import type { WriteOutcome } from '../registry/commit-object.ts'
import { insertObject, writerOf } from './create.ts'
import type { AnyObject, Environment } from '../registry/environment.ts'
import { equalJson } from '../requests/json-value.ts'
import {
  checkFinalizers,
  isDeletionDue,
  updatedMetadata,
  withGeneration,
  withoutForeignParts,
} from '../registry/object-meta.ts'
import { paramAccess } from '../registry/param-access-of.ts'
import type { RequestContext } from '../registry/registry.ts'
import { ipAddressWrites } from '../services/ip-addresses.ts'
import { familyFaults } from '../services/ip-families.ts'
import { withAgreedFields } from '../services/service-fields.ts'
import { warnOfIgnoredFields } from '../registry/ignored-field-warnings.ts'
import { isService, withAllocations } from '../services/with-allocations.ts'
import { storageKey } from '../registry/storage-key.ts'

/** What a request wants the object to be. */
export interface Wanted {
  /** decoded, under the name of the request; its resourceVersion and uid, if any, are conditions */
  readonly object: KubernetesObject
  /** owners are set already (server-side apply) */
  readonly hasOwners?: boolean | undefined
  /** made by a patch of the current object: its uid is no condition, but may not change */
  readonly isPatched?: boolean | undefined
  /** what is there already, but for its owners: it is not defaulted again */
  readonly isSame?: boolean | undefined
  /** made by the server itself out of the current object: stored as it is */
  readonly isFinal?: boolean | undefined
}

export interface UpdateRequest {
  readonly resource: ResourceInfo
  readonly name: ObjectName
  /** undefined: the object itself */
  readonly subresource?: string | undefined
  readonly context: RequestContext
  /** called again with a newer object when another write came first; undefined: there is none */
  readonly wanted: (current: KubernetesObject | undefined) => Wanted
  /** what policies and webhooks are shown of it; absent: the object */
  readonly view?: AdmissionView | undefined
  /** of its owners; absent: this is asked */
  readonly versions?: OwnerVersions | undefined
  /** a part of something else, which was admitted itself */
  readonly isAdmitted?: boolean | undefined
  /** make the object when there is none */
  readonly mayCreate?: boolean | undefined
}

export interface UpdateResult {
  readonly object: KubernetesObject
  readonly created: boolean
}

/** Rejects with ApiError NotFound, Conflict, Invalid, Forbidden. */
export async function updateObject(env: Environment, asked: UpdateRequest): Promise<UpdateResult> {
  const { resource, name } = asked
  const request = { ...asked, versions: asked.versions ?? ownerVersions(env.kinds, resource) }
  const key = storageKey(resource, name)
  // Asked once: a custom kind may go while its last object is written.
  const { fromStorage: presented = same } = env.kinds.of(resource)
  for (;;) {
    const found = env.store.get(key)
    const shown = found && (await afterConversion(() => presented(found.value)))
    const stored = found && shown && { ...found, value: shown }
    const wanted = await afterConversion(() => request.wanted(stored?.value))
    if (found === undefined || stored === undefined) return await createInstead(env, request, wanted)
    checkConditions(env, resource, wanted, stored.value)
    const admitted = await admittedUpdate(env, request, wanted, stored.value)
    if (request.subresource === undefined) warnOfIgnoredFields(request, wanted.object, stored.value)
    const isSame = equalJson(admitted.object, stored.value)
    if (isSame && (await isStored(env, resource, found.value, admitted.object)))
      return { object: stored.value, created: false }
    const outcome = await write(env, request, stored, admitted)
    if (outcome.kind === 'written')
      return { object: await afterConversion(() => presented(outcome.object)), created: false }
  }
}

const same = (object: KubernetesObject): KubernetesObject => object

/** What looks the same may be stored in an older version, or without its newest defaults: then it is written anew. */
async function isStored(
  env: Environment,
  resource: ResourceInfo,
  stored: KubernetesObject,
  next: KubernetesObject,
): Promise<boolean> {
  const { converted, toStorage = same } = env.kinds.of(resource)
  return converted === undefined || equalJson(await afterConversion(() => toStorage(next)), stored)
}

/** What the server makes out of the object itself is not looked at again. */
async function admittedUpdate(
  env: Environment,
  request: UpdateRequest,
  wanted: Wanted,
  stored: KubernetesObject,
): Promise<Admitted> {
  const { resource, subresource = '', context, name } = request
  if (wanted.isFinal) return { object: wanted.object, charges: [] }
  if (request.isAdmitted) {
    const object = await afterConversion(() => prepared(env, request, wanted, stored))
    return { object, charges: [] }
  }
  const about = { operation: 'update', resource, subresource, namespace: name.namespace } as const
  const { view } = request
  const admission = { ...about, object: wanted.object, old: stored, context, random: env.random, view }
  return await admit(env, admission, (object) => prepared(env, request, { ...wanted, object }, stored))
}

async function createInstead(
  env: Environment,
  request: UpdateRequest,
  wanted: Wanted,
): Promise<UpdateResult> {
  const { resource, name, context, mayCreate } = request
  if (!mayCreate || request.subresource !== undefined) throw notFound(resource, name.name)
  const { uid } = wanted.object.metadata
  if (uid) {
    const detail = wanted.isPatched
      ? `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`
      : `Precondition failed: UID in precondition: ${uid}, UID in object meta: `
    throw conflict(resource, name.name, detail)
  }
  refuseCreation(env.access, { user: context.user, resource, name })
  const { resourceVersion: _, ...metadata } = wanted.object.metadata
  const object = { ...wanted.object, metadata }
  const { namespace } = name
  const creation = { resource, namespace, context, object, hasOwners: wanted.hasOwners }
  return { object: await insertObject(env, creation), created: true }
}

function checkConditions(
  env: Environment,
  resource: ResourceInfo,
  { object, isPatched = false }: Wanted,
  stored: KubernetesObject,
): void {
  const { uid, resourceVersion, name } = object.metadata
  if (uid && uid !== stored.metadata.uid && !isPatched) throw otherUid(resource, uid, stored)
  if (resourceVersion && resourceVersion !== '0') {
    if (resourceVersion !== stored.metadata.resourceVersion) throw conflict(resource, name)
  } else if (env.kinds.of(resource).rules.requiresRevision) {
    throw missingRevision(resource, name)
  }
}

/** As the storage of upstream says it, which knows keys and no objects. */
function otherUid(resource: ResourceInfo, uid: string, { metadata }: KubernetesObject): ApiError {
  const key = storageKey(resource, metadata).replace(/^\/registry/, '')
  const found = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid ?? ''}`
  const detail = `invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${found}`
  return conflict(resource, metadata.name, `StorageError: ${detail}`)
}

/** Upstream names the resource, where all other faults of an object name the kind. */
function missingRevision({ group, resource }: ResourceInfo, name: string): ApiError {
  const detail = 'must be specified for an update'
  return invalid({ group, kind: resource }, name, [invalidValue('metadata.resourceVersion', 0, detail)])
}

/** The object to be stored: what clients may not change restored, defaults, generation and owners set, validated. */
function prepared(
  env: Environment,
  request: UpdateRequest,
  wanted: Wanted,
  stored: KubernetesObject,
): KubernetesObject {
  const { resource, subresource } = request
  const rules = env.kinds.of(resource).rules
  const metadata = updatedMetadata(wanted.object.metadata, stored.metadata)
  const asked = subresource === 'finalize' ? finalized(wanted.object, stored) : wanted.object
  const given = { ...asked, metadata }
  const defaulted = wanted.isSame ? given : rules.setDefaults(given)
  const isStatus = subresource === 'status'
  const special = subresource === undefined ? undefined : rules.parts?.[subresource]
  const own = special
    ? special.prepare(defaulted, stored, timestamp(env.clock.now()))
    : ownParts(env, resource, { defaulted, stored }, isStatus)
  const part = subresource === undefined ? withKeptParts(env, resource, own, stored) : own
  const counted = isStatus ? part : withGeneration(rules, part, stored)
  const owned = wanted.hasOwners ? counted : tracked(env, request, counted, stored)
  const { complete } = env.kinds.of(resource)
  const settled = subresource === undefined ? (rules.settleUpdate?.(owned, stored) ?? owned) : owned
  const next = subresource === undefined && complete ? complete(settled, stored) : settled
  checkFinalizers(resource, next, stored)
  const errors = problems(env, request, next, stored)
  if (errors.length > 0) throw invalid(rules.judgedAs ?? resource, next.metadata.name, errors)
  if (subresource === undefined)
    for (const text of rules.warnings?.(next, stored) ?? []) request.context.warn(text)
  for (const text of rules.changeWarnings?.(next, stored) ?? []) request.context.warn(text)
  const change = { user: request.context.user, resource, object: next, old: stored }
  refuseEscalation(env.access, change)
  refuseSigning(env.access, { ...change, subresource, plugins: env.plugins })
  if (subresource === undefined) refuseUnreadableParams(paramAccess(env), change)
  return next
}

/** PUT namespaces/NAME/finalize: only the finalizers in spec change; none sent means none are left. */
function finalized(object: KubernetesObject, stored: KubernetesObject): KubernetesObject {
  const sent = (object as AnyObject)['spec'] as { readonly finalizers?: readonly string[] } | undefined
  const spec = { ...((stored as AnyObject)['spec'] as object), finalizers: sent?.finalizers ?? [] }
  return { ...stored, metadata: object.metadata, spec } as KubernetesObject
}

/** Of an update to the object itself, or to its status, what may change. */
function ownParts(
  env: Environment,
  resource: ResourceInfo,
  { defaulted, stored }: { readonly defaulted: KubernetesObject; readonly stored: KubernetesObject },
  isStatus: boolean,
): KubernetesObject {
  const { rules } = env.kinds.of(resource)
  const own = withoutForeignParts(resource, defaulted, stored, { isStatus, hasStatus: rules.hasStatus })
  return isStatus ? (rules.prepareStatus?.(own, stored) ?? own) : own
}

/** What a kind's own update keeps from before. */
function withKeptParts(
  env: Environment,
  resource: ResourceInfo,
  object: KubernetesObject,
  stored: KubernetesObject,
): KubernetesObject {
  const kept = env.kinds.of(resource).rules.prepareForUpdate?.(object, stored) ?? object
  if (isService(resource)) return withAgreedFields(kept as Service, stored as Service)
  if (resource.resource !== NAMESPACES.resource || resource.group !== '') return kept
  const { spec } = stored as AnyObject
  return { ...kept, ...(spec === undefined ? {} : { spec }) }
}

function tracked(
  env: Environment,
  { resource, subresource = '', context, versions }: UpdateRequest,
  next: KubernetesObject,
  stored: KubernetesObject,
): KubernetesObject {
  const type = env.kinds.of(resource).type
  const writer = writerOf(resource, context, timestamp(env.clock.now()), subresource)
  return trackUpdate(stored, next, type, writer, { versions })
}

function problems(
  env: Environment,
  { resource, subresource }: UpdateRequest,
  next: KubernetesObject,
  stored: KubernetesObject,
): readonly FieldError[] {
  const rules = env.kinds.of(resource).rules
  const special = subresource === undefined ? undefined : rules.parts?.[subresource]
  if (special) return [...validateMetadataUpdate(next, stored), ...special.validate(next, stored)]
  if (subresource === 'status')
    return [
      ...validateMetadataUpdate(next, stored),
      ...(rules.validateStatus?.(next, stored, env.facts) ?? []),
    ]
  const families = isService(resource)
    ? familyFaults((next as Service).spec, (stored as Service).spec, env.services.families)
    : []
  return families.length > 0 ? families : rules.validateUpdate(next, stored, env.facts)
}

/**
 * Stores the object, or removes it when this update took away the last thing that held it: then the answer is of the
 * revision it had.
 */
async function write(
  env: Environment,
  { resource, context, subresource }: UpdateRequest,
  stored: StoredValue,
  { object: next, charges }: Admitted,
): Promise<WriteOutcome> {
  const { key, modRevision } = stored
  const target = { key, modRevision, also: charges, dryRun: context.dryRun }
  const { toStorage = same } = env.kinds.of(resource)
  const storable = (object: KubernetesObject): Promise<KubernetesObject> =>
    afterConversion(() => toStorage(object))
  if (isDeletionDue(resource, next)) {
    const also = [...charges, ...ipAddressWrites(env, resource, stored.value, undefined)]
    const outcome = await removeObject(env, { ...target, also }, await storable(next))
    return outcome.kind === 'lost' ? outcome : { ...outcome, object: stamped(outcome.object, modRevision) }
  }
  if (subresource !== undefined) return await putObject(env, target, await storable(next))
  return await withAllocations(env, { resource, key, object: next }, async (allocated) => {
    const also = [...charges, ...ipAddressWrites(env, resource, stored.value, allocated)]
    return await putObject(env, { ...target, also }, await storable(allocated))
  })
}
