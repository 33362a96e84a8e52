import { expect, it } from 'vitest'
import type { APIService } from '../../api/generated/apiregistration-v1.ts'
import { API_SERVICES, DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS, PODS } from '../../api/scheme.ts'
import { MANAGED_LABEL, localServices, registration } from './local-services.ts'

const CUSTOM = { ...DEPLOYMENTS, group: 'fruit.example', resource: 'apples', kind: 'Apple' }

const wanted = localServices([PODS, DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS, API_SERVICES, CUSTOM, CUSTOM])
const of = (name: string): APIService => {
  const found = wanted.get(name)
  if (found === undefined) throw new Error(`no ${name}`)
  return found
}

it('there is one a group-version, none for the group of APIServices', () => {
  const texts = [...wanted].map(([name, { metadata, spec }]) => {
    const label = metadata.labels?.[MANAGED_LABEL]
    return `${name} ${label} ${spec?.group ?? '-'} ${spec?.groupPriorityMinimum} ${spec?.versionPriority}`
  })
  expect(texts).toEqual([
    'v1. onstart - 18000 1',
    'v1.apps onstart apps 17800 15',
    'v2.autoscaling onstart autoscaling 17500 30',
    'v1.fruit.example true fruit.example 1000 100',
  ])
})

const names = (services: readonly APIService[]) => services.map(({ metadata }) => metadata.name)
const without = (one: APIService, field: 'labels'): APIService => {
  const { [field]: _gone, ...metadata } = one.metadata
  return { ...one, metadata }
}
const changed = (one: APIService): APIService =>
  ({ ...one, spec: { ...one.spec, versionPriority: 7 } }) as APIService

it.each<[string, readonly APIService[], boolean, string]>([
  ['a new store', [], true, 'create v1. v1.apps v2.autoscaling v1.fruit.example, replace , remove '],
  ['later, built-in ones stay deleted', [], false, 'create v1.fruit.example, replace , remove '],
  ['all is there', [...wanted.values()], true, 'create , replace , remove '],
  [
    'changed ones are set right: built-in ones at the start',
    [of('v1.'), changed(of('v1.apps')), of('v2.autoscaling'), changed(of('v1.fruit.example'))],
    true,
    'create , replace v1.apps v1.fruit.example, remove ',
  ],
  [
    'and else those of definitions',
    [of('v1.'), changed(of('v1.apps')), of('v2.autoscaling'), changed(of('v1.fruit.example'))],
    false,
    'create , replace v1.fruit.example, remove ',
  ],
  [
    'what a user made is left alone',
    [...wanted.values()].map((one) => without(changed(one), 'labels')),
    true,
    'create , replace , remove ',
  ],
  [
    'what is not served any more goes',
    [...wanted.values(), { ...of('v1.apps'), metadata: { ...of('v1.apps').metadata, name: 'v1.old' } }],
    false,
    'create , replace , remove v1.old',
  ],
])('%s', (_what, found, isStart, expected) => {
  const { create, replace, remove } = registration(wanted, found, isStart)
  const text = `create ${names(create).join(' ')}, replace ${names(replace).join(' ')}, remove ${names(remove).join(' ')}`
  expect(text).toBe(expected)
})
