/**
 * Counts requests and prints them as Prometheus text, under kube-apiserver's names. Pure but for the counts it
 * holds.
 */

import { labelText, metricHead } from './prometheus-text.ts'

type Labels = {
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly code: string
}

const BUCKETS_SECONDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 5, 15, 60]

interface Histogram {
  readonly buckets: number[]
  sum: number
  count: number
}

export type RequestKind = 'readOnly' | 'mutating'

export class RequestMetrics {
  readonly #requests = new Map<string, number>()
  readonly #durations = new Map<string, Histogram>()
  readonly #inflight: Record<RequestKind, number> = { readOnly: 0, mutating: 0 }
  readonly #watchers = new Map<string, number>()
  #longRunning = 0

  /** A request begins; the function returned ends it. */
  begin(kind: RequestKind | 'longRunning'): () => void {
    if (kind === 'longRunning') {
      this.#longRunning += 1
      return () => void (this.#longRunning -= 1)
    }
    this.#inflight[kind] += 1
    return () => void (this.#inflight[kind] -= 1)
  }

  /** A watch begins; the function returned ends it. */
  watching({ group, version, kind }: { group: string; version: string; kind: string }): () => void {
    const labels = labelText({ group, version, kind })
    const change = (by: number): void =>
      void this.#watchers.set(labels, (this.#watchers.get(labels) ?? 0) + by)
    change(1)
    return () => change(-1)
  }

  /** Counts a request that was answered. */
  count(labels: Labels, seconds: number): void {
    const text = labelText(labels)
    this.#requests.set(text, (this.#requests.get(text) ?? 0) + 1)
    const { code: _code, ...byVerb } = labels
    const key = labelText(byVerb)
    const empty = { buckets: BUCKETS_SECONDS.map(() => 0), sum: 0, count: 0 }
    const histogram = this.#durations.get(key) ?? empty
    this.#durations.set(key, histogram)
    histogram.sum += seconds
    histogram.count += 1
    for (const [index, bound] of BUCKETS_SECONDS.entries()) {
      if (seconds <= bound) histogram.buckets[index] = (histogram.buckets[index] ?? 0) + 1
    }
  }

  /** The text of /metrics. @param objects stored, by resource (`deployments.apps`) */
  print(objects: ReadonlyMap<string, number> = new Map()): string {
    const lines = [
      ...metricHead('apiserver_request_total', 'counter', 'Requests answered.'),
      ...[...this.#requests].map(([labels, count]) => `apiserver_request_total{${labels}} ${count}`),
      ...metricHead('apiserver_request_duration_seconds', 'histogram', 'Time to the answer.'),
      ...[...this.#durations].flatMap(([labels, histogram]) => histogramLines(labels, histogram)),
      ...metricHead('apiserver_current_inflight_requests', 'gauge', 'Short requests under way.'),
      ...Object.entries(this.#inflight).map(
        ([kind, count]) => `apiserver_current_inflight_requests{request_kind="${kind}"} ${count}`,
      ),
      ...metricHead('apiserver_longrunning_requests', 'gauge', 'Watches and streams under way.'),
      `apiserver_longrunning_requests ${this.#longRunning}`,
      ...metricHead('apiserver_registered_watchers', 'gauge', 'Watches under way, by resource.'),
      ...[...this.#watchers].map(([labels, count]) => `apiserver_registered_watchers{${labels}} ${count}`),
      ...metricHead('apiserver_storage_objects', 'gauge', 'Objects stored, by resource.'),
      ...[...objects].map(
        ([resource, count]) => `apiserver_storage_objects{resource="${resource}"} ${count}`,
      ),
    ]
    return `${lines.join('\n')}\n`
  }
}

function histogramLines(labels: string, { buckets, sum, count }: Histogram): readonly string[] {
  const name = 'apiserver_request_duration_seconds'
  const bounds = buckets.map(
    (value, index) => `${name}_bucket{${labels},le="${BUCKETS_SECONDS[index]}"} ${value}`,
  )
  return [
    ...bounds,
    `${name}_bucket{${labels},le="+Inf"} ${count}`,
    `${name}_sum{${labels}} ${sum}`,
    `${name}_count{${labels}} ${count}`,
  ]
}
