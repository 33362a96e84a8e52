/**
 * Which allocated fields a Service has use for, and how those that say the same are made to agree. Pure.
 * kubernetes/kubernetes pkg/registry/core/service (strategy.go, storage/alloc.go: normalizeClusterIPs).
 */

import type { Service, ServiceSpec } from '../../api/generated/core-v1.ts'

export const HEADLESS = 'None'

export const usesClusterIP = (spec: ServiceSpec): boolean => spec.type !== 'ExternalName'
export const isHeadless = (spec: ServiceSpec): boolean => spec.clusterIP === HEADLESS

export const wantsHealthCheckPort = (spec: ServiceSpec): boolean =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'

/**
 * The Service as it is validated: clusterIP is the first of clusterIPs, whichever of the two the client changed;
 * a health check port the client left out is kept. (The kind's rules keep the rest.)
 */
export function withAgreedFields(service: Service, old: Service | undefined): Service {
  const { spec } = service
  const healthCheckNodePort =
    spec.healthCheckNodePort || (wantsHealthCheckPort(spec) ? old?.spec.healthCheckNodePort : undefined)
  return {
    ...service,
    spec: { ...spec, ...present({ clusterIPs: agreedClusterIPs(spec, old?.spec), healthCheckNodePort }) },
  }
}

function agreedClusterIPs(spec: ServiceSpec, old: ServiceSpec | undefined): readonly string[] | undefined {
  const { clusterIP, clusterIPs } = spec
  if (!clusterIP) return clusterIPs
  const wasChanged = old?.clusterIP !== undefined && old.clusterIP !== clusterIP
  const listIsOld = clusterIPs?.[0] !== undefined && clusterIPs[0] === old?.clusterIP
  return !clusterIPs?.length || (wasChanged && listIsOld) ? [clusterIP] : clusterIPs
}

/** Leaves out what is undefined. */
export function present<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
}
