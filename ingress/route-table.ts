/**
 * From Ingresses, Services, EndpointSlices and Secrets to one table: which host and path goes to which endpoints, and
 * which certificate belongs to which name. The `select` step; pure. The table is replaced as a whole; a request
 * keeps the one it started with.
 *
 * Where the API is silent: within a host the oldest Ingress wins, then `namespace/name` ascending; there is no
 * fall-through from a matched host to a less specific one.
 */

import type { Secret, Service } from '../core/api/generated/core-v1.ts'
import type { EndpointSlice } from '../core/api/generated/discovery-v1.ts'
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
} from '../core/api/generated/networking-v1.ts'
import { objectKey } from '../core/api/object.ts'
import type { BackendIndex } from './backend.ts'
import { backendIndex, resolveBackend } from './backend.ts'
import type { RouteBackend } from './backend.ts'
import type { CertificateTable } from './certificate-table.ts'
import { certificateTable } from './certificate-table.ts'
import { isOurs } from './class.ts'

export const PATH_TYPES = ['Exact', 'Prefix', 'ImplementationSpecific'] as const
export type PathType = (typeof PATH_TYPES)[number]

export interface PathRoute {
  readonly path: string
  readonly type: PathType
  readonly backend: RouteBackend
  /** `namespace/name` of the Ingress that owns it */
  readonly ingress: string
}

export interface HostRoutes {
  /** in order of precedence: the first that matches decides */
  readonly paths: readonly PathRoute[]
  readonly defaultBackend: RouteBackend | undefined
}

export interface RouteTable {
  readonly exact: ReadonlyMap<string, HostRoutes>
  /** by what follows `*.` */
  readonly wildcard: ReadonlyMap<string, HostRoutes>
  /** rules without a host */
  readonly anyHost: HostRoutes | undefined
  /** for requests no rule matches; undefined: the built-in 404 */
  readonly fallback: RouteBackend | undefined
  readonly certificates: CertificateTable
  /** the Ingresses served, oldest first */
  readonly ingresses: readonly Ingress[]
}

export interface RouteSnapshot {
  readonly ingresses: readonly Ingress[]
  readonly classes: readonly IngressClass[]
  readonly services: readonly Service[]
  readonly slices: readonly EndpointSlice[]
  readonly secrets: readonly Secret[]
}

export function routeTable(snapshot: RouteSnapshot): RouteTable {
  const ingresses = snapshot.ingresses.filter((ingress) => isOurs(ingress, snapshot.classes)).toSorted(byAge)
  const index = backendIndex(snapshot.services, snapshot.slices)
  const hosts = Map.groupBy(
    ingresses.flatMap((ingress) => (ingress.spec.rules ?? []).map((rule) => ({ ingress, rule }))),
    ({ rule }) => (rule.host ?? '').toLowerCase(),
  )
  const routes = [...hosts].map(([host, rules]) => [host, hostRoutes(rules, index)] as const)
  return {
    exact: new Map(routes.filter(([host]) => host !== '' && !host.startsWith('*.'))),
    wildcard: new Map(
      routes.filter(([host]) => host.startsWith('*.')).map(([host, value]) => [host.slice(2), value]),
    ),
    anyHost: routes.find(([host]) => host === '')?.[1],
    fallback: fallbackBackend(ingresses, index),
    certificates: certificateTable(ingresses, snapshot.secrets),
    ingresses,
  }
}

type Rule = NonNullable<Ingress['spec']['rules']>[number]
interface OwnedRule {
  readonly ingress: Ingress
  readonly rule: Rule
}

function byAge(a: Ingress, b: Ingress): number {
  const [left, right] = [a, b].map(
    (one) => `${one.metadata.creationTimestamp ?? ''} ${objectKey(one.metadata)}`,
  )
  return (left ?? '') < (right ?? '') ? -1 : 1
}

function hostRoutes(rules: readonly OwnedRule[], index: BackendIndex): HostRoutes {
  const paths = rules.flatMap(({ ingress, rule }) =>
    (rule.http?.paths ?? []).map((path) => pathRoute(ingress, path, index)),
  )
  const withDefault = rules.find(({ ingress }) => ingress.spec.defaultBackend)
  return {
    paths: firstOfEach(paths).toSorted(byPrecedence),
    defaultBackend: withDefault && defaultBackendOf(withDefault.ingress, index),
  }
}

function pathRoute(ingress: Ingress, path: HTTPIngressPath, index: BackendIndex): PathRoute {
  const type = PATH_TYPES.find((known) => known === path.pathType) ?? 'ImplementationSpecific'
  return {
    path: path.path || '/',
    type,
    backend: resolveBackend(path.backend, ingress.metadata.namespace ?? '', index),
    ingress: objectKey(ingress.metadata),
  }
}

/** Of two equal paths the older Ingress keeps its own; the input is oldest first. */
function firstOfEach(paths: readonly PathRoute[]): readonly PathRoute[] {
  const seen = new Set<string>()
  return paths.filter(({ type, path }) => {
    const key = `${type} ${path}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** Exact first, then the longest path, then Prefix before ImplementationSpecific; age by stability of the sort. */
function byPrecedence(a: PathRoute, b: PathRoute): number {
  const exact = Number(b.type === 'Exact') - Number(a.type === 'Exact')
  return exact || b.path.length - a.path.length || PATH_TYPES.indexOf(a.type) - PATH_TYPES.indexOf(b.type)
}

function fallbackBackend(ingresses: readonly Ingress[], index: BackendIndex): RouteBackend | undefined {
  const having = ingresses.filter((ingress) => ingress.spec.defaultBackend)
  const chosen = having.find((ingress) => (ingress.spec.rules ?? []).length === 0) ?? having[0]
  return chosen && defaultBackendOf(chosen, index)
}

function defaultBackendOf(ingress: Ingress, index: BackendIndex): RouteBackend | undefined {
  const backend: IngressBackend | undefined = ingress.spec.defaultBackend
  return backend && resolveBackend(backend, ingress.metadata.namespace ?? '', index)
}
