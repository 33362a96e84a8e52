/**
 * Objects written so that they are as given, whether they exist or not: server-side apply through the client. Pure but
 * for the client it is handed.
 */

import type { KubernetesObject } from '../core/api/object.ts'
import type { ResourceInfo } from '../core/api/resource.ts'
import {
  CONFIG_MAPS,
  ENDPOINTS,
  ENDPOINT_SLICES,
  NAMESPACES,
  PRIORITY_CLASSES,
  resourceForKind,
  SERVICE_ACCOUNTS,
  SERVICE_CIDRS,
  SERVICES,
} from '../core/api/scheme.ts'
import { authenticationConfigMap } from '../core/apiserver/aggregation/front-proxy.ts'
import type { ServerCredentials } from '../core/apiserver/pki/credentials.ts'
import { ensureBootstrapPolicy } from '../core/apiserver/authorization/bootstrap-policy.ts'
import type { StartHook } from '../core/apiserver/answers/health.ts'
import type { Client } from '../core/client/client.ts'
import { ensureFlowControl } from '../core/apiserver/flow-control/bootstrap.ts'
import type { ApiServerAddress } from '../core/controllers/bootstrap.ts'
import {
  defaultServiceCIDR,
  kubernetesService,
  systemNamespaces,
  systemPriorities,
} from '../core/controllers/bootstrap.ts'

export interface Appliable {
  readonly apiVersion?: unknown
  readonly kind?: unknown
  readonly metadata?: unknown
  /** where the kind is known already */
  readonly resource?: ResourceInfo
}

/** One after another, in the order given. Rejects with the first refusal. */
export async function applyAll(
  client: Client,
  objects: readonly Appliable[],
  fieldManager: string,
): Promise<void> {
  for (const object of objects) await applyOne(client, object, fieldManager)
}

/** Where an object goes: `default` when it does not say; nowhere for cluster-scoped kinds. */
export function namespaceOf(body: Appliable, resource: ResourceInfo): string | undefined {
  const { namespace } = (body.metadata ?? {}) as { readonly namespace?: string }
  return resource.namespaced ? (namespace ?? 'default') : undefined
}

export async function applyOne(
  client: Client,
  given: Appliable,
  fieldManager: string,
): Promise<KubernetesObject> {
  const { resource: known, ...body } = given
  const resource = known ?? resourceForKind(String(body.apiVersion), String(body.kind))
  if (resource === undefined) throw new Error(`no such kind: ${String(body.apiVersion)} ${String(body.kind)}`)
  const metadata = (body.metadata ?? {}) as { name?: string; namespace?: string; generateName?: string }
  const namespace = namespaceOf(body, resource)
  const placed = { ...body, metadata: { ...metadata, ...(namespace ? { namespace } : {}) } }
  if (metadata.name === undefined)
    return await client.create(resource, placed as KubernetesObject, { fieldManager })
  const name = { name: metadata.name, namespace }
  return await client.patch(resource, name, placed, { type: 'apply', fieldManager, force: true })
}

export interface Birth {
  readonly kubernetes: ApiServerAddress
  readonly pki: ServerCredentials
  /** told of what is done */
  readonly done?: ((hook: StartHook) => void) | undefined
}

/** What must exist before anything else can: namespaces, their default accounts, roles, the Service of the API server. */
export async function ensureObjects(client: Client, { kubernetes, pki, done }: Birth): Promise<void> {
  const steps: readonly (readonly [StartHook, () => Promise<unknown>])[] = [
    ['start-cluster-authentication-info-controller', () => ensureTrust(client, pki)],
    ['rbac/bootstrap-roles', () => ensureBootstrapPolicy(client)],
    ['scheduling/bootstrap-system-priority-classes', () => ensurePriorities(client)],
    ['priority-and-fairness-config-producer', () => ensureFlowControl(client)],
    ['bootstrap-controller', () => ensureKubernetes(client, kubernetes)],
  ]
  // All others are in namespaces. Side by side: a store that waits for the disk waits once for many.
  await Promise.all(systemNamespaces().map((namespace) => ensureNamespace(client, namespace)))
  done?.('start-system-namespaces-controller')
  await Promise.all(
    steps.map(async ([hook, make]) => {
      await make()
      done?.(hook)
    }),
  )
}

const OWN = 'kube-apiserver'

async function ensureNamespace(client: Client, namespace: KubernetesObject): Promise<void> {
  await applyOne(client, { ...namespace, resource: NAMESPACES }, OWN)
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: namespace.metadata.name },
  }
  await applyOne(client, { ...account, resource: SERVICE_ACCOUNTS }, 'kube-controller-manager')
}

const ensurePriorities = (client: Client): Promise<unknown> =>
  Promise.all(
    systemPriorities().map((priority) => applyOne(client, { ...priority, resource: PRIORITY_CLASSES }, OWN)),
  )

async function ensureKubernetes(client: Client, kubernetes: ApiServerAddress): Promise<void> {
  const { service, endpoints, slice } = kubernetesService(kubernetes)
  await applyOne(client, { ...defaultServiceCIDR(kubernetes.serviceCIDRs), resource: SERVICE_CIDRS }, OWN)
  await applyOne(client, { ...service, resource: SERVICES }, OWN)
  await Promise.all([
    applyOne(client, { ...endpoints, resource: ENDPOINTS }, OWN),
    applyOne(client, { ...slice, resource: ENDPOINT_SLICES }, OWN),
  ])
}

async function ensureTrust(client: Client, pki: ServerCredentials): Promise<void> {
  const trust = authenticationConfigMap({
    clients: [pki.caCertificate, pki.otherClientCaCertificates ?? []].flat().join('\n'),
    frontProxies: pki.frontProxyCaCertificate,
  })
  await applyOne(client, { ...trust, resource: CONFIG_MAPS }, OWN)
}
