import { describe, expect, it } from 'vitest'
import { SCHEME } from '../../api/scheme.ts'
import { aggregatedDiscoveryList, apiResourceList, discoveredVersions } from './discovery.ts'

const versions = discoveredVersions(SCHEME, [])

interface Entry {
  readonly name: string
  readonly storageVersionHash?: string
}
const resources = (group: string, version: string): readonly Entry[] =>
  (apiResourceList(versions, group, version)?.['resources'] ?? []) as readonly Entry[]

describe('the hash of a storage version', () => {
  it.each([
    ['', 'v1', 'pods', 'xPOwRZ+Yhw8='],
    ['', 'v1', 'events', 'r2yiGXH7wu8='],
    // Kept in another version, or another group, than the one they are served in.
    ['events.k8s.io', 'v1', 'events', 'r2yiGXH7wu8='],
    ['autoscaling', 'v1', 'horizontalpodautoscalers', 'qwQve8ut294='],
    ['autoscaling', 'v2', 'horizontalpodautoscalers', 'qwQve8ut294='],
    ['storage.k8s.io', 'v1', 'volumeattributesclasses', 'Bl3MtjZ/n/s='],
    ['apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'jfWCUB31mvA='],
    ['', 'v1', 'pods/status', undefined],
    ['', 'v1', 'componentstatuses', undefined],
    ['authorization.k8s.io', 'v1', 'subjectaccessreviews', undefined],
  ])('of %s/%s %s', (group, version, name, hash) => {
    const entry = resources(group, version).find((each) => each.name === name)
    expect(entry).toBeDefined()
    expect(entry?.storageVersionHash).toBe(hash)
  })
})

describe('resources of Kubernetes itself', () => {
  it('are told of by their names', () => {
    const names = resources('apps', 'v1').map(({ name }) => name)
    expect(names.filter((name) => !name.includes('/'))).toEqual([
      'controllerrevisions',
      'daemonsets',
      'deployments',
      'replicasets',
      'statefulsets',
    ])
  })

  it('name no group of their own in the document of all', () => {
    const list = aggregatedDiscoveryList(versions, 'named', 'v2') as {
      readonly items: readonly {
        metadata: { name?: string }
        versions: readonly { resources: unknown[] }[]
      }[]
    }
    const apps = list.items.find(({ metadata }) => metadata.name === 'apps')
    expect(apps?.versions[0]?.resources[2]).toMatchObject({
      resource: 'deployments',
      responseKind: { group: '', version: '', kind: 'Deployment' },
      subresources: [
        { subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' } },
        { subresource: 'status', responseKind: { group: '', version: '', kind: 'Deployment' } },
      ],
    })
  })
})
