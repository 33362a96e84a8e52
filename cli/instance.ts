/** What a running portolan tells other commands about itself, as kept in `instance.json` of its data dir. Pure. */

export interface Instance {
  readonly pid: number
  /** start time of the process in clock ticks since boot (/proc/PID/stat field 22): tells a re-used pid apart */
  readonly processStart: string
  readonly version: string
  readonly network: string
  readonly proxyMode: string
  readonly nodeName: string
  readonly server: string
  readonly kubeconfig: string
  readonly dns: { readonly address: string; readonly domain: string; readonly host: string }
  readonly ingress: { readonly http?: number | undefined; readonly https?: number | undefined }
  /** port of the HTTP proxy on 127.0.0.1 that knows cluster names */
  readonly proxyPort: number
  /** RFC 3339 */
  readonly startedAt: string
  readonly phase: 'starting' | 'ready'
}

/** @returns the instance, or undefined when the text is not one (torn by a crash, or of another version) */
export function parseInstance(text: string): Instance | undefined {
  try {
    const value = JSON.parse(text) as Partial<Instance>
    const whole =
      typeof value.pid === 'number' &&
      typeof value.processStart === 'string' &&
      typeof value.kubeconfig === 'string'
    return whole ? (value as Instance) : undefined
  } catch {
    return undefined
  }
}
