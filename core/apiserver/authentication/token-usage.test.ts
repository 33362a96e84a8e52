import { describe, expect, it } from 'vitest'
import { trackingConfigMap } from './token-usage.ts'

const NOW = Date.UTC(2026, 1, 3)
const METADATA = { name: 'x', namespace: 'y', uid: 'u' }
const map = (data?: Record<string, string>) => ({
  apiVersion: 'v1' as const,
  kind: 'ConfigMap' as const,
  metadata: METADATA,
  ...(data ? { data } : {}),
})

describe('since when use is written down', () => {
  it('begins with the ConfigMap', () => {
    expect(trackingConfigMap(undefined, NOW)).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' },
      data: { since: '2026-02-03' },
    })
  })

  it.each([['2026-02-03'], ['2020-02-29']])('stays %s', (since) => {
    expect(trackingConfigMap(map({ since }), NOW)).toBeUndefined()
  })

  it.each([[''], ['2026-02-30'], ['2026-2-3'], ['yesterday'], ['2026-02-03T00:00:00Z']])(
    'is put right where it is %j',
    (since) => {
      const mended = trackingConfigMap(map({ since, more: 'a' }), NOW)
      expect(mended).toEqual(map({ since: '2026-02-03', more: 'a' }))
    },
  )
})
