/**
 * Defaults of pods and pod templates (kubernetes/kubernetes pkg/apis/core/v1/defaults.go). Pure and idempotent.
 */

import type { Container, Pod, PodSpec, PodTemplateSpec, Probe, Volume } from '../generated/core-v1.ts'

export function defaultPod(pod: Pod): Pod {
  return {
    ...pod,
    spec: { ...defaultPodSpec(pod.spec), enableServiceLinks: pod.spec.enableServiceLinks ?? true },
    status: {
      ...pod.status,
      phase: pod.status?.phase ?? 'Pending',
      qosClass: pod.status?.qosClass ?? qosClass(pod.spec),
    },
  }
}

export function defaultPodTemplate(template: PodTemplateSpec): PodTemplateSpec {
  return { ...template, spec: defaultPodSpec(template.spec ?? { containers: [] }) }
}

export function defaultPodSpec(spec: PodSpec): PodSpec {
  const serviceAccountName = spec.serviceAccountName ?? spec.serviceAccount
  return {
    ...spec,
    volumes: spec.volumes?.map(defaultVolume),
    initContainers: spec.initContainers?.map((container) => defaultContainer(container, spec)),
    containers: (spec.containers ?? []).map((container) => defaultContainer(container, spec)),
    restartPolicy: spec.restartPolicy ?? 'Always',
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    dnsPolicy: spec.dnsPolicy ?? 'ClusterFirst',
    schedulerName: spec.schedulerName ?? 'default-scheduler',
    securityContext: spec.securityContext ?? {},
    ...(serviceAccountName ? { serviceAccountName, serviceAccount: serviceAccountName } : {}),
  }
}

function defaultContainer(container: Container, spec: PodSpec): Container {
  const { limits, requests } = container.resources ?? {}
  return {
    ...container,
    ports: container.ports?.map((port) => ({
      ...port,
      protocol: port.protocol ?? 'TCP',
      ...(spec.hostNetwork && !port.hostPort ? { hostPort: port.containerPort } : {}),
    })),
    resources: limits
      ? { ...container.resources, requests: { ...limits, ...requests } }
      : (container.resources ?? {}),
    terminationMessagePath: container.terminationMessagePath ?? '/dev/termination-log',
    terminationMessagePolicy: container.terminationMessagePolicy ?? 'File',
    imagePullPolicy: container.imagePullPolicy ?? pullPolicy(container.image ?? ''),
    env: container.env?.map((variable) => {
      const from = variable.valueFrom
      if (!from?.fieldRef) return variable
      return {
        ...variable,
        valueFrom: { ...from, fieldRef: { ...from.fieldRef, apiVersion: from.fieldRef.apiVersion ?? 'v1' } },
      }
    }),
    livenessProbe: container.livenessProbe && defaultProbe(container.livenessProbe),
    readinessProbe: container.readinessProbe && defaultProbe(container.readinessProbe),
    startupProbe: container.startupProbe && defaultProbe(container.startupProbe),
  }
}

/** `latest`, or no tag and no digest: Always. */
function pullPolicy(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1)
  if (name.includes('@')) return 'IfNotPresent'
  const tag = name.split(':')[1] ?? 'latest'
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}

function defaultProbe(probe: Probe): Probe {
  const http = probe.httpGet
  return {
    ...probe,
    timeoutSeconds: probe.timeoutSeconds || 1,
    periodSeconds: probe.periodSeconds || 10,
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
    ...(http ? { httpGet: { ...http, path: http.path || '/', scheme: http.scheme || 'HTTP' } } : {}),
    ...(probe.grpc ? { grpc: { ...probe.grpc, service: probe.grpc.service ?? '' } } : {}),
  }
}

const DEFAULT_MODE = 0o644

function defaultVolume(volume: Volume): Volume {
  const { name: _name, ...sources } = volume
  if (Object.values(sources).every((source) => source === undefined)) return { ...volume, emptyDir: {} }
  return {
    ...volume,
    ...(volume.secret
      ? { secret: { ...volume.secret, defaultMode: volume.secret.defaultMode ?? DEFAULT_MODE } }
      : {}),
    ...(volume.configMap
      ? { configMap: { ...volume.configMap, defaultMode: volume.configMap.defaultMode ?? DEFAULT_MODE } }
      : {}),
    ...(volume.downwardAPI
      ? {
          downwardAPI: { ...volume.downwardAPI, defaultMode: volume.downwardAPI.defaultMode ?? DEFAULT_MODE },
        }
      : {}),
    ...(volume.projected
      ? { projected: { ...volume.projected, defaultMode: volume.projected.defaultMode ?? DEFAULT_MODE } }
      : {}),
    ...(volume.hostPath ? { hostPath: { ...volume.hostPath, type: volume.hostPath.type ?? '' } } : {}),
  }
}

/** Guaranteed: every container has cpu and memory limits equal to its requests; BestEffort: nobody asks for any. */
export function qosClass(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])]
  const asks = (name: string, container: Container): readonly (string | undefined)[] => [
    container.resources?.requests?.[name] ?? container.resources?.limits?.[name],
    container.resources?.limits?.[name],
  ]
  const pairs = containers.flatMap((container) => ['cpu', 'memory'].map((name) => asks(name, container)))
  if (pairs.every(([request, limit]) => request === undefined && limit === undefined)) return 'BestEffort'
  return pairs.every(([request, limit]) => limit !== undefined && request === limit)
    ? 'Guaranteed'
    : 'Burstable'
}
