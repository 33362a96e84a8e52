/**
 * Which representation a client gets: media type, encoding of the body, and whether objects are shown as
 * themselves, as a Table or as metadata alone. Pure.
 *
 * kubernetes/apiserver pkg/endpoints/handlers/negotiation/negotiate.go. Differs: answers are never protobuf; every
 * Kubernetes client that asks for it also takes JSON (it decodes by the answer's Content-Type).
 */

import { ApiError } from '../../api/api-error.ts'

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
const OFFERED = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
const STREAMED = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch']

/** What upstream's router looks at first: types without their parameters. Custom resources are not routed by it. */
export type RouteKind = 'object' | 'collection' | 'custom'

export interface Negotiation {
  readonly pretty: string | null
  readonly userAgent: string
  /** what is asked for has no other shape than its own: it is not stored */
  readonly hasNoShapes?: boolean | undefined
  readonly route: RouteKind
  readonly isWatch?: boolean | undefined
}

/**
 * @param accept the header, '' when absent
 * @throws ApiError NotAcceptable when nothing served matches
 */
export function negotiate(accept: string, request: Negotiation): Representation {
  const pretty = prettyWanted(request)
  if (accept.trim() === '') return { mediaType: 'application/json', shape: { kind: 'object' }, pretty }
  if (request.route !== 'custom') refuseUnrouted(accept, request.route)
  let refusedShape: string | undefined
  for (const candidate of acceptClauses(accept)) {
    const mediaType = mediaTypeOf(candidate.type)
    const shape = request.hasNoShapes && candidate.parameters.has('as') ? undefined : shapeOf(candidate)
    if (mediaType !== undefined && shape !== undefined) {
      if (request.isWatch && mediaType === 'application/yaml') throw notAcceptable(STREAMED)
      return { mediaType, shape, pretty: pretty || candidate.parameters.get('pretty') === '1' }
    }
    if (shape !== undefined && shape.kind !== 'object') refusedShape = shape.kind
  }
  throw notAcceptable(OFFERED, refusedShape)
}

/** How a refusal is shown: in what was asked for where that is possible. */
export function errorForm(
  accept: string,
  request: Pick<Negotiation, 'pretty' | 'userAgent'>,
): Pick<Representation, 'mediaType' | 'pretty'> {
  const types = acceptClauses(accept).flatMap(({ type, parameters }) =>
    parameters.has('as') ? [] : (mediaTypeOf(type) ?? []),
  )
  return { mediaType: types[0] ?? 'application/json', pretty: prettyWanted(request) }
}

/** @throws ApiError NotAcceptable when another type is asked for than JSON */
export const refuseOtherThanJson = (accept: string): void => refuseTypesBut(['application/json'], accept)

function refuseUnrouted(accept: string, route: 'object' | 'collection'): void {
  refuseTypesBut(route === 'object' ? OFFERED : [...OFFERED, ...STREAMED], accept)
}

function refuseTypesBut(offered: readonly string[], accept: string): void {
  if (accept.trim() === '') return
  if (acceptClauses(accept).some(({ type }) => type === '*/*' || offered.includes(type))) return
  const text = `406: Not Acceptable\n\nAvailable representations: ${offered.join(', ')}`
  throw new ApiError('NotAcceptable', text, { details: {} })
}

function notAcceptable(offered: readonly string[], shape?: string): ApiError {
  const subject =
    shape === undefined
      ? 'only the following media types are accepted'
      : `only the following media types are accepted when converting to meta.k8s.io/v1, Kind=${shape}`
  return new ApiError('NotAcceptable', `${subject}: ${offered.join(', ')}`)
}

/**
 * Metadata alone has a kind for one object and one for many.
 * @param goType as Go names what is shown: `*core.ConfigMap`
 * @throws ApiError NotAcceptable when the wrong one was asked for
 */
export function refuseOtherNumber({ kind }: Shape, isList: boolean, goType: string): void {
  const wrong = isList ? 'PartialObjectMetadata' : 'PartialObjectMetadataList'
  if (kind !== wrong) return
  const found = isList ? 'is a list' : 'is not a list'
  throw new ApiError('NotAcceptable', `you requested ${wrong}, but the requested object ${found} (${goType})`)
}

function mediaTypeOf(type: string): MediaType | undefined {
  if (JSON_TYPES.includes(type)) return 'application/json'
  return type === 'application/yaml' ? type : undefined
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
