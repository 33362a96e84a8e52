/** Columns of FlowSchemas and priority levels (kubernetes/kubernetes pkg/printers/internalversion/printers.go). Pure. */

import type {
  FlowSchema,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from '../../api/generated/flowcontrol-v1.ts'
import type { Printer } from './column.ts'
import { AGE, NAME, column } from './column.ts'

const precedence = ({ spec }: FlowSchema): number => spec.matchingPrecedence ?? 0

/** In the order in which they are tried. */
export const FLOW_SCHEMA_PRINTER: Printer<FlowSchema> = {
  columns: [
    NAME,
    column(
      'PriorityLevel',
      'How its requests are treated.',
      ({ spec }) => spec.priorityLevelConfiguration.name,
    ),
    column('MatchingPrecedence', 'The lowest that matches a request is taken.', precedence),
    column(
      'DistinguisherMethod',
      'What tells one flow from another.',
      ({ spec }) => spec.distinguisherMethod?.type ?? '<none>',
    ),
    AGE,
    column(
      'MissingPL',
      'Whether there is no such priority level.',
      ({ status }) => status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
    ),
  ],
  compare: (a, b) => precedence(a) - precedence(b) || (a.metadata.name < b.metadata.name ? -1 : 1),
}

const queuing = (name: keyof QueuingConfiguration, description: string) =>
  column<PriorityLevelConfiguration>(
    `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    description,
    ({ spec }) => {
      const { queuing: queues } = spec.limited?.limitResponse ?? {}
      return queues ? (queues[name] ?? 0) : '<none>'
    },
  )

export const PRIORITY_LEVEL_PRINTER: Printer<PriorityLevelConfiguration> = {
  columns: [
    NAME,
    column('Type', 'Whether there is a limit at all.', ({ spec }) => spec.type),
    column('NominalConcurrencyShares', 'Its part of what the server does at once.', ({ spec }) =>
      spec.limited ? (spec.limited.nominalConcurrencyShares ?? 0) : '<none>',
    ),
    queuing('queues', 'How many there are.'),
    queuing('handSize', 'How many queues a flow may use.'),
    queuing('queueLengthLimit', 'How many requests may wait in one.'),
    AGE,
  ],
}
