/**
 * Who sends a request: the user of its client certificate, or nobody.
 *
 * CN is the user, each O a group, and every such user is in system:authenticated
 * (kubernetes/apiserver pkg/authentication/request/x509). Tokens will be read here too.
 */

import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { User } from './request.ts'
import { ANONYMOUS } from './request.ts'

/** Remembers each connection's user: the certificate does not change while it lasts. */
export class Authenticator {
  readonly #users = new WeakMap<object, User>()

  /** @returns the user; ANONYMOUS without a certificate that our CA signed */
  userOf(request: IncomingMessage): User {
    const socket = request.socket as TLSSocket
    const known = this.#users.get(socket)
    if (known !== undefined) return known
    const user = certificateUser(socket)
    this.#users.set(socket, user)
    return user
  }
}

function certificateUser(socket: TLSSocket): User {
  if (!socket.authorized) return ANONYMOUS
  const subject = socket.getPeerCertificate().subject as
    | Readonly<Record<string, string | string[]>>
    | undefined
  const [name] = [subject?.['CN'] ?? []].flat()
  if (name === undefined) return ANONYMOUS
  return { name, groups: [...[subject?.['O'] ?? []].flat(), 'system:authenticated'] }
}
