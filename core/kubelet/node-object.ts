/** The Node as this agent registers it (kubernetes/kubernetes pkg/kubelet/nodestatus). Pure: facts in, object out. */

import type { Node } from '../api/generated/core-v1.ts'
import { timestamp } from '../api/timestamp.ts'

export interface MachineFacts {
  readonly cpus: number
  readonly memoryBytes: number
  readonly architecture: string
  readonly kernelVersion: string
  readonly osImage: string
  readonly machineID: string
  readonly bootID: string
}

export interface NodeFacts {
  readonly name: string
  readonly internalIP: string
  readonly podCIDR: string
  readonly machine: MachineFacts
  readonly nowMs: number
}

const MAX_PODS = 1_000

export function nodeObject({ name, internalIP, podCIDR, machine, nowMs }: NodeFacts): Node {
  const architecture = machine.architecture === 'x64' ? 'amd64' : machine.architecture
  const capacity = {
    cpu: String(machine.cpus),
    memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
    pods: String(MAX_PODS),
  }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': architecture,
        'beta.kubernetes.io/os': 'linux',
        'beta.kubernetes.io/arch': architecture,
        'node-role.kubernetes.io/control-plane': '',
      },
    },
    spec: { podCIDR, podCIDRs: [podCIDR], providerID: `portolan://${name}` },
    status: {
      capacity,
      allocatable: capacity,
      addresses: [
        { type: 'InternalIP', address: internalIP },
        { type: 'Hostname', address: name },
      ],
      conditions: conditions(nowMs),
      nodeInfo: {
        architecture,
        bootID: machine.bootID,
        containerRuntimeVersion: 'portolan://0.1.0',
        kernelVersion: machine.kernelVersion,
        kubeProxyVersion: '',
        kubeletVersion: 'v1.34.0+portolan',
        machineID: machine.machineID,
        operatingSystem: 'linux',
        osImage: machine.osImage,
        systemUUID: machine.machineID,
      },
    },
  }
}

function conditions(nowMs: number): NonNullable<Node['status']>['conditions'] {
  const at = timestamp(nowMs)
  const one = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    lastHeartbeatTime: at,
    lastTransitionTime: at,
    reason,
    message,
  })
  return [
    one('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    one('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    one('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    one('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
  ]
}
