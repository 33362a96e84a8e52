/**
 * Who sends a request: the user of its client certificate, that of its bearer token, or nobody.
 *
 * CN is the user, each O a group, and every such user is in system:authenticated
 * (kubernetes/apiserver pkg/authentication/request/{x509,bearertoken,union}).
 */

import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { ApiError } from '../../api/api-error.ts'
import type { User } from '../requests/request.ts'
import { ANONYMOUS } from '../requests/request.ts'
import type { ServiceAccountTokens } from './service-account-tokens.ts'
import type { StaticTokens } from './static-tokens.ts'

export interface Authenticated {
  readonly user: User
  /** what it is to be told about its proof */
  readonly warnings: readonly string[]
}

export interface Proofs {
  /** absent: none of a service account proves anything */
  readonly tokens: ServiceAccountTokens | undefined
  readonly staticTokens: StaticTokens
  /** whether who shows nothing is somebody: kube-apiserver's --anonymous-auth */
  readonly admitsAnonymous: boolean
}

/** Remembers each connection's user: the certificate does not change while it lasts. */
export class Authenticator {
  readonly #proofs: Proofs
  readonly #users = new WeakMap<object, Certified>()

  constructor(proofs: Proofs) {
    this.#proofs = proofs
  }

  /** ANONYMOUS for who shows nothing. Rejects with ApiError Unauthorized for a certificate or token that is not good. */
  async userOf(request: IncomingMessage): Promise<Authenticated> {
    const { tokens, staticTokens, admitsAnonymous } = this.#proofs
    const certified = this.#certified(request.socket as TLSSocket)
    if (certified.user !== undefined) return { user: certified.user, warnings: [] }
    const token = bearerToken(request)
    // Who shows a proof that is none is refused; only who shows nothing is nobody.
    if (token === undefined && !certified.isForeign && admitsAnonymous)
      return { user: ANONYMOUS, warnings: [] }
    const known = staticTokens.get(token ?? '')
    if (known !== undefined) return { user: known, warnings: [] }
    const verified = token === undefined ? undefined : await tokens?.verify(token)
    if (verified === undefined) throw new ApiError('Unauthorized', 'Unauthorized')
    return { user: verified.user, warnings: verified.warnings ?? [] }
  }

  #certified(socket: TLSSocket): Certified {
    const known = this.#users.get(socket)
    if (known !== undefined) return known
    const certified = certifiedUser(socket)
    this.#users.set(socket, certified)
    return certified
  }
}

interface Certified {
  readonly user?: User
  /** there is a certificate, but none that our CA signed, or one out of its time */
  readonly isForeign: boolean
}

function certifiedUser(socket: TLSSocket): Certified {
  const subject = socket.getPeerCertificate().subject as
    | Readonly<Record<string, string | string[]>>
    | undefined
  if (!socket.authorized) return { isForeign: subject !== undefined }
  const [name] = [subject?.['CN'] ?? []].flat()
  if (name === undefined) return { isForeign: false }
  const groups = [...[subject?.['O'] ?? []].flat(), 'system:authenticated']
  return { user: { name, groups }, isForeign: false }
}

/** RFC 6750. Other schemes prove nothing here, an empty token is none, and what follows a token is not read. */
function bearerToken({ headers }: IncomingMessage): string | undefined {
  const [, token] = /^bearer +(\S+)/i.exec(headers.authorization ?? '') ?? []
  return token
}
