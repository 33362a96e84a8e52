/**
 * Makes probes: HTTP, TCP, gRPC from the node's namespace, exec in the container (kubernetes/kubernetes pkg/probe).
 * What results mean is ./probe.ts.
 */

import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { Socket } from 'node:net'
import type { NetworkNamespace, Sockets } from '../../host/host.ts'
import type { Container, Probe } from '../api/generated/core-v1.ts'
import { portNumber } from './image-behaviour.ts'
import type { ProbeResult } from './probe.ts'
import { HEALTH_CHECK_PATH, healthRequest, saysServing } from './stand-ins/grpc-health.ts'

export interface ProbeTarget {
  readonly sockets: Sockets
  /** probes come from the node */
  readonly nodeNetwork: NetworkNamespace | undefined
  readonly podIP: string
  readonly container: Container
  /** runs a command in the container; resolves with its exit code and output */
  readonly exec: (
    command: readonly string[],
    signal: AbortSignal,
  ) => Promise<{ readonly code: number; readonly output: string }>
}

const MAX_BODY_BYTES = 10 * 1024

/** One attempt. Never rejects: what goes wrong is the result. */
export async function probeOnce(probe: Probe, target: ProbeTarget, stop: AbortSignal): Promise<ProbeResult> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout((probe.timeoutSeconds ?? 1) * 1000)])
  try {
    if (probe.httpGet) return await httpProbe(probe.httpGet, target, signal)
    if (probe.tcpSocket) return await tcpProbe(probe.tcpSocket.port, probe.tcpSocket.host, target, signal)
    if (probe.grpc) return await grpcProbe(probe.grpc, target, signal)
    if (probe.exec) {
      const { code, output } = await target.exec(probe.exec.command ?? [], signal)
      return code === 0 ? { ok: true } : { ok: false, message: output.trim() }
    }
    return { ok: false, message: 'missing probe handler' }
  } catch (error) {
    return { ok: false, message: messageOf(error, signal) }
  }
}

function messageOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'context deadline exceeded'
  return error instanceof Error ? error.message : String(error)
}

function dial(target: ProbeTarget, port: number, host: string | undefined): Socket {
  return target.sockets.connect({ network: target.nodeNetwork, address: host || target.podIP, port })
}

function resolvedPort(target: ProbeTarget, port: number | string): number {
  const number = portNumber(target.container, port)
  if (number === undefined) throw new Error(`couldn't find port: ${port}`)
  return number
}

function httpProbe(
  get: NonNullable<Probe['httpGet']>,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const port = resolvedPort(target, get.port)
  const secure = get.scheme === 'HTTPS'
  const url = `${secure ? 'https' : 'http'}://${get.host || target.podIP}:${port}${get.path ?? '/'}`
  const given = Object.fromEntries((get.httpHeaders ?? []).map(({ name, value }) => [name, value]))
  const headers = {
    Host: `${get.host || target.podIP}:${port}`,
    'User-Agent': 'kube-probe/1.34',
    Accept: '*/*',
    Connection: 'close',
    ...given,
  }
  return new Promise((resolve) => {
    const options = { path: get.path ?? '/', headers, signal }
    const outgoing = secure
      ? secureRequest({
          ...options,
          rejectUnauthorized: false,
          socket: dial(target, port, get.host),
        } as object)
      : request({ ...options, createConnection: () => dial(target, port, get.host) })
    outgoing.on('error', (error) =>
      resolve({ ok: false, message: `Get ${JSON.stringify(url)}: ${messageOf(error, signal)}` }),
    )
    outgoing.once('response', (response) => {
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > MAX_BODY_BYTES) response.destroy()
      })
      response.on('error', () => undefined)
      const status = response.statusCode ?? 0
      const ok = status >= 200 && status < 400
      resolve(ok ? { ok } : { ok, message: `HTTP probe failed with statuscode: ${status}` })
    })
    outgoing.end()
  })
}

function tcpProbe(
  port: number | string,
  host: string | undefined,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const number = resolvedPort(target, port)
  return new Promise((resolve) => {
    const socket = dial(target, number, host)
    const done = (result: ProbeResult): void => {
      socket.destroy()
      resolve(result)
    }
    const where = `${host || target.podIP}:${number}`
    socket.once('connect', () => done({ ok: true }))
    socket.once('error', (error) =>
      done({ ok: false, message: `dial tcp ${where}: ${messageOf(error, signal)}` }),
    )
    signal.addEventListener('abort', () => done({ ok: false, message: `dial tcp ${where}: i/o timeout` }), {
      once: true,
    })
  })
}

function grpcProbe(
  grpc: NonNullable<Probe['grpc']>,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const where = `${target.podIP}:${grpc.port}`
  return new Promise((resolve) => {
    const session = connectHttp2(`http://${where}`, {
      createConnection: () => dial(target, grpc.port, undefined),
    })
    const done = (result: ProbeResult): void => {
      session.destroy()
      resolve(result)
    }
    const failed = (error: Error): void =>
      done({
        ok: false,
        message: `timeout: failed to connect service ${JSON.stringify(where)}: ${error.message}`,
      })
    session.on('error', failed)
    signal.addEventListener('abort', () => failed(new Error('context deadline exceeded')), { once: true })
    const stream = session.request({
      ':method': 'POST',
      ':path': HEALTH_CHECK_PATH,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    stream.on('error', failed)
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('end', () => {
      const ok = saysServing(Buffer.concat(chunks))
      done(ok ? { ok } : { ok, message: 'service unhealthy (responded with "NOT_SERVING")' })
    })
    stream.end(healthRequest(grpc.service ?? ''))
  })
}
