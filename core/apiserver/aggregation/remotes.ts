/** What routing and discovery know of the API servers that extend this one. Types only. */

import type { DiscoveryPriority } from '../../api/group-priority.ts'
import type { ResourceInfo } from '../../api/resource.ts'

export interface RemoteVersion {
  readonly group: string
  readonly version: string
  readonly priority: DiscoveryPriority
  /** as its server last said; none before it answered */
  readonly resources: readonly ResourceInfo[]
  /** whether its server answers now */
  readonly isCurrent: boolean
  /** `/openapi/v3/apis/G/V?hash=...` */
  readonly openApiUrl: string | undefined
}

export interface Remotes {
  /** whether requests for the group-version are another server's */
  serves(group: string, version: string): boolean
  versions(): readonly RemoteVersion[]
}
