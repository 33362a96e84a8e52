/** Where a webhook's Service leads: to one of its ready endpoints, as services/proxy chooses. */

import type { Service } from '../../../api/generated/core-v1.ts'
import type { EndpointSlice } from '../../../api/generated/discovery-v1.ts'
import { ENDPOINT_SLICES, SERVICES } from '../../../api/scheme.ts'
import type { Random } from '../../../../host/host.ts'
import type { Registry } from '../../registry/registry.ts'
import { serviceTarget } from '../../sessions/proxy-target.ts'
import type { ServiceResolver } from './call.io.ts'

/** What the resolver returned throws is ApiError: no such Service, no port, no endpoint. */
export function serviceResolver(registry: () => Registry, random: Pick<Random, 'next'>): ServiceResolver {
  return ({ namespace, name, port }) => {
    const service = registry().get(SERVICES, { namespace, name }) as Service
    const { items } = registry().list(ENDPOINT_SLICES, {
      namespace,
      labelSelector: `kubernetes.io/service-name=${name}`,
    })
    const wanted = { scheme: 'https', name, port: String(port) } as const
    return serviceTarget(service, items as readonly EndpointSlice[], wanted, (count) =>
      Math.floor(random.next() * count),
    )
  }
}
