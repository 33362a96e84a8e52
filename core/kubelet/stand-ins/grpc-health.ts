/**
 * grpc.health.v1.Health over the wire: one message each way. Pure.
 *
 * A gRPC message is a flag byte, a 4-byte length, and protobuf; HealthCheckResponse is `{1: status}` with SERVING = 1
 * (grpc/grpc doc/health-checking.md, PROTOCOL-HTTP2.md).
 */

export const HEALTH_CHECK_PATH = '/grpc.health.v1.Health/Check'
export const HEALTH_WATCH_PATH = '/grpc.health.v1.Health/Watch'

/** A framed HealthCheckResponse with status SERVING. */
export const SERVING: Uint8Array = Uint8Array.of(0, 0, 0, 0, 2, 0x08, 1)

/** A framed HealthCheckRequest for a service; '' asks for the whole server. */
export function healthRequest(service: string): Uint8Array {
  const name = Buffer.from(service)
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.of(0x0a, name.length), name])
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

/** Whether a framed HealthCheckResponse says SERVING. */
export function saysServing(frame: Uint8Array): boolean {
  return frame.length >= 7 && frame[5] === 0x08 && frame[6] === 1
}
