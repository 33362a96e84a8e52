/** Writers of pods and ConfigMaps over HTTPS, several at a time, that remember what was acknowledged. */

import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import type { Endpoint, Newest } from './http-informer.io.ts'

export interface WriteStep {
  readonly kind: 'put' | 'relabel' | 'status' | 'bind' | 'delete' | 'recreate' | 'sweep'
  readonly resource: 'pods' | 'configmaps'
  readonly namespace: string
  readonly name: string
  readonly color: string | null
  readonly phase: string
}

/** A write that was answered with the object it made. */
export interface Acknowledged {
  readonly resource: string
  readonly key: string
  readonly revision: number
}

export class ObjectWriter implements Disposable {
  readonly acknowledged: Acknowledged[] = []
  readonly #endpoint: () => Endpoint
  readonly #agent = new Agent({ keepAlive: true })
  readonly #newest: Newest

  constructor(endpoint: () => Endpoint, newest: Newest) {
    this.#endpoint = endpoint
    this.#newest = newest
  }

  async makeNamespace(name: string): Promise<void> {
    await this.#send('POST', '/api/v1/namespaces', { metadata: { name } })
    const metadata = { name: 'default' }
    await this.#send('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { metadata })
  }

  /** Rejects when the connection breaks, or the server answers what it never should. */
  async perform(step: WriteStep): Promise<void> {
    const { kind, resource, namespace, name } = step
    const collection = `/api/v1/namespaces/${namespace}/${resource}`
    const path = `${collection}/${name}`
    const body = bodyOf(step)
    switch (kind) {
      case 'put':
      case 'relabel':
        if (kind === 'put' && (await this.#write(step, 'POST', collection, body)) !== 409) return
        await this.#write(step, 'PATCH', path, { metadata: { labels: { color: step.color } } })
        return
      case 'status':
        if (resource === 'pods')
          await this.#write(step, 'PATCH', `${path}/status`, { status: { phase: step.phase } })
        else await this.#write(step, 'PATCH', path, { data: { phase: step.phase } })
        return
      case 'bind':
        if (resource === 'pods')
          await this.#send('POST', `${path}/binding`, {
            metadata: { name },
            target: { kind: 'Node', name: 'n1' },
          })
        return
      case 'delete':
      case 'recreate':
        await this.#send('DELETE', `${path}?gracePeriodSeconds=0`)
        if (kind === 'recreate') await this.#write(step, 'POST', collection, body)
        return
      case 'sweep':
        await this.#send('DELETE', `${collection}?gracePeriodSeconds=0&labelSelector=color%3Dblue`)
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  async #write({ resource }: WriteStep, method: string, path: string, body: object): Promise<number> {
    const { code, answer } = await this.#send(method, path, body)
    const { namespace, name, resourceVersion } = answer.metadata ?? {}
    if (code < 300) {
      const key = `${namespace}/${name}`
      const revision = Number(resourceVersion)
      this.acknowledged.push({ resource, key, revision })
      this.#newest.revision = Math.max(this.#newest.revision, revision)
    }
    return code
  }

  async #send(method: string, path: string, body?: object): Promise<{ code: number; answer: WireAnswer }> {
    const text = body && JSON.stringify(body)
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const headers =
      text === undefined ? {} : { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) }
    const { agent, ...rest } = { ...this.#endpoint(), agent: this.#agent }
    const sent = request({ ...rest, agent, host: '127.0.0.1', method, path, headers })
    sent.on('error', () => undefined)
    sent.end(text)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    let received = ''
    for await (const chunk of response) received += String(chunk)
    const code = response.statusCode ?? 0
    if (code >= 300 && code !== 404 && code !== 409) throw new Error(`${method} ${path}: ${code} ${received}`)
    return { code, answer: JSON.parse(received) as WireAnswer }
  }
}

interface WireAnswer {
  readonly metadata?: {
    readonly namespace?: string
    readonly name?: string
    readonly resourceVersion?: string
  }
}

function bodyOf({ resource, name, color }: WriteStep): object {
  const metadata = { name, labels: color === null ? {} : { color } }
  return resource === 'pods'
    ? { metadata, spec: { containers: [{ name: 'c', image: 'i' }] } }
    : { metadata, data: {} }
}
