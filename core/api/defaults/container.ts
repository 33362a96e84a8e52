/** Defaults of containers, their ports and probes (kubernetes/kubernetes pkg/apis/core/v1/defaults.go). Pure. */

import type {
  Container,
  ContainerPort,
  EnvVar,
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  Probe,
} from '../generated/core-v1.ts'

/** @param hostNetwork ports are then those of the host */
export function defaultContainer(container: Container, hostNetwork: boolean): Container {
  const { ports, env, lifecycle, livenessProbe, readinessProbe, startupProbe } = container
  return {
    ...container,
    ...(ports ? { ports: ports.map((port) => defaultPort(port, hostNetwork)) } : {}),
    ...(env ? { env: env.map(defaultVariable) } : {}),
    resources: container.resources ?? {},
    ...(livenessProbe ? { livenessProbe: defaultProbe(livenessProbe) } : {}),
    ...(readinessProbe ? { readinessProbe: defaultProbe(readinessProbe) } : {}),
    ...(startupProbe ? { startupProbe: defaultProbe(startupProbe) } : {}),
    ...(lifecycle ? { lifecycle: defaultLifecycle(lifecycle) } : {}),
    terminationMessagePath: container.terminationMessagePath ?? '/dev/termination-log',
    terminationMessagePolicy: container.terminationMessagePolicy ?? 'File',
    imagePullPolicy: container.imagePullPolicy ?? pullPolicy(container.image ?? ''),
  }
}

function defaultPort(port: ContainerPort, hostNetwork: boolean): ContainerPort {
  const hostPort = port.hostPort || (hostNetwork ? port.containerPort : undefined)
  return { ...port, ...(hostPort ? { hostPort } : {}), protocol: port.protocol ?? 'TCP' }
}

function defaultVariable(variable: EnvVar): EnvVar {
  const { valueFrom } = variable
  if (!valueFrom?.fieldRef) return variable
  const fieldRef = { ...valueFrom.fieldRef, apiVersion: valueFrom.fieldRef.apiVersion ?? 'v1' }
  return { ...variable, valueFrom: { ...valueFrom, fieldRef } }
}

/** `latest`, or no tag and no digest: Always. */
/** Always for `latest`, said or meant; what is no name of an image has no tag. */
function pullPolicy(image: string): string {
  const { name, tag, digest } = IMAGE.exec(image)?.groups ?? {}
  if (name === undefined || name.length > 255 || /^[a-f0-9]{64}$/.test(image)) return 'IfNotPresent'
  return (tag ?? (digest === undefined ? 'latest' : '')) === 'latest' ? 'Always' : 'IfNotPresent'
}

const PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
/** github.com/distribution/reference: an upper case letter is part of a host alone. */
const HOST = `(?:(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?/)?`
const IMAGE = new RegExp(
  `^(?<name>${HOST}${PART}(?:/${PART})*)(?::(?<tag>[\\w][\\w.-]{0,127}))?` +
    `(?:@(?<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]+))?$`,
)

function defaultProbe(probe: Probe): Probe {
  return {
    ...probe,
    ...(probe.httpGet ? { httpGet: defaultHttpGet(probe.httpGet) } : {}),
    ...(probe.grpc ? { grpc: { ...probe.grpc, service: probe.grpc.service ?? '' } } : {}),
    timeoutSeconds: probe.timeoutSeconds || 1,
    periodSeconds: probe.periodSeconds || 10,
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
  }
}

function defaultHttpGet(action: HTTPGetAction): HTTPGetAction {
  return { ...action, path: action.path || '/', scheme: action.scheme || 'HTTP' }
}

function defaultLifecycle({ postStart, preStop, ...rest }: Lifecycle): Lifecycle {
  return {
    ...rest,
    ...(postStart ? { postStart: defaultHandler(postStart) } : {}),
    ...(preStop ? { preStop: defaultHandler(preStop) } : {}),
  }
}

function defaultHandler(handler: LifecycleHandler): LifecycleHandler {
  return handler.httpGet ? { ...handler, httpGet: defaultHttpGet(handler.httpGet) } : handler
}
