/** What routing and discovery know of the API servers that extend this one. Types only. */

import type { DiscoveryPriority } from '../../api/group-priority.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import type { V2Part } from '../openapi/remote-v2.ts'

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
  /** its part of /openapi/v2: the same one as long as it says the same */
  readonly openApiV2: V2Part | undefined
}

export interface Remotes {
  /** whether requests for the group-version are another server's */
  serves(group: string, version: string): boolean
  versions(): readonly RemoteVersion[]
}
