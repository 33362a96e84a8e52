/**
 * Creating objects: decode, default, admit, validate, allocate, store. In kube-apiserver's order
 * (kubernetes/apiserver pkg/registry/generic/registry/store.go Create, pkg/registry/rest/create.go).
 */

import { ApiError, alreadyExists, badRequest, invalid } from '../../api/api-error.ts'
import type { Service } from '../../api/generated/core-v1.ts'
import type { KubernetesObject, NamedMeta } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf, groupResource } from '../../api/resource.ts'
import { NAMESPACES, isBuiltIn } from '../../api/scheme.ts'
import { messageOfKind } from '../../api/schema/field-table.ts'
import { printedEmpty } from '../../api/zero-values.ts'
import { timestamp } from '../../api/timestamp.ts'
import type { Writer } from '../apply/server-side-apply.ts'
import { trackUpdate } from '../apply/server-side-apply.ts'
import { refuseEscalation } from '../authorization/escalation.ts'
import { refuseUnreadableParams } from '../authorization/param-access.ts'
import { refuseSigning } from '../authorization/signers.ts'
import type { Admitted } from './admit.ts'
import { admit } from './admit.ts'
import { afterConversion } from '../custom-resources/conversion/unconverted.ts'
import type { Expectations, WriteOutcome } from '../registry/commit-object.ts'
import { putObject } from '../registry/commit-object.ts'
import { decodeBody, withoutRepeatedOwners, withRequestNamespace } from '../requests/decode-body.ts'
import type { Environment } from '../registry/environment.ts'
import { warnOfIgnoredFields } from '../registry/ignored-field-warnings.ts'
import { without } from '../../api/omitted.ts'
import { generatedName, newMetadata, refuseRevision } from '../registry/object-meta.ts'
import { paramAccess } from '../registry/param-access-of.ts'
import type { RequestContext } from '../registry/registry.ts'
import { ipAddressWrites } from '../services/ip-addresses.ts'
import { familyFaults } from '../services/ip-families.ts'
import { withAgreedFields } from '../services/service-fields.ts'
import { isService, withAllocations } from '../services/with-allocations.ts'
import { storageKey } from '../registry/storage-key.ts'

/** How often a generated name may be taken already. */
const MAX_NAME_ATTEMPTS = 8

export interface Creation {
  readonly resource: ResourceInfo
  readonly namespace: string | undefined
  readonly context: RequestContext
  /** decoded, with the namespace of the request */
  readonly object: KubernetesObject
  /** owners are set already (server-side apply) */
  readonly hasOwners?: boolean | undefined
}

/** @returns the object as stored. Rejects with ApiError */
export async function createObject(
  env: Environment,
  resource: ResourceInfo,
  namespace: string | undefined,
  body: unknown,
  context: RequestContext,
): Promise<KubernetesObject> {
  if (resource.namespaced && !namespace) throw badRequest('an empty namespace may not be set during creation')
  const scope = resource.namespaced ? namespace : undefined
  const object = withRequestNamespace(
    withoutRepeatedOwners(decodeBody(env, resource, body, context), context),
    scope,
  )
  return insertObject(env, { resource, namespace: scope, object, context })
}

/** Creates the decoded object; a generated name that is taken is drawn anew. */
export async function insertObject(env: Environment, creation: Creation): Promise<KubernetesObject> {
  const { resource, object } = creation
  warnOfIgnoredFields(creation, object, undefined)
  const { name, generateName } = object.metadata as Partial<NamedMeta>
  for (let attempt = 0; attempt < MAX_NAME_ATTEMPTS; attempt += 1) {
    const chosen = name || drawnName(env, resource, generateName)
    const created = await insertNamed(env, creation, chosen)
    if (created !== undefined) return created
    if (name) throw alreadyExists(resource, name)
  }
  throw new ApiError(
    'AlreadyExists',
    `${groupResource(resource)} ${JSON.stringify(generateName)} already exists, ` +
      'the server was not able to generate a unique name for the object',
    { details: { name: generateName ?? '', kind: resource.resource, retryAfterSeconds: 1 } },
  )
}

/** @returns '' where the client should have given a name */
function drawnName(env: Environment, resource: ResourceInfo, generateName: string | undefined): string {
  if (generateName) return generatedName(generateName, () => env.random.next())
  return env.kinds.of(resource).rules.namesItself ? env.random.uuid() : ''
}

/** @returns undefined when the name is taken */
async function insertNamed(
  env: Environment,
  creation: Creation,
  name: string,
): Promise<KubernetesObject | undefined> {
  const { resource, namespace, context } = creation
  const draft = newObject(env, creation, name)
  const same = (each: KubernetesObject): KubernetesObject => each
  // Asked once: a custom kind may go while the object is written.
  const { toStorage = same, fromStorage: presented = same } = env.kinds.of(resource)
  for (;;) {
    const guards = namespaceGuard(env, namespace)
    const { object, charges } = await admittedNew(env, creation, draft)
    // Webhooks may give it another.
    const key = storageKey(resource, { namespace, name: object.metadata.name })
    // The storage's business upstream: after admission.
    if (!context.dryRun) refuseRevision(creation.object.metadata)
    const outcome: WriteOutcome = await withAllocations(env, { resource, key, object }, async (allocated) => {
      const also = [...charges, ...ipAddressWrites(env, resource, undefined, allocated)]
      const write = { key, modRevision: 0, guards, also, dryRun: context.dryRun }
      return await putObject(env, write, await afterConversion(() => toStorage(allocated)))
    })
    if (outcome.kind === 'written') return await afterConversion(() => presented(outcome.object))
    if (outcome.key === key) return undefined
    // The namespace changed meanwhile: look at it again.
  }
}

/** The object as its kind's rules make it, before the rest of the cluster is looked at. */
function newObject(env: Environment, creation: Creation, name: string): KubernetesObject {
  const { resource, object, context } = creation
  const rules = env.kinds.of(resource).rules
  const now = timestamp(env.clock.now())
  const fresh = { name, uid: env.random.uuid(), creationTimestamp: now }
  const metadata = newMetadata(object.metadata, fresh)
  const bare = rules.hasStatus && !rules.createsStatus ? without(object, 'status') : object
  const given = { ...bare, metadata }
  const prepared = rules.prepareForCreate?.(given, context.user) ?? given
  const defaulted = rules.setDefaults(prepared)
  const whole = prepared === given ? defaulted : rules.setDefaults(given)
  const sent = rules.hasStatus ? without(whole, 'status') : whole
  // What the server sets belongs to nobody.
  const { managedFields } = creation.hasOwners
    ? defaulted.metadata
    : tracked(env, resource, sent, writerOf(resource, context, now)).metadata
  const owned = withOwners(defaulted, managedFields)
  const agreed = isService(resource) ? withAgreedFields(owned as Service, undefined) : owned
  const counted = rules.startsGeneration
    ? { ...agreed, metadata: { ...agreed.metadata, generation: 1 } }
    : agreed
  const completed = env.kinds.of(resource).complete?.(counted, undefined) ?? counted
  const isNew = rules.newStatus !== undefined && !('status' in completed)
  return isNew ? ({ ...completed, status: rules.newStatus } as KubernetesObject) : completed
}

function tracked(
  env: Environment,
  resource: ResourceInfo,
  object: KubernetesObject,
  writer: Writer,
): KubernetesObject {
  return trackUpdate(undefined, object, env.kinds.of(resource).type, writer, { empty: emptyOf(resource) })
}

/** What nobody filled in: Go prints zeros that are not taken for anything given. */
function emptyOf(resource: ResourceInfo): KubernetesObject | undefined {
  const message = isBuiltIn(resource) ? messageOfKind(apiVersionOf(resource), resource.kind) : undefined
  return message === undefined ? undefined : (printedEmpty(message) as object as KubernetesObject)
}

function withOwners(
  object: KubernetesObject,
  managedFields: KubernetesObject['metadata']['managedFields'],
): KubernetesObject {
  const metadata = without(object.metadata, 'managedFields')
  return { ...object, metadata: managedFields ? { ...metadata, managedFields } : metadata }
}

/** Who writes, as managedFields name it. */
export function writerOf(
  resource: ResourceInfo,
  context: RequestContext,
  time: string,
  subresource = '',
): Writer {
  const manager = context.fieldManager || 'unknown'
  return { manager, apiVersion: apiVersionOf(resource), subresource, time }
}

/** Admission and validation: what depends on the rest of the cluster. */
async function admittedNew(env: Environment, creation: Creation, draft: KubernetesObject): Promise<Admitted> {
  const { resource, namespace, context } = creation
  const { random } = env
  const { rules } = env.kinds.of(resource)
  // A webhook may change the object's name, and not what the request is about.
  const { name } = draft.metadata
  const about = { operation: 'create', resource, subresource: '', namespace, name } as const
  const admitted = await admit(
    env,
    { ...about, object: draft, old: undefined, context, random },
    (admissible) => {
      const placed = withRequestNamespace(admissible, namespace)
      for (const text of rules.settleWarnings?.(placed) ?? []) context.warn(text)
      const object = rules.settle?.(placed) ?? placed
      const families = isService(resource)
        ? familyFaults((object as Service).spec, undefined, env.services.families)
        : []
      const errors = families.length > 0 ? families : rules.validateCreate(object, env.facts)
      if (errors.length > 0)
        throw invalid(rules.judgedAs ?? resource, (object.metadata as Partial<NamedMeta>).name ?? '', errors)
      refuseEscalation(env.access, { user: context.user, resource, object, old: undefined })
      refuseSigning(env.access, {
        user: context.user,
        plugins: env.plugins,
        resource,
        subresource: undefined,
        object,
        old: undefined,
      })
      refuseUnreadableParams(paramAccess(env), { user: context.user, resource, object, old: undefined })
      return object
    },
  )
  for (const text of rules.warnings?.(admitted.object, undefined) ?? []) context.warn(text)
  return admitted
}

/** The namespace must not go away between the look at it and the write. */
function namespaceGuard(env: Environment, namespace: string | undefined): Expectations {
  if (namespace === undefined) return []
  const key = storageKey(NAMESPACES, { name: namespace })
  const stored = env.store.get(key)
  return stored ? [{ key, modRevision: stored.modRevision }] : []
}
