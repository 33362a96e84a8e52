/** What kube-apiserver 1.34 was seen to say of devices and claims, new and changed. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { faultsOf, statusFaultsOf, updateFaultsOf } from '../../../../test/support/kind-rules.ts'
import { DEVICE_RESOURCES, RESOURCE_CLAIMS, RESOURCE_SLICES } from '../../scheme/devices.ts'

/** [base, what is done, where, the value put there or what is done to the one that is there, faults] */
type Case = readonly [string, 'create' | 'update' | 'status', string, unknown, readonly string[]]

const { bases, cases } = JSON.parse(readFileSync(new URL('devices-cases.json', import.meta.url), 'utf8')) as {
  readonly bases: Readonly<Record<string, readonly [string, object]>>
  readonly cases: readonly Case[]
}

type Loose = Record<string, unknown>

/** The object with one value in it changed. */
function mutated(base: object, path: string, value: unknown): object {
  const copy = structuredClone(base) as Loose
  const keys = pathKeys(path, base)
  const last = keys.pop() ?? ''
  const holder = keys.reduce<Loose>((at, key) => at[key] as Loose, copy)
  const before = holder[last]
  if (value === '$delete' && Array.isArray(holder)) holder.splice(Number(last), 1)
  else if (value === '$delete') Reflect.deleteProperty(holder, last)
  else holder[last] = wanted(before, value)
  return copy
}

function wanted(before: unknown, value: unknown): unknown {
  if (value === '$repeat') return [...(before as unknown[]), structuredClone((before as unknown[])[0])]
  if (value === '$bad key') return { ...(before as object), 'bad key!': 'x' }
  const [, count] = /^a\*(\d+)$/.exec(String(value)) ?? []
  return count === undefined ? value : 'a'.repeat(Number(count))
}

/** Keys may have dots in them. */
function pathKeys(path: string, base: object): string[] {
  const keys: string[] = []
  let [at, rest]: [unknown, string] = [base, path]
  while (rest !== '') {
    const key = Object.keys(at as object).find((each) => rest === each || rest.startsWith(`${each}.`))
    if (key === undefined) throw new Error(`${path} leads nowhere`)
    keys.push(key)
    at = (at as Loose)[key]
    rest = rest.slice(key.length + 1)
  }
  return keys
}

const resourceOf = (plural: string) => {
  const found = DEVICE_RESOURCES.find(({ resource }) => resource === plural)
  if (found === undefined) throw new Error(`no resource ${plural}`)
  return found
}

const seen = (faults: readonly string[]): readonly string[] => [...new Set(faults)].toSorted()

describe('as seen', () => {
  it.each(cases)('%s, %s: %s = %j', (name, verb, path, value, expected) => {
    const [plural, base] = bases[name] ?? ['', {}]
    const resource = resourceOf(plural)
    const body = mutated(base, path, value)
    if (verb === 'create') expect(seen(faultsOf(resource, body))).toEqual(expected)
    else if (verb === 'update') expect(seen(updateFaultsOf(resource, body, base))).toEqual(expected)
    else {
      const { status: _, ...old } = base as Loose
      expect(seen(statusFaultsOf(resource, body, old))).toEqual(expected)
    }
  })
})

const claim = (devices: object): object => ({ spec: { devices } })
const exactly = { deviceClassName: 'c' }
const many = (count: number): readonly { readonly name: string }[] =>
  Array.from({ length: count }, (_, index) => ({ name: `r${index}`, exactly }))

describe('limits', () => {
  it('are 32 requests', () => {
    expect(faultsOf(RESOURCE_CLAIMS, claim({ requests: many(32) }))).toEqual([])
    expect(faultsOf(RESOURCE_CLAIMS, claim({ requests: many(33) }))).toEqual([
      'spec.devices.requests: Too many: 33: must have at most 32 items',
    ])
  })

  it('are 8 alternatives', () => {
    const firstAvailable = many(9).map(({ name }) => ({ name, deviceClassName: 'c' }))
    expect(faultsOf(RESOURCE_CLAIMS, claim({ requests: [{ name: 'r', firstAvailable }] }))).toEqual([
      'spec.devices.requests[0].firstAvailable: Too many: 9: must have at most 8 items',
    ])
  })

  it('are what drivers are told, and how dear an expression is', () => {
    const opaque = { driver: 'a.b', parameters: { text: 'x'.repeat(10_240) } }
    const expression =
      'device.attributes.all(a, device.attributes.all(b, device.attributes.all(c, device.attributes.all(d, a.matches(b)))))'
    const selectors = [{ cel: { expression } }, { cel: { expression: `'${'x'.repeat(10_240)}' == ''` } }]
    const requests = [{ name: 'r', exactly: { ...exactly, selectors } }]
    expect(faultsOf(RESOURCE_CLAIMS, claim({ requests, config: [{ opaque }] }))).toEqual([
      'spec.devices.requests[0].exactly.selectors[0].cel.expression: Forbidden: too complex, exceeds cost limit',
      'spec.devices.requests[0].exactly.selectors[1].cel.expression: Too long: may not be more than 10240 bytes',
      'spec.devices.config[0].opaque.parameters: Too long: may not be more than 10240 bytes',
    ])
  })

  it('are 32 attributes and capacities, and keys are shortened', () => {
    const names = Array.from({ length: 32 }, (_, index) => [`a${index}`, { bool: true }])
    const attributes = { ...Object.fromEntries(names), [`a.b/${'x'.repeat(120)}`]: { int: 1 } } as object
    const spec = { driver: 'a.b', pool: { name: 'p', resourceSliceCount: 1 }, allNodes: true }
    const devices = [{ name: 'd', attributes }]
    expect(faultsOf(RESOURCE_SLICES, { spec: { ...spec, devices } })).toEqual([
      'spec.devices[0]: Invalid value: 33: the total number of attributes and capacities must not exceed 32',
      `spec.devices[0].attributes[a.b/${'x'.repeat(43)}...${'x'.repeat(46)}]: Too long: may not be more than 32 bytes`,
    ])
  })
})
