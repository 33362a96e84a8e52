/** The node agent where there are no nodes of ours: `portolan apiserver` runs no pods. Pure. */

import { ApiError, badRequest } from '../core/api/api-error.ts'
import type { Pod } from '../core/api/generated/core-v1.ts'
import type { NodeAgent } from '../core/api/node-agent.ts'

export function noNodeAgent(): NodeAgent {
  return {
    logs: (pod) => Promise.reject(refusal(pod)),
    exec: (pod) => Promise.reject(refusal(pod)),
    attach: (pod) => Promise.reject(refusal(pod)),
    dial: (pod) => Promise.reject(refusal(pod)),
    http: (nodeName) => Promise.reject(unreachable(nodeName)),
  }
}

/** kubernetes/kubernetes pkg/registry/core/pod/strategy.go says the first; the second is ours. */
function refusal({ metadata, spec }: Pod): ApiError {
  if (!spec.nodeName) return badRequest(`pod ${metadata.name} does not have a host assigned`)
  return unreachable(spec.nodeName)
}

function unreachable(nodeName: string): ApiError {
  const message = `no node agent is reachable from this API server: node ${JSON.stringify(nodeName)} is not run by it`
  return new ApiError('ServiceUnavailable', message)
}
