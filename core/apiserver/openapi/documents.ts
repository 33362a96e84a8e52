/**
 * Answers /openapi/v2 and /openapi/v3: documents are made when first asked for, then kept as bytes with their hash.
 * No HTTP.
 */

import { createHash } from 'node:crypto'
import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf } from '../../api/resource.ts'
import type { Remotes } from '../aggregation/remotes.ts'
import type { ServedKinds } from '../registry/kinds.ts'
import type { VersionInfo } from '../answers/version.ts'
import type { CustomSchemaOf } from './custom-schema.ts'
import { acceptClauses } from '../requests/negotiate.ts'
import type { ApiRequest, ApiResponse } from '../requests/request.ts'
import { emptyResponse } from '../requests/request.ts'
import { GNOSTIC_MEDIA_TYPES, gnosticDocument } from './gnostic.ts'
import { mergedV2 } from './merge-v2.ts'
import type { V2Part } from './remote-v2.ts'
import type { V2Document } from './v2.ts'
import { openApiV2 } from './v2.ts'
import { openApiV3 } from './v3.ts'

interface Kept {
  readonly body: string | Uint8Array
  /** quoted, upper-case SHA-512 */
  readonly etag: string
}

export interface OpenApiOptions {
  readonly kinds: ServedKinds
  readonly remotes: Pick<Remotes, 'versions'>
  readonly version: Pick<VersionInfo, 'major' | 'minor'>
}

export class OpenApiDocuments {
  readonly #kinds: ServedKinds
  readonly #remotes: Pick<Remotes, 'versions'>
  readonly #version: string
  readonly #kept = new Map<string, Kept>()
  #keptOf: readonly ResourceInfo[] = []
  #keptWith: readonly V2Part[] = []

  constructor({ kinds, remotes, version }: OpenApiOptions) {
    this.#kinds = kinds
    this.#remotes = remotes
    this.#version = `${version.major}.${version.minor}`
  }

  /** @param path `/openapi/...`. @returns undefined where there is nothing */
  answer(request: ApiRequest, path: string): ApiResponse | undefined {
    if (path === '/openapi/v2') return this.#v2(request)
    if (path === '/openapi/v3') return this.#index(request)
    const [, groupVersion] = /^\/openapi\/v3\/(.*)$/.exec(path) ?? []
    if (groupVersion === undefined) return undefined
    const resources = this.#groupVersions().get(groupVersion)
    if (resources === undefined) return emptyResponse(404)
    const kept = this.#v3(groupVersion, resources)
    const wanted = request.query.get('hash')
    if (wanted !== null && wanted !== hashOf(kept)) {
      return emptyResponse(301, { Location: serverRelativeUrl(groupVersion, kept) })
    }
    const caching = wanted === null ? {} : { 'Cache-Control': 'public, immutable', Expires: FAR_FUTURE }
    return tagged(request, kept, { 'Content-Type': 'application/json', ...caching })
  }

  /** `api/v1`, `apis/apps/v1` -> its resources */
  #groupVersions(): ReadonlyMap<string, readonly ResourceInfo[]> {
    const found = new Map<string, ResourceInfo[]>()
    for (const row of this.#kinds.resources) {
      const key = `${row.group === '' ? 'api' : 'apis'}/${apiVersionOf(row)}`
      found.set(key, [...(found.get(key) ?? []), row])
    }
    return found
  }

  #index(request: ApiRequest): ApiResponse {
    const own = [...this.#groupVersions()].map(([groupVersion, resources]) => [
      groupVersion,
      { serverRelativeURL: serverRelativeUrl(groupVersion, this.#v3(groupVersion, resources)) },
    ])
    const others = this.#remotes.versions().flatMap(({ group, version, openApiUrl }) => {
      return openApiUrl === undefined ? [] : [[`apis/${group}/${version}`, { serverRelativeURL: openApiUrl }]]
    })
    const paths = Object.fromEntries([...own, ...others]) as unknown
    return tagged(request, hashed(JSON.stringify({ paths })), { 'Content-Type': 'application/json' })
  }

  #v3(groupVersion: string, resources: readonly ResourceInfo[]): Kept {
    return this.#keep(`v3/${groupVersion}`, () =>
      JSON.stringify(openApiV3(resources, this.#version, this.#customSchemaOf)),
    )
  }

  #v2(request: ApiRequest): ApiResponse {
    const types = acceptClauses(request.headers['accept'] ?? '').map(({ type }) => type)
    const json = types.findIndex((type) => ['application/json', 'application/*', '*/*'].includes(type))
    const protobuf = types.findIndex((type) => GNOSTIC_MEDIA_TYPES.some((each) => each === type))
    if (protobuf >= 0 && (json < 0 || protobuf < json)) {
      const kept = this.#keep('v2.pb', () => gnosticDocument(this.#whole()))
      return tagged(request, kept, { 'Content-Type': GNOSTIC_MEDIA_TYPES[1], Vary: 'Accept' })
    }
    const kept = this.#keep('v2', () => JSON.stringify(this.#whole()))
    return tagged(request, kept, { 'Content-Type': 'application/json', Vary: 'Accept' })
  }

  /** Of this server and those that extend it. */
  #whole(): V2Document {
    return mergedV2(openApiV2(this.#kinds.resources, this.#version, this.#customSchemaOf), this.#keptWith)
  }

  readonly #customSchemaOf: CustomSchemaOf = (resource) => this.#kinds.of(resource).openApi

  #keep(name: string, make: () => string | Uint8Array): Kept {
    const parts = this.#remotes.versions().flatMap(({ openApiV2: part }) => (part ? [part] : []))
    const isSame =
      parts.length === this.#keptWith.length && parts.every((part, index) => part === this.#keptWith[index])
    if (this.#keptOf !== this.#kinds.resources || !isSame) {
      // Built-in kinds stay as they are; what custom ones and other servers changed is made anew.
      this.#kept.clear()
      this.#keptOf = this.#kinds.resources
      this.#keptWith = parts
    }
    const known = this.#kept.get(name)
    if (known !== undefined) return known
    const kept = hashed(make())
    this.#kept.set(name, kept)
    return kept
  }
}

function hashed(body: string | Uint8Array): Kept {
  return { body, etag: `"${createHash('sha512').update(body).digest('hex').toUpperCase()}"` }
}

/** Documents named by their hash never change: a year, as upstream says. */
const FAR_FUTURE = 'Thu, 31 Dec 2037 23:55:55 GMT'

const hashOf = ({ etag }: Kept): string => etag.slice(1, -1)

const serverRelativeUrl = (groupVersion: string, kept: Kept): string =>
  `/openapi/v3/${groupVersion}?hash=${hashOf(kept)}`

function tagged(
  request: ApiRequest,
  { body, etag }: Kept,
  headers: Readonly<Record<string, string>>,
): ApiResponse {
  const all = { ...headers, ETag: etag }
  if (request.headers['if-none-match'] === etag) return emptyResponse(304, all)
  return { kind: 'whole', code: 200, headers: all, body }
}
