import { describe, expect, it } from 'vitest'
import type { ResourceInfo } from '../../core/api/resource.ts'
import {
  CSI_DRIVERS,
  LIMIT_RANGES,
  PERSISTENT_VOLUMES,
  PERSISTENT_VOLUME_CLAIMS,
  STORAGE_CLASSES,
  RUNTIME_CLASSES,
  VOLUME_ATTACHMENTS,
} from '../../core/api/scheme.ts'
import { fixture } from './fixture.ts'

const volume = {
  metadata: { name: 'vol' },
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } },
}

describe('a volume', () => {
  it('says since when it is in its phase', async () => {
    const { create, update, clock } = await fixture()
    const made = await create(PERSISTENT_VOLUMES, volume)
    expect(made.status).toEqual({ phase: 'Pending', lastPhaseTransitionTime: '2026-01-01T00:00:00Z' })
    clock.ms += 5000
    const changed = { ...made, spec: {}, status: { ...made.status, phase: 'Available' } }
    const available = await update(PERSISTENT_VOLUMES, changed, 'status')
    expect(available.status).toEqual({ phase: 'Available', lastPhaseTransitionTime: '2026-01-01T00:00:05Z' })
    expect(available.spec).toEqual(made.spec)
  })
})

describe('a claim that asks for more', () => {
  const asks = (storage: string): object => ({
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'fast',
    resources: { requests: { storage } },
  })
  it.each<[string, { phase?: string; allowVolumeExpansion?: boolean }, string | undefined]>([
    ['is not bound', {}, 'spec is immutable after creation'],
    [
      'is of a class that does not let it',
      { phase: 'Bound', allowVolumeExpansion: false },
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    ],
    [
      'is of a class that is not there',
      { phase: 'Bound' },
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    ],
    ['is bound, and of a class that lets it', { phase: 'Bound', allowVolumeExpansion: true }, undefined],
  ])('%s', async (_what, { phase, ...more }, refusal) => {
    const { create, update } = await fixture()
    if ('allowVolumeExpansion' in more)
      await create(STORAGE_CLASSES, { metadata: { name: 'fast' }, provisioner: 'a.test/p', ...more })
    const made = await create(PERSISTENT_VOLUME_CLAIMS, { metadata: { name: 'c' }, spec: asks('1Gi') })
    const status = { ...made.status, ...(phase ? { phase } : {}) }
    const bound = await update(PERSISTENT_VOLUME_CLAIMS, { ...made, status }, 'status')
    const answer = update(PERSISTENT_VOLUME_CLAIMS, {
      ...bound,
      spec: { ...asks('2Gi'), volumeMode: 'Filesystem' },
    })
    if (refusal === undefined) await expect(answer).resolves.toBeDefined()
    else await expect(answer).rejects.toThrow(refusal)
  })
})

describe('what the kind says of its updates', () => {
  it('a CSIDriver counts changes of its spec, and is changed from a version only', async () => {
    const { create, update } = await fixture()
    const made = await create(CSI_DRIVERS, { metadata: { name: 'd' }, spec: {} })
    expect(made.metadata).not.toHaveProperty('generation')
    const spec = { ...made.spec, podInfoOnMount: true }
    expect((await update(CSI_DRIVERS, { ...made, spec })).metadata.generation).toBe(1)
    const { resourceVersion: _, ...metadata } = made.metadata
    await expect(update(CSI_DRIVERS, { ...made, metadata })).rejects.toThrow(
      'csidrivers.storage.k8s.io "d" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    )
  })

  it.each<[ResourceInfo, object, boolean]>([
    [LIMIT_RANGES, { spec: { limits: [] } }, true],
    [RUNTIME_CLASSES, { handler: 'runc' }, true],
    [
      VOLUME_ATTACHMENTS,
      { spec: { attacher: 'a', nodeName: 'n', source: { persistentVolumeName: 'v' } } },
      false,
    ],
  ])('an update may make one, or not: %j', async (resource, body, isMade) => {
    const { registry, context } = await fixture()
    const namespace = resource.namespaced ? { namespace: 'default' } : {}
    const object = { metadata: { name: 'new', ...namespace }, ...body }
    const asked = registry.update(resource, { ...namespace, name: 'new' }, object, context)
    if (isMade) expect((await asked).created).toBe(true)
    else await expect(asked).rejects.toThrow('volumeattachments.storage.k8s.io "new" not found')
  })
})
