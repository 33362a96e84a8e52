/**
 * What the node agent says of itself over HTTP, as people see it through nodes/NAME/proxy/: health, its pods, its
 * metrics. Pure.
 *
 * kubernetes/kubernetes pkg/kubelet/server/server.go has more paths; those are answered with 404 here.
 */

import type { Pod } from '../api/generated/core-v1.ts'
import type { AgentAnswer, AgentRequest } from '../api/node-agent.ts'

export interface AgentFacts {
  readonly nodeName: string
  /** bound to the node */
  readonly pods: readonly Pod[]
}

/** @returns the answer; 404 for paths there are not, 405 for methods other than GET and HEAD */
export function agentAnswer({ method, path }: AgentRequest, facts: AgentFacts): AgentAnswer {
  const page = PAGES[path.length > 1 ? path.replace(/\/$/, '') : path]
  if (page === undefined) return plain(404, '404 page not found\n')
  if (method !== 'GET' && method !== 'HEAD') return plain(405, '405: Method Not Allowed')
  return page(facts)
}

const plain = (code: number, body: string): AgentAnswer => ({
  code,
  contentType: 'text/plain; charset=utf-8',
  body,
})

const PAGES: Readonly<Record<string, (facts: AgentFacts) => AgentAnswer>> = {
  '/healthz': () => plain(200, 'ok'),
  '/healthz/ping': () => plain(200, 'ok'),
  '/pods': ({ pods }) => ({
    code: 200,
    contentType: 'application/json',
    body: JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: pods }),
  }),
  '/metrics': (facts) => plain(200, metricsText(facts)),
}

const STATES = ['running', 'terminated', 'waiting'] as const

/** Prometheus text, under the kubelet's names. */
function metricsText({ nodeName, pods }: AgentFacts): string {
  const statuses = pods.flatMap(({ status }) => status?.containerStatuses ?? [])
  const counts = STATES.map((state) => {
    const count = statuses.filter((each) => each.state?.[state] !== undefined).length
    return `kubelet_running_containers{container_state="${state}"} ${count}`
  })
  const running = pods.filter(({ status }) => status?.phase === 'Running').length
  return [
    '# HELP kubelet_node_name The name of the node. The count is always 1.',
    '# TYPE kubelet_node_name gauge',
    `kubelet_node_name{node=${JSON.stringify(nodeName)}} 1`,
    '# HELP kubelet_running_containers Number of containers by state',
    '# TYPE kubelet_running_containers gauge',
    ...counts,
    '# HELP kubelet_running_pods Number of pods that have a running pod sandbox',
    '# TYPE kubelet_running_pods gauge',
    `kubelet_running_pods ${running}`,
    '',
  ].join('\n')
}
