/**
 * A container's environment, command and arguments (kubernetes/kubernetes pkg/kubelet/kubelet_pods.go,
 * third_party/forked/golang/expansion). Pure: all it refers to is passed in.
 *
 * Order: variables of Services, then envFrom, then env; later wins. `$(NAME)` refers to what came before.
 */

import type { ConfigMap, Container, EnvVar, Pod, Secret, Service } from '../api/generated/core-v1.ts'
import { milliOf } from '../api/quantity.ts'

export interface EnvSources {
  readonly services: readonly Service[]
  readonly configMap: (name: string) => ConfigMap | undefined
  readonly secret: (name: string) => Secret | undefined
  readonly podIP: string
  readonly hostIP: string
  /** the container's view of the machine, for resourceFieldRef without a limit */
  readonly allocatable: Readonly<Record<string, string>>
}

export type EnvResult =
  | {
      readonly kind: 'env'
      readonly env: Readonly<Record<string, string>>
      readonly argv: (argv: readonly string[]) => readonly string[]
    }
  /** something it needs is missing: the container waits with CreateContainerConfigError */
  | { readonly kind: 'missing'; readonly message: string }

class MissingSource extends Error {}

export function containerEnv(pod: Pod, container: Container, sources: EnvSources): EnvResult {
  const env: Record<string, string> = {
    ...serviceVariables(pod, sources.services),
    HOSTNAME: pod.spec.hostname ?? pod.metadata.name,
  }
  try {
    for (const from of container.envFrom ?? []) Object.assign(env, envFrom(from, sources))
    for (const variable of container.env ?? []) {
      const value = valueOf(variable, { pod, container, sources, env })
      if (value !== undefined) env[variable.name] = value
    }
  } catch (error) {
    if (error instanceof MissingSource) return { kind: 'missing', message: error.message }
    throw error
  }
  return { kind: 'env', env, argv: (argv) => argv.map((text) => expanded(text, env)) }
}

/** `$(NAME)` from `env`; unknown names stay as they are; `$$` is a literal `$`. */
export function expanded(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^()]*)\)/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$'
    return Object.hasOwn(env, name) ? (env[name] ?? '') : whole
  })
}

function envFrom(
  from: NonNullable<Container['envFrom']>[number],
  sources: EnvSources,
): Record<string, string> {
  const { configMapRef, secretRef, prefix = '' } = from
  const ref = configMapRef ?? secretRef
  if (ref === undefined) return {}
  const name = ref.name ?? ''
  const data = configMapRef ? sources.configMap(name)?.data : decodedData(sources.secret(name))
  const exists = configMapRef ? sources.configMap(name) !== undefined : sources.secret(name) !== undefined
  if (!exists && !ref.optional)
    throw new MissingSource(`${configMapRef ? 'configmap' : 'secret'} "${name}" not found`)
  return Object.fromEntries(Object.entries(data ?? {}).map(([key, value]) => [`${prefix}${key}`, value]))
}

const decodedData = (secret: Secret | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(secret?.data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString('utf8'),
    ]),
  )

interface VariableContext {
  readonly pod: Pod
  readonly container: Container
  readonly sources: EnvSources
  readonly env: Readonly<Record<string, string>>
}

function valueOf(variable: EnvVar, context: VariableContext): string | undefined {
  const from = variable.valueFrom
  if (!from) return expanded(variable.value ?? '', context.env)
  if (from.fieldRef) return fieldValue(from.fieldRef.fieldPath ?? '', context.pod, context.sources)
  if (from.resourceFieldRef) return resourceValue(from.resourceFieldRef, context)
  const { configMapKeyRef: configRef, secretKeyRef: secretRef } = from
  const ref = configRef ?? secretRef
  if (ref === undefined) return undefined
  const name = ref.name ?? ''
  const data = configRef ? context.sources.configMap(name)?.data : decodedData(context.sources.secret(name))
  const value = data?.[ref.key]
  if (value !== undefined || ref.optional) return value
  const found = configRef ? context.sources.configMap(name) : context.sources.secret(name)
  const kind = configRef ? 'ConfigMap' : 'Secret'
  const where = `${context.pod.metadata.namespace}/${name}`
  throw new MissingSource(
    found ? `couldn't find key ${ref.key} in ${kind} ${where}` : `${kind.toLowerCase()} "${name}" not found`,
  )
}

/** The value of a downward API field path; '' for what the pod does not have. */
export function fieldValue(
  path: string,
  pod: Pod,
  { podIP, hostIP }: Pick<EnvSources, 'podIP' | 'hostIP'>,
): string {
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path)
  if (keyed) return pod.metadata[keyed[1] === 'labels' ? 'labels' : 'annotations']?.[keyed[2] ?? ''] ?? ''
  const simple: Readonly<Record<string, string | undefined>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'metadata.labels': keyValueLines(pod.metadata.labels),
    'metadata.annotations': keyValueLines(pod.metadata.annotations),
    'spec.nodeName': pod.spec.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName,
    'status.hostIP': hostIP,
    'status.hostIPs': hostIP,
    'status.podIP': podIP,
    'status.podIPs': podIP,
  }
  return simple[path] ?? ''
}

function keyValueLines(entries: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(entries ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')
}

type ResourceRef = NonNullable<NonNullable<EnvVar['valueFrom']>['resourceFieldRef']>

function resourceValue(ref: ResourceRef, { pod, container, sources }: VariableContext): string {
  const owner = ref.containerName
    ? (pod.spec.containers.find((one) => one.name === ref.containerName) ?? container)
    : container
  const [kind, name = ''] = (ref.resource ?? '').split('.')
  const text =
    kind === 'limits'
      ? (owner.resources?.limits?.[name] ?? sources.allocatable[name])
      : owner.resources?.requests?.[name]
  const divisor = milliOf(ref.divisor) || 1000n
  return String((milliOf(text) + divisor - 1n) / divisor)
}

/** Docker-style and Kubernetes-style variables of every Service with an address, of the pod's namespace. */
function serviceVariables(pod: Pod, services: readonly Service[]): Record<string, string> {
  const all = pod.spec.enableServiceLinks ?? true
  const visible = services.filter(({ metadata, spec }) => {
    const isKubernetes = metadata.namespace === 'default' && metadata.name === 'kubernetes'
    const hasAddress = spec.clusterIP && spec.clusterIP !== 'None' && spec.type !== 'ExternalName'
    return hasAddress && (isKubernetes || (all && metadata.namespace === pod.metadata.namespace))
  })
  return Object.assign({}, ...visible.map(variablesOf)) as Record<string, string>
}

function variablesOf({ metadata, spec }: Service): Record<string, string> {
  const prefix = metadata.name.toUpperCase().replaceAll('-', '_')
  const ip = spec.clusterIP ?? ''
  const ports = spec.ports ?? []
  const [first] = ports
  if (first === undefined) return {}
  const url = (port: (typeof ports)[number]): string =>
    `${(port.protocol ?? 'TCP').toLowerCase()}://${ip}:${port.port}`
  const variables: Record<string, string> = {
    [`${prefix}_SERVICE_HOST`]: ip,
    [`${prefix}_SERVICE_PORT`]: String(first.port),
    [`${prefix}_PORT`]: url(first),
  }
  for (const port of ports) {
    const protocol = port.protocol ?? 'TCP'
    const docker = `${prefix}_PORT_${port.port}_${protocol}`
    if (port.name)
      variables[`${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`] = String(port.port)
    variables[docker] = url(port)
    variables[`${docker}_PROTO`] = protocol.toLowerCase()
    variables[`${docker}_PORT`] = String(port.port)
    variables[`${docker}_ADDR`] = ip
  }
  return variables
}
