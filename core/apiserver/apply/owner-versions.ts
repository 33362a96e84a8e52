/**
 * Owners of fields name them in the version they wrote: how an object, and what changed of it, is seen in that version.
 * Pure. kubernetes-sigs/structured-merge-diff merge/update.go, kubernetes/apimachinery
 * pkg/util/managedfields/internal/versionconverter.go.
 */

import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf } from '../../api/resource.ts'
import type { ServedKinds } from '../registry/kinds.ts'
import { without } from '../../api/omitted.ts'
import type { StructType } from '../registry/schema-type.ts'
import type { Comparison } from './compare.ts'
import { compare } from './compare.ts'

/** A resource in its other versions. */
export interface OwnerVersions {
  /** undefined: there is no such version */
  readonly typeOf: (apiVersion: string) => StructType | undefined
  /** @param object in whatever version. @throws Unconverted */
  readonly inVersion: (object: KubernetesObject, apiVersion: string) => KubernetesObject
}

/**
 * For one request: what it converts is remembered by what it is, for it is made again when `Unconverted` is thrown.
 * @returns undefined for built-in kinds, whose versions do not differ in how fields are owned
 */
export function ownerVersions(kinds: ServedKinds, resource: ResourceInfo): OwnerVersions | undefined {
  if (kinds.of(resource).converted === undefined) return undefined
  const rows = new Map(kinds.versionsOf(resource).map((row) => [apiVersionOf(row), row]))
  const asked = new Map<string, KubernetesObject>()
  return {
    typeOf(apiVersion) {
      const row = rows.get(apiVersion)
      return row && kinds.of(row).type
    },
    inVersion(object, apiVersion) {
      const row = rows.get(apiVersion)
      if (row === undefined || object.apiVersion === apiVersion) return object
      const bare = { ...object, metadata: without(object.metadata, 'managedFields') }
      const text = JSON.stringify(bare)
      const same = asked.get(text) ?? bare
      asked.set(text, same)
      return kinds.of(row).converted?.(same) ?? same
    },
  }
}

/** What a write changes, as each version sees it. */
export class Comparisons {
  readonly #live: KubernetesObject | undefined
  readonly #next: KubernetesObject
  readonly #versions: OwnerVersions | undefined
  readonly #known = new Map<string, Comparison>()
  readonly own: Comparison

  /** @param type of `next` */
  constructor(
    live: KubernetesObject | undefined,
    next: KubernetesObject,
    type: StructType,
    versions: OwnerVersions | undefined,
  ) {
    this.#live = live
    this.#next = next
    this.#versions = versions
    this.own = compare(live, next, type)
    this.#known.set(next.apiVersion, this.own)
  }

  /** @returns undefined for a version that there is not: nothing can be owned in it. @throws Unconverted */
  in(apiVersion: string): Comparison | undefined {
    if (this.#versions === undefined) return this.own
    const known = this.#known.get(apiVersion)
    if (known !== undefined) return known
    const type = this.#versions.typeOf(apiVersion)
    if (type === undefined) return undefined
    const { inVersion } = this.#versions
    const found = compare(
      this.#live && inVersion(this.#live, apiVersion),
      inVersion(this.#next, apiVersion),
      type,
    )
    this.#known.set(apiVersion, found)
    return found
  }
}
