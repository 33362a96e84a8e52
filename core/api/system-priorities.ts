/** The PriorityClasses every cluster has (kubernetes/kubernetes pkg/apis/scheduling/v1/helpers.go). Pure. */

export interface SystemPriority {
  readonly value: number
  readonly description: string
}

/** By name. */
export const SYSTEM_PRIORITIES: ReadonlyMap<string, SystemPriority> = new Map([
  [
    'system-node-critical',
    {
      value: 2_000_001_000,
      description: 'Used for system critical pods that must not be moved from their current node.',
    },
  ],
  [
    'system-cluster-critical',
    {
      value: 2_000_000_000,
      description:
        'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
    },
  ],
])
