/**
 * Columns of Services, endpoints, Ingresses and NetworkPolicies. Pure.
 * kubernetes/kubernetes pkg/printers/internalversion/printers.go.
 */

import type { Endpoints, Service } from '../../api/generated/core-v1.ts'
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts'
import type { Ingress, IngressClass, NetworkPolicy } from '../../api/generated/networking-v1.ts'
import type { Printer } from './column.ts'
import { AGE, NAME, column, firstThree, labelSelectorText, labelsText, wide } from './column.ts'

interface IngressPoint {
  readonly ip?: string | undefined
  readonly hostname?: string | undefined
}

/** Addresses of a load balancer, each once, in order. */
function ingressPoints(points: readonly IngressPoint[] | null | undefined): readonly string[] {
  const all = (points ?? []).map(({ ip, hostname }) => ip || hostname || '').filter((text) => text !== '')
  return [...new Set(all)].sort()
}

function externalIP({ spec, status }: Service): string {
  const external = spec.externalIPs ?? []
  switch (spec.type) {
    case 'ExternalName':
      return spec.externalName ?? ''
    case 'LoadBalancer':
      return [...ingressPoints(status?.loadBalancer?.ingress), ...external].join(',') || '<pending>'
    default:
      return external.join(',') || '<none>'
  }
}

/** `80/TCP,443:30443/TCP` */
function servicePorts({ spec }: Service): string {
  const ports = (spec.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  )
  return ports.join(',') || '<none>'
}

export const SERVICE_PRINTER: Printer<Service> = {
  columns: [
    NAME,
    column('Type', 'How the Service is exposed.', ({ spec }) => spec.type ?? ''),
    column('Cluster-IP', 'Address inside the cluster.', ({ spec }) => {
      return spec.clusterIPs?.[0] || spec.clusterIP || '<none>'
    }),
    column('External-IP', 'Addresses outside the cluster.', externalIP),
    column('Port(s)', 'Ports exposed, with node ports.', servicePorts),
    AGE,
    wide('Selector', 'Labels of the pods behind it.', ({ spec }) => labelsText(spec.selector)),
  ],
}

/** `<none>` is said of Endpoints without subsets, nothing of those where no address is ready. */
function endpointsText({ subsets }: Endpoints): string {
  if ((subsets ?? []).length === 0) return '<none>'
  const all = (subsets ?? []).flatMap(({ addresses, ports }) => {
    const ips = (addresses ?? []).map(({ ip }) => ip)
    if (!ports || ports.length === 0) return ips
    return ports.flatMap(({ port }) => ips.map((ip) => hostPort(ip, port)))
  })
  return firstThree(all, '')
}

const hostPort = (ip: string, port: number): string =>
  ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`

export const ENDPOINTS_PRINTER: Printer<Endpoints> = {
  columns: [NAME, column('Endpoints', 'Ready addresses with ports.', endpointsText), AGE],
}

export const ENDPOINT_SLICE_PRINTER: Printer<EndpointSlice> = {
  columns: [
    NAME,
    column('AddressType', 'IPv4, IPv6 or FQDN.', (slice) => slice.addressType),
    column('Ports', 'Ports of every endpoint.', ({ ports }) => {
      return firstThree(
        (ports ?? []).map(({ port, name }) => String(port ?? name ?? '*')),
        '<unset>',
      )
    }),
    column('Endpoints', 'Addresses.', ({ endpoints }) => {
      return firstThree(
        (endpoints ?? []).flatMap(({ addresses }) => addresses),
        '<unset>',
      )
    }),
    AGE,
  ],
}

function hosts({ spec }: Ingress): string {
  const rules = spec.rules ?? []
  const named = rules.map(({ host }) => host ?? '').filter((host) => host !== '')
  return firstThree(named, '*')
}

export const INGRESS_PRINTER: Printer<Ingress> = {
  columns: [
    NAME,
    column('Class', 'IngressClass that serves it.', ({ spec }) => spec.ingressClassName ?? '<none>'),
    column('Hosts', 'Hosts that requests are matched against.', hosts),
    column('Address', 'Where it can be reached.', ({ status }) => {
      return ingressPoints(status?.loadBalancer?.ingress).join(',')
    }),
    column('Ports', 'Ports opened.', ({ spec }) => ((spec.tls?.length ?? 0) > 0 ? '80, 443' : '80')),
    AGE,
  ],
}

export const INGRESS_CLASS_PRINTER: Printer<IngressClass> = {
  columns: [
    NAME,
    column('Controller', 'Who serves the class.', ({ spec }) => spec.controller ?? ''),
    column('Parameters', 'Object with further settings.', ({ spec }) => {
      const { parameters } = spec
      if (parameters === undefined) return '<none>'
      return `${parameters.kind}${parameters.apiGroup ? `.${parameters.apiGroup}` : ''}/${parameters.name}`
    }),
    AGE,
  ],
}

export const NETWORK_POLICY_PRINTER: Printer<NetworkPolicy> = {
  columns: [
    NAME,
    column('Pod-Selector', 'Pods it applies to.', ({ spec }) => labelSelectorText(spec.podSelector)),
    AGE,
  ],
}
