/** One HTTP request through the cluster's HTTP proxy, which knows its names. */

import { request } from 'node:http'
import { text } from 'node:stream/consumers'

export interface ClusterResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface ClusterRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Rejects when the proxy cannot be reached; what the cluster says, refusals included, is a response. */
export function requestInCluster(
  proxyPort: number,
  url: string,
  options: ClusterRequest = {},
): Promise<ClusterResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port: proxyPort,
      method: options.method ?? 'GET',
      path: url,
      headers: { host: new URL(url).host, ...options.headers },
      agent: false,
    })
    outgoing.once('error', reject)
    outgoing.once('response', (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        reject,
      )
    })
    outgoing.end(options.body)
  })
}
