/** What the parts of the node agent share: the machine, the API, and the node's facts. Types only. */

import type { Host, NetworkNamespace } from '../../host/host.ts'
import type { Pod } from '../api/generated/core-v1.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event-recorder.ts'
import type { Informers } from '../client/informer.ts'
import type { PodNetwork } from '../pod-network/pod-network.ts'
import type { PodDnsFacts } from './pod-files.ts'
import type { BuiltInImages } from './stand-in.ts'

export interface KubeletOptions {
  readonly client: Client
  readonly informers: Informers
  readonly host: Pick<Host, 'clock' | 'random' | 'log' | 'sockets' | 'sandboxes'>
  readonly podNetwork: PodNetwork
  readonly nodeName: string
  /** pods' folders: volumes, logs, files */
  readonly podsFolder: string
  readonly dns: PodDnsFacts
  readonly honorProbeDelays: boolean
  readonly builtInImages: BuiltInImages
  /** awaited when a pod has its address, before its first container starts */
  readonly admitted: (pod: Pod, ip: string) => Promise<void>
}

export interface PodContext extends KubeletOptions {
  readonly events: EventRecorder
  readonly hostIP: string
  readonly nodeNetwork: NetworkNamespace | undefined
  readonly allocatable: Readonly<Record<string, string>>
  /** the pods of this node that have not ended */
  readonly pods: () => readonly Pod[]
}
