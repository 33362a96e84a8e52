/** Priority and fairness in numbers, as Prometheus text under kube-apiserver's names. Pure. */

import type { MetricType } from '../metrics/prometheus-text.ts'
import { metricHead, sample } from '../metrics/prometheus-text.ts'
import type { FlowCounts, PriorityLevels } from './priority-levels.ts'
import type { Seats } from './seats.ts'

export function flowMetrics(levels: Pick<PriorityLevels, 'seats' | 'counts'>): string {
  const seats = [...levels.seats()]
  const counts = [...levels.counts()]
  const limit = (which: string, help: string, of: (seats: Seats) => number): readonly string[] => {
    const metric = `apiserver_flowcontrol_${which}_limit_seats`
    const lines = seats.map(([level, each]) => sample(metric, { priority_level: level }, of(each)))
    return [...metricHead(metric, 'gauge', help), ...lines]
  }
  const requests = (which: string, type: MetricType, help: string, of: Count): readonly string[] => {
    const metric = `apiserver_flowcontrol_${which}`
    return [
      ...metricHead(metric, type, help),
      ...counts.map((each) => sample(metric, labelsOf(each), of(each))),
    ]
  }
  const rejected = 'apiserver_flowcontrol_rejected_requests_total'
  return [
    ...limit('nominal', 'Share of a priority level.', ({ nominal }) => nominal),
    ...limit('lower', 'What is left of it when all is lent.', ({ nominal, lendable }) => nominal - lendable),
    ...limit('upper', 'What it may have with all it may borrow.', ({ most }) => most),
    ...requests(
      'current_executing_requests',
      'gauge',
      'Requests under way; watches, until they have begun.',
      ({ executing }) => executing,
    ),
    ...requests(
      'current_inqueue_requests',
      'gauge',
      'Requests that wait to begin.',
      ({ waiting }) => waiting,
    ),
    ...requests(
      'dispatched_requests_total',
      'counter',
      'Requests that were let begin.',
      ({ dispatched }) => dispatched,
    ),
    ...metricHead(rejected, 'counter', 'Requests that were not.'),
    ...counts.flatMap((each) =>
      [...each.refused].map(([reason, times]) => sample(rejected, { ...labelsOf(each), reason }, times)),
    ),
    '',
  ].join('\n')
}

type Count = (counts: FlowCounts) => number

const labelsOf = ({ level, schema }: FlowCounts): Readonly<Record<string, string>> => ({
  flow_schema: schema,
  priority_level: level,
})
