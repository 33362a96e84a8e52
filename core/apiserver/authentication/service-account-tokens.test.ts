import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../api/object.ts'
import { ISSUER, ServiceAccountTokens } from './service-account-tokens.ts'

const key = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string

const START_MS = Date.parse('2026-01-01T00:00:00Z')
const GRANT = {
  account: { namespace: 'ns', name: 'robot', uid: 'robot-uid' },
  audiences: [ISSUER],
  expirationSeconds: 600,
}
const POD_GRANT = { ...GRANT, bound: { pod: { name: 'p', uid: 'p-uid' }, node: { name: 'n', uid: 'n-uid' } } }

/** A server's tokens over objects that a test takes away and puts back. */
class World {
  nowMs = START_MS
  readonly objects = new Map<string, KubernetesObject>()
  readonly tokens: ServiceAccountTokens

  constructor(signingKey = key()) {
    this.put('serviceaccounts', 'robot')
    this.put('pods', 'p')
    this.tokens = new ServiceAccountTokens({
      signingKey,
      clock: { now: () => this.nowMs },
      random: { uuid: () => 'id' },
      find: ({ resource }, { name }) => this.objects.get(`${resource}/${name}`),
    })
  }

  put(resource: string, name: string, metadata: object = {}): void {
    const object = { apiVersion: 'v1', kind: 'K', metadata: { name, uid: `${name}-uid`, ...metadata } }
    this.objects.set(`${resource}/${name}`, object)
  }

  async isGood(token: string): Promise<boolean> {
    return (await this.tokens.verify(token)) !== undefined
  }
}

describe('a service account token', () => {
  it('says whose it is, and where it is used', async () => {
    const { tokens } = new World()
    const { token, expiresMs } = await tokens.issue(POD_GRANT)
    expect(expiresMs).toBe(START_MS + 600_000)
    expect((await tokens.verify(token))?.user).toEqual({
      name: 'system:serviceaccount:ns:robot',
      uid: 'robot-uid',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/credential-id': ['JTI=id'],
        'authentication.kubernetes.io/pod-name': ['p'],
        'authentication.kubernetes.io/pod-uid': ['p-uid'],
        'authentication.kubernetes.io/node-name': ['n'],
        'authentication.kubernetes.io/node-uid': ['n-uid'],
      },
    })
  })

  // Each is asked twice: what was found good once must not stay good.
  it.each<[string, (world: World) => void]>([
    ['its time is over', (world) => void (world.nowMs += 600_000)],
    ['its time has not come', (world) => void (world.nowMs -= 1000)],
    ['its account is gone', (world) => void world.objects.delete('serviceaccounts/robot')],
    ['its account is another of the name', (world) => world.put('serviceaccounts', 'robot', { uid: 'new' })],
    ['its pod is gone', (world) => void world.objects.delete('pods/p')],
    ['its pod is another of the name', (world) => world.put('pods', 'p', { uid: 'new' })],
    [
      'its pod should be gone for a minute',
      (world) => {
        world.put('pods', 'p', { deletionTimestamp: '2026-01-01T00:00:10Z' })
        world.nowMs += 70_001
      },
    ],
  ])('is void when %s', async (_case, change) => {
    const world = new World()
    const { token } = await world.tokens.issue(POD_GRANT)
    const fresh = await world.tokens.issue({ ...POD_GRANT, expirationSeconds: 599 })
    expect(await world.isGood(token)).toBe(true)
    change(world)
    expect(await world.isGood(token)).toBe(false)
    expect(await world.isGood(token)).toBe(false)
    expect(await world.isGood(fresh.token)).toBe(false)
  })

  it('is good while its pod ends', async () => {
    const world = new World()
    const { token } = await world.tokens.issue(POD_GRANT)
    world.put('pods', 'p', { deletionTimestamp: '2026-01-01T00:00:10Z' })
    world.nowMs += 60_000
    expect(await world.isGood(token)).toBe(true)
  })

  it('is good with the key that signed it, and unchanged', async () => {
    const world = new World()
    const { token } = await world.tokens.issue(GRANT)
    expect(await new World().isGood(token)).toBe(false)
    expect(await world.isGood(token)).toBe(true)
    const [header = '', , signature = ''] = token.split('.')
    const claims = { iss: ISSUER, aud: [ISSUER], sub: 'system:serviceaccount:ns:admin', exp: START_MS }
    const forged = Buffer.from(JSON.stringify(claims)).toString('base64url')
    expect(await world.isGood(`${header}.${forged}.${signature}`)).toBe(false)
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    expect(await world.isGood(`${none}.${forged}.`)).toBe(false)
  })

  it('is for its audiences, also once it is known', async () => {
    const { tokens } = new World()
    const { token } = await tokens.issue({ ...GRANT, audiences: ['a', 'b'] })
    expect((await tokens.verify(token, ['b', 'c']))?.audiences).toEqual(['b'])
    expect(await tokens.verify(token, ['c'])).toBeUndefined()
    expect(await tokens.verify(token)).toBeUndefined()
  })
})
