import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endpointSlice, namespace, pod, service } from '../test/support/builders.ts'
import { RecordTable, recordTable } from './records.ts'
import type { RecordSources } from './records.ts'

const NAMES = ['a', 'b', 'c']
const ADDRESSES = ['10.96.0.1', '10.96.0.2', '2001:db8::1']

const serviceOf = (name: string, ip: string) =>
  service(`ns/${name}`, {
    clusterIP: ip,
    clusterIPs: [ip],
    ports: [{ name: 'p', port: 80, protocol: 'TCP' }],
  })

type Change = {
  readonly name: string
  readonly address: string
  readonly kind: 'service' | 'slice' | 'pod'
  readonly isDelete: boolean
}
const change: fc.Arbitrary<Change> = fc.record({
  name: fc.constantFrom(...NAMES),
  address: fc.constantFrom(...ADDRESSES),
  kind: fc.constantFrom('service', 'slice', 'pod'),
  isDelete: fc.boolean(),
})

function apply(table: RecordTable, { name, address, kind, isDelete }: Change): void {
  if (kind === 'service') table[isDelete ? 'deleteService' : 'putService'](serviceOf(name, address), 1)
  else if (kind === 'slice')
    table[isDelete ? 'deleteSlice' : 'putSlice'](endpointSlice(`ns/${name}`, [address]), 1)
  else table[isDelete ? 'deletePod' : 'putPod'](pod(`ns/${name}`, { ip: address }), 1)
}

/** What is left after all changes, as objects. */
function survivors(changes: readonly Change[]): RecordSources {
  const last = new Map(changes.map((one) => [`${one.kind} ${one.name}`, one]))
  const alive = [...last.values()].filter(({ isDelete }) => !isDelete)
  return {
    namespaces: [namespace('ns')],
    services: alive
      .filter(({ kind }) => kind === 'service')
      .map(({ name, address }) => serviceOf(name, address)),
    slices: alive
      .filter(({ kind }) => kind === 'slice')
      .map(({ name, address }) => endpointSlice(`ns/${name}`, [address])),
    pods: alive
      .filter(({ kind }) => kind === 'pod')
      .map(({ name, address }) => pod(`ns/${name}`, { ip: address })),
  }
}

/** All that can be asked of a table, order of arrival aside. */
const view = (table: RecordTable) => ({
  services: NAMES.map((name) => table.service('ns', name)),
  slices: NAMES.map((name) => table.slicesOf('ns', name)),
  hasServiceAt: ADDRESSES.map((address) => table.serviceAt(address) !== undefined),
  slicesAt: ADDRESSES.map((address) =>
    table.slicesAt(address).toSorted((a, b) => a.service.localeCompare(b.service)),
  ),
  pods: ADDRESSES.map((address) => table.hasPod('ns', address)),
})

describe('RecordTable', () => {
  it('after any history is the table of what is left', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const table = new RecordTable()
        table.putNamespace('ns')
        for (const one of changes) apply(table, one)
        expect(view(table)).toEqual(view(recordTable(survivors(changes), 1)))
      }),
    )
  })

  it('has a new serial when an answer changes, and only then', () => {
    const table = new RecordTable()
    const slice = endpointSlice('ns/a', ['10.244.0.1'])
    table.putSlice(slice, 100)
    table.putSlice({ ...slice, metadata: { ...slice.metadata, resourceVersion: '7' } }, 200)
    expect(table.serial).toBe(100)
    table.putSlice(endpointSlice('ns/a', ['10.244.0.2']), 300)
    expect(table.serial).toBe(300)
    table.putNamespace('other')
    expect(table.serial).toBe(300)
    table.deleteSlice(slice, 400)
    table.deleteSlice(slice, 500)
    expect(table.serial).toBe(400)
  })

  it('follows a slice that is moved to another Service', () => {
    const table = new RecordTable()
    const slice = endpointSlice('ns/a', ['10.244.0.1'])
    table.putSlice(slice, 1)
    table.putSlice(
      { ...slice, metadata: { ...slice.metadata, labels: { 'kubernetes.io/service-name': 'b' } } },
      2,
    )
    expect(table.slicesOf('ns', 'a')).toEqual([])
    expect(table.slicesAt('10.244.0.1').map((one) => one.service)).toEqual(['b'])
  })
})
