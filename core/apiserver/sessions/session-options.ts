/**
 * What a log, exec, attach or port-forward request asks for, checked against the pod. Pure.
 * kubernetes/kubernetes pkg/registry/core/pod/strategy.go (LogLocation, streamLocation) for the messages.
 */

import { badRequest, invalid } from '../../api/api-error.ts'
import type { FieldError } from '../../api/field-error.ts'
import { isTimestamp } from '../../api/timestamp.ts'
import { forbiddenField, invalidValue, when } from '../../api/validation/faults.ts'
import type { Pod } from '../../api/generated/core-v1.ts'
import type { LogOptions } from '../../api/node-agent.ts'
import { booleanOf, int64Of } from '../requests/query-values.ts'

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
  requireAssigned(pod)
  if (!options.stdin && !options.stdout && !options.stderr) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
  }
  if (kind === 'exec' && options.command.length === 0) {
    throw badRequest('you must specify at least 1 command for the container')
  }
  return options
}

/** What a log request says, before the pod is looked at. */
export type AskedLog = Omit<LogOptions, 'container'> & { readonly container: string | undefined }

/**
 * @param name of the pod
 * @throws ApiError BadRequest for what cannot be read, Invalid for what cannot be asked for
 */
export function askedLog(name: string, query: URLSearchParams): AskedLog {
  const asked = {
    container: query.get('container') || undefined,
    follow: on(query, 'follow'),
    previous: on(query, 'previous'),
    timestamps: on(query, 'timestamps'),
    tailLines: int64Of(query, 'tailLines'),
    limitBytes: int64Of(query, 'limitBytes'),
    sinceSeconds: int64Of(query, 'sinceSeconds'),
    sinceTime: timeOf(query, 'sinceTime'),
  }
  const errors = logFaults(asked, query.has('stream'))
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, name, errors)
  return asked
}

function timeOf(query: URLSearchParams, name: string): string | undefined {
  const text = query.get(name) || undefined
  if (text === undefined || isTimestamp(text)) return text
  const quoted = JSON.stringify(text)
  throw badRequest(`parsing time ${quoted} as "2006-01-02T15:04:05Z07:00": cannot parse ${quoted} as "2006"`)
}

/** kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidatePodLogOptions */
function logFaults(asked: AskedLog, hasStream: boolean): readonly FieldError[] {
  const { tailLines = 0, limitBytes = 1, sinceSeconds, sinceTime } = asked
  const less = (field: string, value: number) => invalidValue(field, value, 'must be greater than 0')
  const both = sinceSeconds !== undefined && sinceTime !== undefined
  return [
    ...when(tailLines < 0, () => invalidValue('tailLines', tailLines, 'must be greater than or equal to 0')),
    ...when(limitBytes < 1, () => less('limitBytes', limitBytes)),
    ...when(both, () =>
      forbiddenField('[]', 'at most one of `sinceTime` or `sinceSeconds` may be specified'),
    ),
    ...when(!both && (sinceSeconds ?? 1) < 1, () => less('sinceSeconds', sinceSeconds ?? 0)),
    ...when(hasStream, () => forbiddenField('stream', 'may not be specified')),
  ]
}

/** @returns whose log is wanted. Throws ApiError BadRequest */
export function logOptions(pod: Pod, asked: AskedLog): LogOptions {
  return { ...asked, container: containerName(pod, asked.container ?? '') }
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
