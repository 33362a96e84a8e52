/**
 * Service account tokens in a pod's volumes: asked for when a volume is first mounted, renewed when four fifths of
 * their life are over (kubernetes/kubernetes pkg/kubelet/token/token_manager.go).
 */

import type { TokenRequest } from '../api/generated/authentication-v1.ts'
import type { Pod, ServiceAccountTokenProjection, Volume } from '../api/generated/core-v1.ts'
import { SERVICE_ACCOUNTS } from '../api/scheme.ts'
import { parseTimestamp } from '../api/timestamp.ts'
import type { Client } from '../client/client.ts'
import type { Clock, Logger } from '../../host/host.ts'

const RENEWED_AFTER = 0.8
const DAY_MS = 86_400_000
const RETRY_MS = 10_000

export interface PodTokensOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  /** the pod as of now */
  readonly pod: () => Pod
  /** a token of the volume was renewed: write the volume anew */
  readonly renewed: (volume: Volume) => Promise<void>
}

const keyOf = ({ audience = '', expirationSeconds = 0 }: ServiceAccountTokenProjection): string =>
  `${expirationSeconds} ${audience}`

export class PodTokens implements AsyncDisposable {
  readonly #options: PodTokensOptions
  readonly #tokens = new Map<string, string>()
  readonly #volumes = new Map<string, Promise<void>>()
  readonly #renewals: Promise<void>[] = []
  readonly #stop = new AbortController()

  constructor(options: PodTokensOptions) {
    this.#options = options
  }

  /** The token that stands in the volume; undefined before it was issued. */
  of(source: ServiceAccountTokenProjection): string | undefined {
    return this.#tokens.get(keyOf(source))
  }

  /** Resolves when every token of the volume is there. Rejects with ApiError when one is refused. */
  async issued(volume: Volume): Promise<void> {
    const sources = (volume.projected?.sources ?? []).flatMap((each) => each.serviceAccountToken ?? [])
    if (sources.length === 0) return
    const issuing = this.#volumes.get(volume.name) ?? this.#issueAll(volume, sources)
    this.#volumes.set(volume.name, issuing)
    try {
      await issuing
    } catch (error) {
      // The next start of a container tries again.
      if (this.#volumes.get(volume.name) === issuing) this.#volumes.delete(volume.name)
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#renewals)
  }

  async #issueAll(volume: Volume, sources: readonly ServiceAccountTokenProjection[]): Promise<void> {
    const lives = await Promise.all(sources.map((source) => this.#issue(source)))
    sources.forEach((source, index) => {
      this.#renewals.push(this.#keepFresh(volume, source, lives[index] ?? DAY_MS))
    })
  }

  /** @returns after how many milliseconds it is to be renewed */
  async #issue(source: ServiceAccountTokenProjection): Promise<number> {
    const { client, clock } = this.#options
    const { metadata, spec } = this.#options.pod()
    const { audience, expirationSeconds } = source
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        ...(audience ? { audiences: [audience] } : {}),
        ...(expirationSeconds ? { expirationSeconds } : {}),
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid },
      },
    }
    const account = { namespace: metadata.namespace, name: spec.serviceAccountName || 'default' }
    const answer = await client.createSubresource(SERVICE_ACCOUNTS, account, { subresource: 'token', body })
    const { token = '', expirationTimestamp } = (answer as TokenRequest).status ?? {}
    this.#tokens.set(keyOf(source), token)
    const lifeMs = (parseTimestamp(expirationTimestamp) ?? clock.now()) - clock.now()
    return Math.min(lifeMs * RENEWED_AFTER, DAY_MS)
  }

  async #keepFresh(volume: Volume, source: ServiceAccountTokenProjection, firstMs: number): Promise<void> {
    const { clock, log, renewed } = this.#options
    const { signal } = this.#stop
    for (let waitMs = firstMs; !signal.aborted;) {
      await clock.sleep(waitMs, signal).catch(() => undefined)
      if (signal.aborted) return
      try {
        waitMs = await this.#issue(source)
        await renewed(volume)
      } catch (error) {
        log.warn('a service account token could not be renewed', { err: error })
        waitMs = RETRY_MS
      }
    }
  }
}
