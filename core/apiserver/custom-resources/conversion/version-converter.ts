/**
 * The objects of one CustomResourceDefinition in its versions: as they are stored, as they are served, and as admission
 * wants to see them. A version differs from another in its name, or a webhook says in what else.
 *
 * As upstream's storage has it: what is read is pruned and defaulted by the schema of the version it is stored in, then
 * converted, then pruned by the schema of the version it is read in.
 * kubernetes/apiextensions-apiserver pkg/apiserver/customresource_handler.go (crdConversionRESTOptionsGetter).
 *
 * Conversions are remembered as long as the object converted, which is frozen and never changes: upstream's watch cache
 * does the same.
 */

import { deepFreeze } from '../../../api/deep-freeze.ts'
import type { CustomResourceDefinition } from '../../../api/generated/apiextensions-v1.ts'
import { withDefaults } from '../../../api/json-schema/defaults.ts'
import { withReadMetadata } from '../../../api/json-schema/embedded.ts'
import { withoutNulls } from '../../../api/json-schema/nulls.ts'
import { pruned } from '../../../api/json-schema/prune.ts'
import type { Schema } from '../../../api/json-schema/schema.ts'
import type { KubernetesObject } from '../../../api/object.ts'
import { equalJson } from '../../requests/json-value.ts'
import { without } from '../../../api/omitted.ts'
import { ConversionFailure, Unconverted } from './unconverted.ts'

/** Converts objects, not all of the same version, to a version they are not in. Rejects with ConversionFailure */
export type ConvertObjects = (
  objects: readonly KubernetesObject[],
  desired: string,
) => Promise<readonly KubernetesObject[]>

type Remembered = WeakMap<KubernetesObject, Map<string, KubernetesObject>>

export class VersionConverter {
  readonly #group: string
  readonly #schemas: ReadonlyMap<string, Schema>
  readonly #convert: ConvertObjects | undefined
  /** stored objects, cleaned and without a revision */
  readonly #stored = new WeakMap<KubernetesObject, KubernetesObject>()
  /** objects to be stored, without a revision */
  readonly #bare = new WeakMap<KubernetesObject, KubernetesObject>()
  readonly #converted: Remembered = new WeakMap()
  readonly #shown: Remembered = new WeakMap()

  /** @param convert undefined: versions differ in name alone */
  constructor({ spec }: CustomResourceDefinition, convert: ConvertObjects | undefined) {
    this.#group = spec.group
    this.#convert = convert
    const versions = spec.versions ?? []
    this.#schemas = new Map(
      versions.map(({ name, schema }) => [
        `${spec.group}/${name}`,
        schema?.openAPIV3Schema ?? { type: 'object' },
      ]),
    )
  }

  get asksWebhook(): boolean {
    return this.#convert !== undefined
  }

  /** @returns what is stored, as that version shows it. @throws Unconverted, ConversionFailure */
  fromStorage(object: KubernetesObject, version: string): KubernetesObject {
    const apiVersion = `${this.#group}/${version}`
    const known = this.#shown.get(object)?.get(apiVersion)
    if (known !== undefined) return known
    const stored = this.#cleaned(object)
    const clean = this.#coerced(this.converted(stored, version))
    const { resourceVersion } = object.metadata
    const metadata = { ...clean.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) }
    const made = { ...clean, metadata }
    const shown = equalJson(made, object) ? object : deepFreeze(made)
    remember(this.#shown, object, apiVersion, shown)
    return shown
  }

  /** @returns the object as it is to be stored, in that version. @throws as fromStorage */
  toStorage(object: KubernetesObject, version: string): KubernetesObject {
    if (object.apiVersion === `${this.#group}/${version}`) return object
    const bare = this.#bare.get(object) ?? withoutRevision(object)
    this.#bare.set(object, bare)
    const { resourceVersion } = object.metadata
    const stored = this.#coerced(this.converted(bare, version))
    const metadata = { ...stored.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) }
    return { ...stored, metadata }
  }

  /** @returns an object in another version, and nothing else done to it. @throws as fromStorage */
  converted(object: KubernetesObject, version: string): KubernetesObject {
    const apiVersion = `${this.#group}/${version}`
    if (object.apiVersion === apiVersion) return object
    if (this.#convert === undefined) return { ...object, apiVersion }
    const known = this.#converted.get(object)?.get(apiVersion)
    if (known !== undefined) return known
    throw this.#unconverted([object], apiVersion, this.#convert)
  }

  /** Converts all stored objects with one request where it can be done. @throws as fromStorage */
  together(objects: readonly KubernetesObject[], version: string): void {
    const apiVersion = `${this.#group}/${version}`
    if (this.#convert === undefined) return
    const missing = objects
      .filter((object) => this.#shown.get(object)?.has(apiVersion) !== true)
      .map((object) => this.#cleaned(object))
      .filter((object) => object.apiVersion !== apiVersion)
      .filter((object) => this.#converted.get(object)?.has(apiVersion) !== true)
    if (missing.length > 0) throw this.#unconverted(missing, apiVersion, this.#convert)
  }

  /** A stored object is converted anew when it is next wanted. */
  forget(object: KubernetesObject): void {
    if (this.#convert === undefined) return
    const stored = this.#stored.get(object)
    if (stored !== undefined) this.#converted.delete(stored)
    this.#shown.delete(object)
  }

  #unconverted(
    objects: readonly KubernetesObject[],
    apiVersion: string,
    convert: ConvertObjects,
  ): Unconverted {
    return new Unconverted(async () => {
      const made = await convert(objects, apiVersion)
      for (const [index, object] of objects.entries()) {
        const converted = made[index]
        if (converted !== undefined) remember(this.#converted, object, apiVersion, converted)
      }
    })
  }

  /** What is stored, without what its version does not know any more, and with the defaults it has by now. */
  #cleaned(object: KubernetesObject): KubernetesObject {
    const known = this.#stored.get(object)
    if (known !== undefined) return known
    const bare = withoutRevision(object)
    const schema = this.#schemaOf(object.apiVersion)
    const cleaned = deepFreeze(withDefaults(pruned(bare, schema).value, schema) as KubernetesObject)
    this.#stored.set(object, cleaned)
    return cleaned
  }

  #coerced(object: KubernetesObject): KubernetesObject {
    const schema = this.#schemaOf(object.apiVersion)
    const { metadata, ...rest } = object
    const clean = withoutNulls(pruned(rest, schema).value, schema)
    return { ...(withReadMetadata(clean, schema).value as KubernetesObject), metadata }
  }

  #schemaOf(apiVersion: string): Schema {
    const schema = this.#schemas.get(apiVersion)
    if (schema !== undefined) return schema
    throw new ConversionFailure(`request to convert CR from an invalid group/version: ${apiVersion}`)
  }
}

const withoutRevision = (object: KubernetesObject): KubernetesObject => ({
  ...object,
  metadata: without(object.metadata, 'resourceVersion'),
})

function remember(
  all: Remembered,
  object: KubernetesObject,
  apiVersion: string,
  result: KubernetesObject,
): void {
  const known = all.get(object) ?? new Map<string, KubernetesObject>()
  all.set(object, known.set(apiVersion, result))
}
