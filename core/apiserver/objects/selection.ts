/** Which objects of a resource a list or watch shows, and the narrowest part of the store they lie in. Pure. */

import { badRequest } from '../../api/api-error.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf } from '../../api/resource.ts'
import { isBuiltIn } from '../../api/scheme.ts'
import { matchesSelector } from '../../api/selectors.ts'
import type { FieldRequirement } from '../../api/selector-syntax.ts'
import { parseFieldSelector, parseLabelSelector } from '../../api/selector-syntax.ts'
import type { Environment } from '../registry/environment.ts'
import type { ListQuery } from '../registry/registry.ts'
import { storageKey, storagePrefix } from '../registry/storage-key.ts'

export interface Selection {
  /** a prefix of the store ending in `/`, or one whole key */
  readonly prefix: string
  /** undefined: everything under the prefix */
  readonly matches: ((object: KubernetesObject) => boolean) | undefined
}

type Fields = Readonly<Record<string, string>>

/** @throws ApiError BadRequest for selectors that cannot be read or name unknown fields */
export function selectionOf(
  env: Pick<Environment, 'kinds'>,
  resource: ResourceInfo,
  query: Pick<ListQuery, 'namespace' | 'labelSelector' | 'fieldSelector'>,
): Selection {
  const labels = query.labelSelector ? parseLabelSelector(query.labelSelector) : []
  const fields = query.fieldSelector ? parseFieldSelector(query.fieldSelector) : []
  const fieldsOf = selectableFields(env, resource, fields)
  const tests: ((object: KubernetesObject) => boolean)[] = []
  if (labels.length > 0) tests.push((object) => matchesSelector(labels, object.metadata.labels))
  if (fields.length > 0) tests.push((object) => meetsAll(fields, fieldsOf(object)))
  return {
    prefix: narrowestPrefix(resource, query.namespace, fields),
    matches: tests.length === 0 ? undefined : (object) => tests.every((test) => test(object)),
  }
}

const meetsAll = (requirements: readonly FieldRequirement[], fields: Fields): boolean =>
  requirements.every(({ field, operator, value }) => ((fields[field] ?? '') === value) === (operator === '='))

/** A kind with fields of its own has those of all kinds only where they are said to be: no namespace without one. */
function selectableFields(
  env: Pick<Environment, 'kinds'>,
  resource: ResourceInfo,
  requirements: readonly FieldRequirement[],
): (object: KubernetesObject) => Fields {
  const ofKind = env.kinds.of(resource).rules.selectableFields
  const isGeneric = ofKind === undefined && isBuiltIn(resource)
  const hasNamespace = isGeneric || resource.namespaced
  const fieldsOf = (object: KubernetesObject): Fields => ({
    'metadata.name': object.metadata.name,
    ...(hasNamespace ? { 'metadata.namespace': object.metadata.namespace ?? '' } : {}),
    ...ofKind?.(object),
  })
  if (requirements.length > 0) {
    const known = fieldsOf(emptyObject(resource))
    const unknown = requirements.find(({ field }) => !Object.hasOwn(known, field))
    if (unknown) throw badRequest(unsupported(unknown.field, resource, isGeneric))
  }
  return fieldsOf
}

/** Enough of an object to ask for the names of its fields. */
const emptyObject = (resource: ResourceInfo): KubernetesObject =>
  ({
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: { name: '' },
    spec: {},
    status: {},
    involvedObject: {},
    source: {},
  }) as KubernetesObject

/** kubernetes/kubernetes pkg/apis/batch/v1/conversion.go has words of its own. */
function unsupported(field: string, { group, kind }: ResourceInfo, isGeneric: boolean): string {
  if (group === 'batch' && kind === 'Job') return `field label ${JSON.stringify(field)} not supported for Job`
  if (!isGeneric) return `field label not supported: ${field}`
  return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
}

function narrowestPrefix(
  resource: ResourceInfo,
  namespace: string | undefined,
  fields: readonly FieldRequirement[],
): string {
  const exact = (name: string): string | undefined =>
    fields.find(({ field, operator }) => field === name && operator === '=')?.value
  const within = resource.namespaced ? namespace || exact('metadata.namespace') : undefined
  const name = exact('metadata.name')
  const isOneObject = name && (within || !resource.namespaced)
  return isOneObject ? storageKey(resource, { namespace: within, name }) : storagePrefix(resource, within)
}
