/**
 * What is served, and all that the server must know of each kind beyond its row of the scheme. The built-in kinds'
 * knowledge comes from their rules and the field table. Pure.
 */

import { rulesFor } from '../../api/kind-rules.ts'
import type { CustomResourceSubresourceScale } from '../../api/generated/apiextensions-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf, versionedResource } from '../../api/resource.ts'
import type { KindRules } from '../../api/rules.ts'
import { SCHEME } from '../../api/scheme.ts'
import type { DecodeOptions, Decoded } from '../../api/strict-decode.ts'
import { strictDecode } from '../../api/strict-decode.ts'
import type { Printer } from '../columns/column.ts'
import { printerOf } from '../columns/printers.ts'
import type { CustomSchema } from '../openapi/custom-schema.ts'
import type { StructType } from './schema-type.ts'
import { SchemaTypes } from './schema-type.ts'
import { storagePrefix } from './storage-key.ts'
import { conversionOf } from './stored-versions.ts'

export interface Kind {
  readonly rules: KindRules
  /** From a plain value to an object of the kind. @throws ApiError BadRequest when a value has the wrong type */
  readonly decode: (body: unknown, options?: DecodeOptions) => Decoded
  /** its shape, as patches and field owners see it */
  readonly type: StructType
  readonly printer: Printer
  /** custom resources have no strategic merge patch */
  readonly hasStrategicMerge: boolean
  /** what OpenAPI documents say of it, where the field table does not know it */
  readonly openApi?: CustomSchema | undefined
  /** where its numbers of replicas are; absent: in the usual places */
  readonly scale?: CustomResourceSubresourceScale | undefined
  /** a text for the `Warning` header of every request */
  readonly deprecation?: string | undefined
  /** What the server itself writes into an object that is created or updated. */
  readonly complete?: (object: KubernetesObject, old: KubernetesObject | undefined) => KubernetesObject
  /**
   * From the version served to the one stored, and back. Absent: they are the same.
   * Where a webhook converts, @throws Unconverted: callers either come back (`afterConversion`) or have it thrown on.
   */
  readonly toStorage?: (object: KubernetesObject) => KubernetesObject
  readonly fromStorage?: (object: KubernetesObject) => KubernetesObject
  /** Of custom resources: from any other version, and nothing else done to it. @throws Unconverted */
  readonly converted?: (object: KubernetesObject) => KubernetesObject
  /** Where a webhook converts: sees to it that stored objects can be shown, all at once. @throws Unconverted */
  readonly together?: (objects: readonly KubernetesObject[]) => void
  /** Where a webhook converts: a stored object is to be converted anew when it is next shown. */
  readonly forget?: (object: KubernetesObject) => void
}

export interface ServedKinds {
  /** in the order of discovery documents; another array once something changed */
  readonly resources: readonly ResourceInfo[]
  /** @returns the row for a group ('' is core), version and plural name; undefined when it is not served */
  forPath(group: string, version: string, resource: string): ResourceInfo | undefined
  /**
   * @returns every version its objects can be seen in, its own included. Those of a custom resource that are not
   * served count, too: upstream knows them as equivalent
   */
  versionsOf(resource: ResourceInfo): readonly ResourceInfo[]
  /** @throws ApiError NotFound for a resource that is not there any more */
  of(resource: ResourceInfo): Kind
  /** aborted once the resource is no longer served as it is now; undefined: it always will be */
  endOf?(resource: ResourceInfo): AbortSignal | undefined
}

/** Whose objects are kept in the same place, as the same kind, are the same. */
const storageOf = (resource: ResourceInfo): string => `${storagePrefix(resource)}${resource.kind}`

const SAME_STORAGE: ReadonlyMap<string, readonly ResourceInfo[]> = Map.groupBy(SCHEME, storageOf)

/** @returns the kinds that are served without any CustomResourceDefinition */
export function builtInKinds(): ServedKinds {
  const types = new SchemaTypes()
  const kinds = new Map<string, Kind>()
  const rows = new Map(SCHEME.map((row) => [versionedResource(row), row]))
  return {
    resources: SCHEME,
    forPath: (group, version, resource) => rows.get(versionedResource({ group, version, resource })),
    versionsOf: (resource) => SAME_STORAGE.get(storageOf(resource)) ?? [resource],
    of(resource) {
      const key = versionedResource(resource)
      const known = kinds.get(key)
      if (known !== undefined) return known
      const made = builtInKind(resource, types)
      kinds.set(key, made)
      return made
    },
  }
}

function builtInKind(resource: ResourceInfo, types: SchemaTypes): Kind {
  const apiVersion = apiVersionOf(resource)
  const rules = rulesFor(resource)
  return {
    rules,
    deprecation: rules.deprecation,
    decode: (body, options) => strictDecode(resource, body, options),
    type: types.ofKind(apiVersion, resource.kind),
    printer: printerOf(apiVersion, resource.kind),
    hasStrategicMerge: true,
    ...conversionOf(apiVersion, resource.kind),
  }
}
