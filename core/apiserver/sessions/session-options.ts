/**
 * What a log, exec, attach or port-forward request asks for, checked against the pod. Pure.
 * kubernetes/kubernetes pkg/registry/core/pod/strategy.go (LogLocation, streamLocation) for the messages.
 */

import { badRequest } from '../../api/api-error.ts'
import type { Pod } from '../../api/generated/core-v1.ts'
import type { LogOptions } from '../../api/node-agent.ts'
import { booleanOf, int64Of } from '../query-values.ts'

export interface ExecOptions {
  readonly container: string
  /** empty for attach */
  readonly command: readonly string[]
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

const on = (query: URLSearchParams, name: string): boolean => booleanOf(query, name) ?? false

const positive = (query: URLSearchParams, name: string): number | undefined => {
  const value = int64Of(query, name)
  return value !== undefined && value > 0 ? value : undefined
}

/** Throws ApiError BadRequest. */
export function execOptions(pod: Pod, kind: 'exec' | 'attach', query: URLSearchParams): ExecOptions {
  const tty = on(query, 'tty')
  const options = {
    container: containerName(pod, query.get('container') ?? ''),
    command: kind === 'exec' ? query.getAll('command') : [],
    stdin: on(query, 'stdin'),
    stdout: on(query, 'stdout'),
    // A terminal has one output.
    stderr: on(query, 'stderr') && !tty,
    tty,
  }
  if (!options.stdin && !options.stdout && !options.stderr) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
  }
  if (kind === 'exec' && options.command.length === 0) {
    throw badRequest('you must specify at least 1 command for the container')
  }
  requireAssigned(pod)
  return options
}

/** Throws ApiError BadRequest. */
export function logOptions(pod: Pod, query: URLSearchParams): LogOptions {
  const container = containerName(pod, query.get('container') ?? '')
  const tail = query.get('tailLines')
  return {
    container,
    follow: on(query, 'follow'),
    previous: on(query, 'previous'),
    timestamps: on(query, 'timestamps'),
    // Zero lines is a wish, too.
    tailLines: tail === null || tail === '' ? undefined : (positive(query, 'tailLines') ?? 0),
    limitBytes: positive(query, 'limitBytes'),
    sinceSeconds: positive(query, 'sinceSeconds'),
    sinceTime: query.get('sinceTime') || undefined,
  }
}

/** Throws ApiError BadRequest for a pod that is on no node yet. */
export function requireAssigned(pod: Pod): void {
  if (!pod.spec.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
}

function containerName(pod: Pod, wanted: string): string {
  const { spec, metadata } = pod
  const names = spec.containers.map(({ name }) => name)
  const initNames = (spec.initContainers ?? []).map(({ name }) => name)
  const ephemeralNames = (spec.ephemeralContainers ?? []).map(({ name }) => name)
  const [only] = names
  if (wanted === '' && names.length === 1 && only !== undefined) return only
  if (wanted === '') {
    const init = initNames.length > 0 ? ` or one of the init containers: [${initNames.join(' ')}]` : ''
    const choice = `choose one of: [${names.join(' ')}]${init}`
    throw badRequest(`a container name must be specified for pod ${metadata.name}, ${choice}`)
  }
  if (![...names, ...initNames, ...ephemeralNames].includes(wanted)) {
    throw badRequest(`container ${wanted} is not valid for pod ${metadata.name}`)
  }
  return wanted
}
