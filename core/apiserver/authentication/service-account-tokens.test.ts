import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../api/object.ts'
import { DEFAULT_ISSUER as ISSUER, ServiceAccountTokens } from './service-account-tokens.ts'
import { signingKey } from './token-keys.ts'

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
  /** Secrets and days */
  readonly used: string[] = []

  constructor(pem = key()) {
    this.put('serviceaccounts', 'robot')
    this.put('pods', 'p')
    this.tokens = new ServiceAccountTokens({
      signingKey: signingKey(pem),
      clock: { now: () => this.nowMs },
      random: { uuid: () => 'id' },
      find: ({ resource }, { name }) => this.objects.get(`${resource}/${name}`),
      tellUse: async ({ metadata }, day) => void this.used.push(`${metadata.name} ${day}`),
    })
  }

  put(resource: string, name: string, metadata: object = {}, rest: object = {}): void {
    const object = {
      apiVersion: 'v1',
      kind: 'K',
      metadata: { name, uid: `${name}-uid`, ...metadata },
      ...rest,
    }
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

describe('a token in a Secret', () => {
  const grant = { namespace: 'ns', account: { name: 'robot', uid: 'robot-uid' }, secret: 's' }
  const kept = (world: World, token: string, metadata: object = {}): void =>
    world.put('secrets', 's', metadata, { data: { token: Buffer.from(token).toString('base64') } })
  const known = (): { readonly world: World; readonly token: string } => {
    const world = new World()
    const token = world.tokens.secretToken(grant)
    kept(world, token)
    return { world, token }
  }

  it('says whose it is, for as long as there is time', async () => {
    const { world, token } = known()
    const robot = {
      name: 'system:serviceaccount:ns:robot',
      uid: 'robot-uid',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
      extra: {},
    }
    for (const years of [0, 1, 100]) {
      world.nowMs = START_MS + years * 365 * 86_400_000
      // oxlint-disable-next-line no-await-in-loop -- the clock is one
      expect(await world.tokens.verify(token)).toEqual({ user: robot, audiences: [ISSUER] })
    }
    expect(await world.tokens.verify(token, [ISSUER, 'other'])).toMatchObject({ audiences: [ISSUER] })
    expect(await world.tokens.verify(token, ['other'])).toBeUndefined()
  })

  it.each<[string, (world: World, token: string) => void]>([
    ['its Secret is gone', (world) => void world.objects.delete('secrets/s')],
    ['its Secret has another', (world) => kept(world, world.tokens.secretToken(grant))],
    ['its Secret has none', (world) => world.put('secrets', 's')],
    [
      'its Secret is being deleted',
      (world, token) => kept(world, token, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    ],
    [
      'its Secret says so',
      (world, token) =>
        kept(world, token, { labels: { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' } }),
    ],
    ['its account is gone', (world) => void world.objects.delete('serviceaccounts/robot')],
    ['its account is another of the name', (world) => world.put('serviceaccounts', 'robot', { uid: 'new' })],
    [
      'its account is being deleted',
      (world) => world.put('serviceaccounts', 'robot', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    ],
  ])('is void when %s', async (_case, change) => {
    const { world, token } = known()
    expect(await world.isGood(token)).toBe(true)
    change(world, token)
    expect(await world.isGood(token)).toBe(false)
  })

  it('is told of once a day, also when it was given up', async () => {
    const { world, token } = known()
    const label = (day: string, more: object = {}): void =>
      kept(world, token, { labels: { 'kubernetes.io/legacy-token-last-used': day, ...more } })
    await world.isGood(token)
    for (const day of ['2026-01-01', '2026-01-02', '2025-12-31']) {
      label(day)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await world.isGood(token)
    }
    label('2025-01-01', { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' })
    expect(await world.isGood(token)).toBe(false)
    expect(world.used).toEqual(['s 2026-01-01', 's 2026-01-01', 's 2026-01-01'])
  })

  it('is not to be used where it was made for every account', async () => {
    const { world, token } = known()
    expect((await world.tokens.verify(token))?.warnings).toBeUndefined()
    world.put('serviceaccounts', 'robot', {}, { secrets: [{ name: 's' }] })
    expect((await world.tokens.verify(token))?.warnings).toEqual([
      'Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.',
    ])
  })

  it('is void when another key signed it', async () => {
    const { token } = known()
    const world = new World()
    kept(world, token)
    expect(await world.isGood(token)).toBe(false)
  })

  it('is not what a token that ends can be made into', async () => {
    const { world } = known()
    const { token } = await world.tokens.issue(GRANT)
    kept(world, token)
    world.nowMs += 600_000
    expect(await world.isGood(token)).toBe(false)
  })
})

describe('judge()', () => {
  const gone = (resource: string) => (world: World) => void world.objects.delete(resource)
  const inSecret = (world: World): string => {
    const grant = { namespace: 'ns', account: { name: 'robot', uid: 'robot-uid' }, secret: 's' }
    return world.tokens.secretToken(grant)
  }
  const rows: readonly (readonly [string, string, (world: World) => void])[] = [
    ['bound', 'service account token has expired', (world) => void (world.nowMs += 600_000)],
    ['bound', 'service account token is not valid yet', (world) => void (world.nowMs -= 1000)],
    ['bound', 'serviceaccounts "robot" not found', gone('serviceaccounts/robot')],
    [
      'bound',
      'service account UID (new) does not match claim (robot-uid)',
      (world) => world.put('serviceaccounts', 'robot', { uid: 'new' }),
    ],
    ['bound', 'service account token has been invalidated', gone('pods/p')],
    [
      'bound',
      'pod UID (new) does not match service account pod ref claim (p-uid)',
      (world) => world.put('pods', 'p', { uid: 'new' }),
    ],
    ['kept', 'Token has been invalidated', () => undefined],
    ['kept', "Token does not match server's copy", (world) => world.put('secrets', 's')],
    [
      'kept',
      'ServiceAccount UID (new) does not match claim (robot-uid)',
      (world) => world.put('serviceaccounts', 'robot', { uid: 'new' }),
    ],
    [
      'kept',
      'ServiceAccount ns/robot has been deleted',
      (world) => world.put('serviceaccounts', 'robot', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    ],
  ]
  it.each(rows)('%s: %s', async (what, fault, change) => {
    const world = new World()
    const { tokens } = world
    const token = what === 'kept' ? inSecret(world) : (await tokens.issue(POD_GRANT)).token
    const data = { token: Buffer.from(token).toString('base64') }
    if (!fault.includes('invalidated')) world.put('secrets', 's', {}, { data })
    change(world)
    expect(await tokens.judge(token)).toEqual({ fault })
  })

  it('tells tokens of others from those of somebody else’s key', async () => {
    const { tokens } = new World()
    expect(await tokens.judge('x')).toEqual({ fault: undefined })
    const { token } = await new World().tokens.issue(GRANT)
    expect(await tokens.judge(token)).toEqual({ fault: 'go-jose/go-jose: error in cryptographic primitive' })
  })

  it('names the audiences', async () => {
    const { tokens } = new World()
    const { token } = await tokens.issue({ ...GRANT, audiences: ['a', 'b'] })
    expect(await tokens.judge(token, ['c', 'd'])).toEqual({
      fault: 'token audiences ["a" "b"] is invalid for the target audiences ["c" "d"]',
    })
  })
})
