/**
 * Objects and lists as the bytes a client asked for: JSON or YAML, whole, as a Table, or metadata alone. Pure.
 *
 * Objects are frozen, so each one's JSON is made once and kept as long as the object: lists and watches are
 * concatenations.
 */

import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf } from '../../api/resource.ts'
import { PrintedNulls } from '../../api/printed-nulls.ts'
import { isBuiltIn } from '../../api/scheme.ts'
import type { Printer } from '../columns/column.ts'
import { documentText } from '../requests/document-text.ts'
import type { Representation } from '../requests/negotiate.ts'
import type { ListResult } from '../registry/registry.ts'
import type { IncludeObject, TableOptions } from './table.ts'
import { partialMetadata, tableOf } from './table.ts'

/** Remembers the JSON of objects that are alive. */
export class JsonTexts {
  readonly #texts = new WeakMap<KubernetesObject, string>()
  readonly #nulls = new PrintedNulls()
  /** What was told last: a change is told to all its watchers one after the other. */
  #last: { readonly object: KubernetesObject; readonly type: string; readonly line: Uint8Array } | undefined

  /** As it stands in a list, whose kind tells its own. */
  ofItem(object: KubernetesObject, resource: ResourceInfo): string {
    const text = this.of(object)
    if (!isBuiltIn(resource)) return text
    const head = `{"apiVersion":"${object.apiVersion}","kind":"${object.kind}",`
    return text.startsWith(head)
      ? `{${text.slice(head.length)}`
      : JSON.stringify(untyped(this.printed(object)))
  }

  /** The object as a watch tells of it, in bytes that watchers of the same event share. */
  line(type: string, object: KubernetesObject): Uint8Array {
    const last = this.#last
    if (last?.object === object && last.type === type) return last.line
    const line = Buffer.from(`{"type":"${type}","object":${this.of(object)}}\n`)
    if (Object.isFrozen(object)) this.#last = { object, type, line }
    return line
  }

  /** The object as Go prints it. */
  printed<T extends object>(object: T): T {
    return this.#nulls.print(object)
  }

  of(object: KubernetesObject): string {
    const known = this.#texts.get(object)
    if (known !== undefined) return known
    const text = JSON.stringify(this.printed(object))
    if (Object.isFrozen(object)) this.#texts.set(object, text)
    return text
  }
}

/** Lists of custom resources repeat apiVersion and kind in each item, all others leave them out. */
function untyped(object: KubernetesObject): Omit<KubernetesObject, 'apiVersion' | 'kind'> {
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = object
  return rest
}

/** How this request's objects are shown. */
export interface View {
  readonly representation: Representation
  readonly includeObject: IncludeObject
  readonly nowMs: number
  readonly texts: JsonTexts
  /** shows the objects in Tables */
  readonly printer: Printer
}

type Kinded = { readonly apiVersion: string; readonly kind: string }

/** @returns the body that shows one object */
export function objectText(object: KubernetesObject, view: View): string {
  const { shape } = view.representation
  switch (shape.kind) {
    case 'object':
      return isPlainJson(view)
        ? `${view.texts.of(object)}\n`
        : documentText(view.texts.printed(object), view.representation)
    case 'PartialObjectMetadata':
    case 'PartialObjectMetadataList':
      return documentText(partialMetadata(object, shape.version), view.representation)
    case 'Table': {
      const metadata = { resourceVersion: object.metadata.resourceVersion }
      return documentText(
        tableOf(view.printer, [object], { ...tableOptions(view), metadata }),
        view.representation,
      )
    }
  }
}

/** @returns the body that shows a list */
export function listText(resource: ResourceInfo, list: ListResult, view: View): string {
  const { shape } = view.representation
  const metadata = listMetadata(list)
  const kinded: Kinded = { apiVersion: apiVersionOf(resource), kind: resource.kind }
  switch (shape.kind) {
    case 'object': {
      const head = { kind: `${kinded.kind}List`, apiVersion: kinded.apiVersion, metadata }
      if (!isPlainJson(view)) {
        const items = isBuiltIn(resource)
          ? list.items.map((item) => untyped(view.texts.printed(item)))
          : list.items
        return documentText({ ...head, items }, view.representation)
      }
      const items = list.items.map((item) => view.texts.ofItem(item, resource)).join(',')
      return `${JSON.stringify(head).slice(0, -1)},"items":[${items}]}\n`
    }
    case 'PartialObjectMetadata':
    case 'PartialObjectMetadataList': {
      const items = list.items.map((item) => partialMetadata(item, shape.version))
      const apiVersion = `meta.k8s.io/${shape.version}`
      // Go's slice of none is null here, and in no other list.
      const shown = items.length === 0 ? null : items
      const document = { kind: 'PartialObjectMetadataList', apiVersion, metadata, items: shown }
      return documentText(document, view.representation)
    }
    case 'Table':
      return documentText(
        tableOf(view.printer, list.items, { ...tableOptions(view), metadata }),
        view.representation,
      )
  }
}

function isPlainJson({ representation }: View): boolean {
  return representation.mediaType === 'application/json' && !representation.pretty
}

function listMetadata(list: ListResult): Record<string, unknown> {
  return {
    ...(list.resourceVersion === '' ? {} : { resourceVersion: list.resourceVersion }),
    ...(list.continue === undefined ? {} : { continue: list.continue }),
    ...(list.remainingItemCount === undefined ? {} : { remainingItemCount: list.remainingItemCount }),
  }
}

/** @returns what tableOf needs of a view; `version` is v1 unless a Table of another was asked for */
export function tableOptions(view: View): TableOptions {
  const { shape } = view.representation
  return {
    version: shape.kind === 'object' ? 'v1' : shape.version,
    includeObject: view.includeObject,
    nowMs: view.nowMs,
  }
}
