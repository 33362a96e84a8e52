import { describe, expect, it } from 'vitest'
import { deepFreeze } from '../../../api/deep-freeze.ts'
import { restoredMetadata } from './restored-metadata.ts'

describe('metadata of a converted object', () => {
  const bare = deepFreeze({ name: 'a', uid: 'u' })

  it('gets labels and annotations where there were none, and the original stays as it is', () => {
    const converted = { name: 'b', labels: { a: 'b' }, annotations: { c: 'd' } }
    expect(restoredMetadata(bare, converted)).toEqual({
      name: 'a',
      uid: 'u',
      labels: { a: 'b' },
      annotations: { c: 'd' },
    })
    expect(bare).toEqual({ name: 'a', uid: 'u' })
  })

  it('loses those that the conversion takes away', () => {
    expect(restoredMetadata({ ...bare, labels: { a: 'b' } }, { name: 'a' })).toEqual(bare)
  })
})
