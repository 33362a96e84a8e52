/**
 * Manifest text to objects: YAML or JSON, several documents a file, Lists unpacked. Every fault names the file
 * and line. Pure.
 */

import { LineCounter, parseAllDocuments } from 'yaml'
import type { Document, YAMLError } from 'yaml'
import { resourceForKind } from '../core/api/scheme.ts'
import type { ResourceInfo } from '../core/api/resource.ts'

/** Text with the name it is known by: a path, or `<stdin>`. */
export interface ManifestText {
  readonly source: string
  readonly text: string
}

/** One object of a manifest, not yet checked beyond its kind. */
export interface ManifestObject {
  readonly resource: ResourceInfo
  readonly body: Readonly<Record<string, unknown>>
  /** `shop.yaml:12`, for messages */
  readonly origin: string
}

export type ParsedManifests = {
  readonly objects: readonly ManifestObject[]
  /** documents left alone on purpose, one sentence each (kustomization files) */
  readonly skipped: readonly string[]
  /** one sentence each; when there are any, nothing must be applied */
  readonly faults: readonly string[]
}

/** An alias may not blow a document up: a manifest is a text of known size. */
const MAX_ALIASES = 100

export function parseManifests(texts: readonly ManifestText[]): ParsedManifests {
  const objects: ManifestObject[] = []
  const skipped: string[] = []
  const faults: string[] = []
  for (const text of texts) {
    const lines = new LineCounter()
    for (const document of parseAllDocuments(text.text, { lineCounter: lines, uniqueKeys: true })) {
      const line = firstLine(document, lines)
      const origin = `${text.source}:${line}`
      if (document.errors.length > 0) {
        faults.push(...document.errors.slice(0, 1).map((error) => syntaxFault(text.source, error)))
        continue
      }
      const found = objectsOf(bodyOf(document, origin, faults), origin)
      objects.push(...found.objects)
      skipped.push(...found.skipped)
      faults.push(...found.faults)
    }
  }
  return { objects, skipped, faults }
}

function firstLine(document: Document.Parsed, lines: LineCounter): number {
  return lines.linePos(document.contents?.range[0] ?? document.range[0]).line
}

/** `shop.yaml:3: Map keys must be unique` */
function syntaxFault(source: string, error: YAMLError): string {
  const line = error.linePos?.[0].line
  const sentence = error.message.split(' at line ')[0] ?? error.message
  return `${source}${line === undefined ? '' : `:${line}`}: ${sentence.split('\n')[0]}`
}

function bodyOf(document: Document.Parsed, origin: string, faults: string[]): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (error) {
    faults.push(`${origin}: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function objectsOf(body: unknown, origin: string): ParsedManifests {
  const none = { objects: [], skipped: [], faults: [] }
  // An empty document, as between two separators, is no fault.
  if (body === null || body === undefined) return none
  if (!isRecord(body))
    return { ...none, faults: [`${origin}: a manifest must be an object with apiVersion and kind`] }
  const { apiVersion, kind } = body
  if (typeof apiVersion !== 'string' || apiVersion === '')
    return { ...none, faults: [`${origin}: apiVersion: Required value`] }
  if (typeof kind !== 'string' || kind === '') return { ...none, faults: [`${origin}: kind: Required value`] }
  if (apiVersion.startsWith('kustomize.config.k8s.io/')) {
    return {
      ...none,
      skipped: [`${origin}: ${kind} of kustomize is left alone; its resources are read as files`],
    }
  }
  if (kind === 'List' && Array.isArray(body['items']))
    return merged(body['items'].map((item) => objectsOf(item, origin)))
  const resource = resourceForKind(apiVersion, kind)
  if (resource === undefined) {
    return {
      ...none,
      faults: [
        `${origin}: no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`,
      ],
    }
  }
  const metadata = isRecord(body['metadata']) ? body['metadata'] : {}
  if (typeof metadata['name'] !== 'string' && typeof metadata['generateName'] !== 'string') {
    return {
      ...none,
      faults: [`${origin}: ${kind}: metadata.name: Required value: name or generateName is required`],
    }
  }
  return { ...none, objects: [{ resource, body, origin }] }
}

function merged(parts: readonly ParsedManifests[]): ParsedManifests {
  return {
    objects: parts.flatMap((part) => part.objects),
    skipped: parts.flatMap((part) => part.skipped),
    faults: parts.flatMap((part) => part.faults),
  }
}

/** Kinds others depend on come first; within a rank the order of the files stays. */
const RANKS: readonly (readonly string[])[] = [
  ['Namespace'],
  ['ServiceAccount', 'Secret', 'ConfigMap', 'IngressClass'],
  ['NetworkPolicy'],
  ['Service', 'Endpoints', 'EndpointSlice'],
]

/**
 * The order to apply in: namespaces, then what pods refer to, then policies (so that no pod ever runs without
 * them), Services (so that pods see their environment), then all else; objects of one kind together, in the files' order.
 */
export function inApplyOrder(objects: readonly ManifestObject[]): readonly ManifestObject[] {
  const rank = (object: ManifestObject): number => {
    const found = RANKS.findIndex((kinds) => kinds.includes(object.resource.kind))
    return found < 0 ? RANKS.length : found
  }
  return objects.toSorted(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.resource.kind < b.resource.kind ? -1 : Number(a.resource.kind !== b.resource.kind)),
  )
}
