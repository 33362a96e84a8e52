/**
 * Answers requests for paths that are no resources: discovery, OpenAPI, version, health, metrics. No HTTP.
 * kubernetes/apiserver pkg/server/routes, pkg/endpoints/discovery.
 */

import { createHash } from 'node:crypto'
import type { Remotes } from '../aggregation/remotes.ts'
import type { DiscoveredVersion } from './discovery.ts'
import {
  aggregatedDiscoveryList,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  discoveredVersions,
} from './discovery.ts'
import type { ServiceAccountTokens } from '../authentication/service-account-tokens.ts'
import type { ServedKinds } from '../registry/kinds.ts'
import type { Checked } from './health.ts'
import { HEALTH_ENDPOINTS, healthChecks, healthReport } from './health.ts'
import { aggregatedDiscovery, negotiate, refuseOtherThanJson } from '../requests/negotiate.ts'
import { OpenApiDocuments } from '../openapi/documents.ts'
import { documentText } from '../requests/document-text.ts'
import type { ApiRequest, ApiResponse } from '../requests/request.ts'
import { emptyResponse, textResponse } from '../requests/request.ts'
import { methodNotAllowed, nothingAt, pageNotFound } from '../requests/unrouted.ts'
import type { VersionInfo } from './version.ts'

export interface PathRequestsOptions extends Checked {
  readonly kinds: ServedKinds
  readonly remotes: Pick<Remotes, 'versions'>
  readonly tokens: ServiceAccountTokens | undefined
  readonly version: VersionInfo
  /** the text of /metrics */
  readonly metrics: () => string
  /** `127.0.0.1:6443`, as discovery says it */
  readonly serverAddress: () => string
}

const metricsResponse = (body: string): ApiResponse => ({
  kind: 'whole',
  code: 200,
  headers: { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores' },
  body,
})

/** Of a single check that is fine. */
const CHECK_HEADERS = { 'Content-Type': 'text/plain; charset=utf-8' }

/** What the paths begin with that answer GET alone. */
const ROUTED: readonly string[] = ['version', 'api', 'apis', '.well-known', 'openid']

type Answer = (request: ApiRequest) => ApiResponse

/** Documents that are JSON, whoever asks. */
const prettyJson = (document: unknown): ApiResponse => ({
  kind: 'whole',
  code: 200,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(document, undefined, 2),
})

const JWKS_PATH = '/openid/v1/jwks'

const jsonDocument = (type: string, document: unknown): ApiResponse => ({
  kind: 'whole',
  code: 200,
  headers: { 'Content-Type': type, 'Cache-Control': 'public, max-age=3600' },
  body: JSON.stringify(document),
})

/** The paths of the root document, besides groups and health checks. */
const ROOT_PATHS = [
  '/.well-known/openid-configuration',
  JWKS_PATH,
  '/metrics',
  '/openapi/v2',
  '/openapi/v3',
  '/version',
]

export class PathRequests {
  readonly #options: PathRequestsOptions
  readonly #openApi: OpenApiDocuments

  constructor(options: PathRequestsOptions) {
    this.#options = options
    this.#openApi = new OpenApiDocuments(options)
  }

  /** Rejects with ApiError for paths below /api and /apis that are not served, and for methods that are not. */
  async answer(request: ApiRequest, path: string): Promise<ApiResponse> {
    const segments = path.split('/').slice(1)
    const [first = '', second] = segments
    if (ROUTED.includes(first)) return await this.#routed(request, path)
    switch (path) {
      case '/':
      case '/index.html':
        return prettyJson({ paths: this.#rootPaths() })
      case '/metrics':
        return metricsResponse(this.#options.metrics())
      case '/swagger-2.0.0.pb-v1':
        return this.#openApi.answer(request, '/openapi/v2') ?? pageNotFound()
    }
    if (first === 'openapi') return this.#openApi.answer(request, path) ?? pageNotFound()
    return segments.length <= 2 ? await this.#health(request, first, second) : pageNotFound()
  }

  /** What upstream's router knows, by GET alone; behind all other paths are plain handlers, which take any method. */
  async #routed(request: ApiRequest, path: string): Promise<ApiResponse> {
    const segments = path.replace(/\/$/, '').split('/').slice(1)
    const [first] = segments
    const isApi = first === 'api' || first === 'apis'
    const answer = isApi ? this.#discovery(segments) : await this.#otherDocument(segments)
    if (answer === undefined) return isApi ? nothingAt(path) : pageNotFound()
    if (request.method !== 'GET') throw methodNotAllowed()
    return answer(request)
  }

  async #otherDocument(segments: readonly string[]): Promise<Answer | undefined> {
    if (segments.join('/') === 'version') {
      return ({ headers }) => {
        refuseOtherThanJson(headers['accept'] ?? '')
        return prettyJson(this.#options.version)
      }
    }
    const document = await this.#issuer(`/${segments.join('/')}`)
    return document && (() => document)
  }

  /** Who signs service account tokens, for those who check them elsewhere (KEP-1393). */
  async #issuer(path: string): Promise<ApiResponse | undefined> {
    const { tokens } = this.#options
    if (tokens !== undefined && path === JWKS_PATH) {
      return jsonDocument('application/jwk-set+json', await tokens.keys())
    }
    if (tokens !== undefined && path === '/.well-known/openid-configuration') {
      return jsonDocument('application/json', {
        issuer: tokens.issuers[0],
        jwks_uri: `https://${this.#options.serverAddress()}${JWKS_PATH}`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: tokens.algorithms,
      })
    }
    return undefined
  }

  async #health(request: ApiRequest, first: string, only: string | undefined): Promise<ApiResponse> {
    const endpoint = HEALTH_ENDPOINTS.find((name) => name === first)
    if (endpoint === undefined) return pageNotFound()
    const report = await healthReport(endpoint, healthChecks(endpoint, this.#options), {
      verbose: request.query.has('verbose'),
      exclude: request.query.getAll('exclude'),
      only,
    })
    if (!report) return pageNotFound()
    const answer = textResponse(report.code, report.body)
    return only === undefined || report.code !== 200 ? answer : { ...answer, headers: CHECK_HEADERS }
  }

  /** @returns how the document is shown; undefined where there is none */
  #discovery(segments: readonly string[]): Answer | undefined {
    const versions = this.#versions()
    const [root, group, version] = segments
    const isRoot = group === undefined
    const document = isRoot
      ? rootDocument(versions, root, this.#options.serverAddress())
      : groupDocument(versions, { root, group, version })
    if (document === undefined || segments.length > 3) return undefined
    return (request) => {
      const aggregated = isRoot ? aggregatedDiscovery(request.headers['accept'] ?? '') : undefined
      if (aggregated === undefined) return this.#document(request, document)
      const list = aggregatedDiscoveryList(versions, root === 'api' ? 'core' : 'named', aggregated)
      const type = `application/json;g=apidiscovery.k8s.io;v=${aggregated};as=APIGroupDiscoveryList`
      return taggedDocument(request, type, `${JSON.stringify(list)}\n`)
    }
  }

  #document(request: ApiRequest, document: unknown): ApiResponse {
    const { query, headers } = request
    const representation = negotiate(headers['accept'] ?? '', {
      pretty: query.get('pretty'),
      userAgent: headers['user-agent'] ?? '',
      hasNoShapes: true,
      route: 'object',
    })
    const body = documentText(document, representation)
    return { kind: 'whole', code: 200, headers: { 'Content-Type': representation.mediaType }, body }
  }

  #versions(): readonly DiscoveredVersion[] {
    return discoveredVersions(this.#options.kinds.resources, this.#options.remotes.versions())
  }

  #rootPaths(): readonly string[] {
    const versions = this.#versions().map(({ group, version }) =>
      group === '' ? ['/api', `/api/${version}`] : ['/apis', `/apis/${group}`, `/apis/${group}/${version}`],
    )
    const health = HEALTH_ENDPOINTS.map((name) => `/${name}`)
    return [...new Set([...versions.flat(), ...health, ...ROOT_PATHS])].sort()
  }
}

function rootDocument(
  versions: readonly DiscoveredVersion[],
  root: string | undefined,
  serverAddress: string,
) {
  return root === 'api' ? apiVersions(versions, serverAddress) : apiGroupList(versions)
}

/** `/api/v1`, `/apis/G` and `/apis/G/V` */
function groupDocument(
  versions: readonly DiscoveredVersion[],
  at: { root: string | undefined; group: string | undefined; version: string | undefined },
) {
  const { root, group = '', version } = at
  if (root === 'api') return version === undefined ? apiResourceList(versions, '', group) : undefined
  return version === undefined ? apiGroup(versions, group) : apiResourceList(versions, group, version)
}

/** @returns the body with its ETag, or 304 when the client has it */
export function taggedDocument(
  request: ApiRequest,
  contentType: string,
  body: string | Uint8Array,
): ApiResponse {
  const etag = `"${createHash('sha512').update(body).digest('hex').toUpperCase()}"`
  const headers = { 'Content-Type': contentType, ETag: etag, Vary: 'Accept' }
  if (request.headers['if-none-match'] === etag) return emptyResponse(304, headers)
  return { kind: 'whole', code: 200, headers, body }
}
