import { describe, expect, it } from 'vitest'
import type { Pod } from '../api/generated/core-v1.ts'
import { agentAnswer } from './agent-http.ts'

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default' },
  spec: { containers: [{ name: 'c' }] },
  status: {
    phase: 'Running',
    containerStatuses: [
      { name: 'c', ready: true, restartCount: 0, image: 'i', imageID: '', state: { running: {} } },
    ],
  },
} as unknown as Pod

const ask = (path: string, method = 'GET') =>
  agentAnswer({ method, path, query: new URLSearchParams() }, { nodeName: 'n1', pods: [POD] })

describe('the agent over HTTP', () => {
  it.each(['/healthz', '/healthz/', '/healthz/ping'])('%s is ok', (path) => {
    expect(ask(path)).toEqual({ code: 200, contentType: 'text/plain; charset=utf-8', body: 'ok' })
  })

  it('lists its pods', () => {
    const { code, contentType, body } = ask('/pods')
    expect([code, contentType]).toEqual([200, 'application/json'])
    expect(JSON.parse(body)).toMatchObject({ kind: 'PodList', items: [{ metadata: { name: 'web' } }] })
  })

  it('counts what runs', () => {
    const lines = ask('/metrics').body.split('\n')
    expect(lines).toContain('kubelet_node_name{node="n1"} 1')
    expect(lines).toContain('kubelet_running_containers{container_state="running"} 1')
    expect(lines).toContain('kubelet_running_containers{container_state="waiting"} 0')
    expect(lines).toContain('kubelet_running_pods 1')
  })

  it.each(['/', '/constructor', '/exec/x'])('%s is not there', (path) => {
    expect(ask(path).code).toBe(404)
  })

  it('is read only', () => {
    expect(ask('/pods', 'DELETE').code).toBe(405)
  })
})
