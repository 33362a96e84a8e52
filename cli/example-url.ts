/** Which Service to show people first. Pure. */

import { SERVICES } from '../core/api/scheme.ts'
import type { Informers } from '../core/client/informer.ts'

/** Prefers a Service called frontend, then any with an HTTP port that is not the system's. */
export function exampleURL(informers: Informers, domain: string): string | undefined {
  const services = informers
    .of(SERVICES)
    .list()
    .filter(
      ({ metadata, spec }) =>
        metadata.namespace !== 'kube-system' && spec.clusterIP && spec.clusterIP !== 'None',
    )
    .filter(
      ({ metadata, spec }) =>
        metadata.name !== 'kubernetes' && (spec.ports ?? []).some(({ protocol }) => protocol !== 'UDP'),
    )
  const chosen = services.find(({ metadata }) => metadata.name === 'frontend') ?? services[0]
  const port = chosen?.spec.ports?.[0]?.port
  if (chosen === undefined || port === undefined) return undefined
  return `http://${chosen.metadata.name}.${chosen.metadata.namespace}.svc.${domain}${port === 80 ? '' : `:${port}`}`
}
