/** The class of a claim that names none. */

import { describe, expect, it } from 'vitest'
import { PERSISTENT_VOLUME_CLAIMS, STORAGE_CLASSES } from '../../core/api/scheme.ts'
import type { Fixture, Loose } from './fixture.ts'
import { fixture } from './fixture.ts'

const MARK = 'storageclass.kubernetes.io/is-default-class'

const classOf = async (api: Fixture, name: string, isDefault: string): Promise<void> => {
  await api.create(STORAGE_CLASSES, {
    metadata: { name, annotations: { [MARK]: isDefault } },
    provisioner: 'x.test/y',
  })
}

const claim = (spec: Loose = {}): Loose => ({
  metadata: { name: 'c' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
})

describe('a claim', () => {
  it.each<[string, Loose, string | undefined]>([
    ['without a class gets the newest default', {}, 'b'],
    ['that names one keeps it', { storageClassName: 'z' }, 'z'],
    ['that wants none keeps that', { storageClassName: '' }, ''],
  ])('%s', async (_what, spec, expected) => {
    const api = await fixture()
    await classOf(api, 'a', 'true')
    api.clock.ms += 2000
    await classOf(api, 'c', 'true')
    await classOf(api, 'b', 'true')
    api.clock.ms += 2000
    await classOf(api, '0', 'false')
    const made = await api.create(PERSISTENT_VOLUME_CLAIMS, claim(spec))
    expect(made.spec.storageClassName).toBe(expected)
  })

  it('gets none where there is no default', async () => {
    const api = await fixture()
    await classOf(api, 'a', 'yes')
    expect((await api.create(PERSISTENT_VOLUME_CLAIMS, claim())).spec).not.toHaveProperty('storageClassName')
  })
})
