/**
 * Answers requests for paths that are no resources: discovery, OpenAPI, version, health, metrics. No HTTP.
 * kubernetes/apiserver pkg/server/routes, pkg/endpoints/discovery.
 */

import { createHash } from 'node:crypto'
import { ApiError } from '../api/api-error.ts'
import type { Remotes } from './aggregation/remotes.ts'
import type { DiscoveredVersion } from './discovery.ts'
import {
  aggregatedDiscoveryList,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  discoveredVersions,
} from './discovery.ts'
import type { ServiceAccountTokens } from './authentication/service-account-tokens.ts'
import { ISSUER } from './authentication/service-account-tokens.ts'
import type { ServedKinds } from './kinds.ts'
import type { HealthChecks } from './health.ts'
import { HEALTH_ENDPOINTS, healthReport } from './health.ts'
import { aggregatedDiscovery, negotiate } from './negotiate.ts'
import { OpenApiDocuments } from './openapi/documents.ts'
import { documentText } from './representation.ts'
import type { ApiRequest, ApiResponse } from './request.ts'
import { emptyResponse, textResponse } from './request.ts'
import { isTrue } from './route.ts'
import type { VersionInfo } from './version.ts'

export interface PathRequestsOptions {
  readonly kinds: ServedKinds
  readonly remotes: Pick<Remotes, 'versions'>
  readonly tokens: ServiceAccountTokens | undefined
  readonly version: VersionInfo
  /** of /readyz: a server that is not ready yet is not dead */
  readonly checks: HealthChecks
  /** the text of /metrics */
  readonly metrics: () => string
  /** `127.0.0.1:6443`, as discovery says it */
  readonly serverAddress: () => string
}

const metricsResponse = (body: string): ApiResponse => ({
  kind: 'whole',
  code: 200,
  headers: { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' },
  body,
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

  /** Rejects with ApiError for paths below /api and /apis that are not served. */
  async answer(request: ApiRequest, path: string): Promise<ApiResponse> {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return textResponse(405, 'method not allowed\n')
    const [first = '', second, third, ...more] = path.split('/').slice(1)
    switch (first) {
      case '':
        return this.#document(request, { paths: this.#rootPaths() })
      case 'version':
        return this.#document(request, this.#options.version)
      case 'metrics':
        return metricsResponse(this.#options.metrics())
      case 'api':
      case 'apis':
        return this.#discovery(request, [first, second, third, ...more])
      case 'openapi':
        return this.#openApi.answer(request, path)
      case '.well-known':
      case 'openid':
        return await this.#issuer(path)
      case 'swagger-2.0.0.pb-v1':
        return this.#openApi.answer(request, '/openapi/v2')
      default:
        return this.#health(request, first, second)
    }
  }

  /** Who signs service account tokens, for those who check them elsewhere (KEP-1393). */
  async #issuer(path: string): Promise<ApiResponse> {
    const { tokens } = this.#options
    if (tokens !== undefined && path === JWKS_PATH) {
      return jsonDocument('application/jwk-set+json', await tokens.keys())
    }
    if (tokens !== undefined && path === '/.well-known/openid-configuration') {
      return jsonDocument('application/json', {
        issuer: ISSUER,
        jwks_uri: `https://${this.#options.serverAddress()}${JWKS_PATH}`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
      })
    }
    return textResponse(404, '404 page not found\n')
  }

  #health(request: ApiRequest, first: string, only: string | undefined): ApiResponse {
    const endpoint = HEALTH_ENDPOINTS.find((name) => name === first)
    const report =
      endpoint &&
      healthReport(endpoint, endpoint === 'readyz' ? this.#options.checks : {}, {
        verbose: isTrue(request.query.get('verbose') ?? 'false'),
        exclude: request.query.getAll('exclude'),
        only,
      })
    return report ? textResponse(report.code, report.body) : textResponse(404, '404 page not found\n')
  }

  #discovery(request: ApiRequest, segments: readonly (string | undefined)[]): ApiResponse {
    const versions = this.#versions()
    const [root, group, version] = segments
    const isRoot = group === undefined
    const aggregated = isRoot ? aggregatedDiscovery(request.headers['accept'] ?? '') : undefined
    if (aggregated !== undefined) {
      const list = aggregatedDiscoveryList(versions, root === 'api' ? 'core' : 'named', aggregated)
      const type = `application/json;g=apidiscovery.k8s.io;v=${aggregated};as=APIGroupDiscoveryList`
      return taggedDocument(request, type, `${JSON.stringify(list)}\n`)
    }
    const document = isRoot
      ? rootDocument(versions, root, this.#options.serverAddress())
      : groupDocument(versions, { root, group, version })
    if (document === undefined || segments.length > 3) throw notServed()
    return this.#document(request, document)
  }

  #document(request: ApiRequest, document: unknown): ApiResponse {
    const { query, headers } = request
    const representation = negotiate(headers['accept'] ?? '', {
      pretty: query.get('pretty') ?? (headers['accept'] ? null : 'true'),
      userAgent: headers['user-agent'] ?? '',
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

/** 404 for what lies below /api and /apis but is nothing. */
export function notServed(): ApiError {
  return new ApiError('NotFound', 'the server could not find the requested resource', { details: {} })
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
