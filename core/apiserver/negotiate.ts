/**
 * Which representation a client gets: media type, encoding of the body, and whether objects are shown as
 * themselves, as a Table or as metadata alone. Pure.
 *
 * kubernetes/apiserver pkg/endpoints/handlers/negotiation/negotiate.go. Differs: answers are never protobuf; every
 * Kubernetes client that asks for it also takes JSON (it decodes by the answer's Content-Type).
 */

import { ApiError } from '../api/api-error.ts'

export type MediaType = 'application/json' | 'application/yaml'

/** How objects are shown. */
export type Shape =
  | { readonly kind: 'object' }
  | {
      readonly kind: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'
      readonly version: string
    }

export interface Representation {
  readonly mediaType: MediaType
  readonly shape: Shape
  readonly pretty: boolean
}

interface Clause {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
  readonly quality: number
}

/** @returns an Accept header's clauses, best first; order is kept among equals */
export function acceptClauses(accept: string): readonly Clause[] {
  return accept
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(clause)
    .sort((a, b) => b.quality - a.quality || specificity(b.type) - specificity(a.type))
}

function clause(part: string): Clause {
  const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim())
  const pairs = parameters.map((parameter): [string, string] => {
    const [name = '', value = ''] = parameter.split('=')
    return [name.trim().toLowerCase(), value.trim()]
  })
  const map = new Map(pairs)
  const quality = Number(map.get('q') ?? 1)
  return { type: type.toLowerCase(), parameters: map, quality: Number.isNaN(quality) ? 0 : quality }
}

const specificity = (type: string): number => (type === '*/*' ? 0 : type.endsWith('/*') ? 1 : 2)

const SHAPES = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'] as const

const JSON_TYPES = ['*/*', 'application/*', 'application/json']
const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml']
const SUPPORTED = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'

/**
 * @param accept the header, '' when absent
 * @throws ApiError NotAcceptable when nothing served matches
 */
export function negotiate(
  accept: string,
  request: {
    readonly pretty: string | null
    readonly userAgent: string
    /** what is asked for has no other shape than its own: it is not stored */
    readonly hasNoShapes?: boolean | undefined
  },
): Representation {
  const pretty = prettyWanted(request)
  if (accept.trim() === '') return { mediaType: 'application/json', shape: { kind: 'object' }, pretty }
  let refusedShape: string | undefined
  for (const candidate of acceptClauses(accept)) {
    const mediaType = mediaTypeOf(candidate.type)
    const shape = request.hasNoShapes && candidate.parameters.has('as') ? undefined : shapeOf(candidate)
    if (mediaType !== undefined && shape !== undefined) {
      return { mediaType, shape, pretty: pretty || candidate.parameters.get('pretty') === '1' }
    }
    if (shape !== undefined && shape.kind !== 'object') refusedShape = shape.kind
  }
  throw notAcceptable(refusedShape)
}

function notAcceptable(shape: string | undefined): ApiError {
  const subject =
    shape === undefined
      ? 'only the following media types are accepted'
      : `only the following media types are accepted when converting to meta.k8s.io/v1, Kind=${shape}`
  return new ApiError('NotAcceptable', `${subject}: ${SUPPORTED}`)
}

function mediaTypeOf(type: string): MediaType | undefined {
  if (JSON_TYPES.includes(type)) return 'application/json'
  return YAML_TYPES.includes(type) ? 'application/yaml' : undefined
}

/** undefined: a transformation that is not served, so that the clause is skipped */
function shapeOf({ parameters }: Clause): Shape | undefined {
  const as = parameters.get('as')
  if (as === undefined) return { kind: 'object' }
  const kind = SHAPES.find((shape) => shape === as)
  const version = parameters.get('v') ?? ''
  const isMeta = parameters.get('g') === 'meta.k8s.io' && ['v1', 'v1beta1'].includes(version)
  return kind !== undefined && isMeta ? { kind, version } : undefined
}

function prettyWanted(request: { readonly pretty: string | null; readonly userAgent: string }): boolean {
  if (request.pretty !== null) return !['false', '0'].includes(request.pretty)
  return /^(curl|Wget|Mozilla\/5\.0)/.test(request.userAgent)
}

/** The discovery documents a client may ask for at /api and /apis; undefined: the plain ones. */
export type AggregatedVersion = 'v2' | 'v2beta1'

/** @returns the best aggregated discovery version that `accept` asks for before plain JSON */
export function aggregatedDiscovery(accept: string): AggregatedVersion | undefined {
  for (const { type, parameters } of acceptClauses(accept)) {
    if (!JSON_TYPES.includes(type)) continue
    const version = parameters.get('v')
    const as = parameters.get('as')
    if (as === undefined) return undefined
    const isDiscovery = as === 'APIGroupDiscoveryList' && parameters.get('g') === 'apidiscovery.k8s.io'
    if (isDiscovery && (version === 'v2' || version === 'v2beta1')) return version
  }
  return undefined
}
