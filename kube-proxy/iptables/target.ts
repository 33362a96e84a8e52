/** Where rules are written: the commands, and the node's namespace. Types only. */

import type { Commands, NetworkNamespace } from '../../host/host.ts'

export interface KernelTarget {
  readonly commands: Commands
  /** absent: where portolan runs */
  readonly network?: NetworkNamespace | undefined
}
