import { expect, it } from 'vitest'
import { inOrderOfTrial, usableUpstreams } from './upstreams.ts'

it.each([
  ['in order', ['192.0.2.1', '192.0.2.2'], ['192.0.2.1', '192.0.2.2']],
  ['each once', ['192.0.2.1', '192.0.2.1'], ['192.0.2.1']],
  ['not ourselves', ['127.0.0.10', '192.0.2.1'], ['192.0.2.1']],
  ['not ourselves in another spelling', ['2001:DB8:0::1'], []],
  ['not nowhere', ['0.0.0.0', '::'], []],
  ['with a zone', ['fe80::1%eth0'], ['fe80::1%eth0']],
  ['only addresses', ['dns.example.org'], []],
])('%s', (_what, nameservers, expected) => {
  const found = usableUpstreams(nameservers, ['127.0.0.10', '2001:db8::1'])
  expect(found.map(({ address }) => address)).toEqual(expected)
})

it('asks those that are up first, and never one that asks us', () => {
  const upstreams = usableUpstreams(['192.0.2.1', '192.0.2.2', '192.0.2.3'], [])
  const failures: Readonly<Record<string, number>> = { '192.0.2.1': 3 }
  const order = inOrderOfTrial(upstreams, ({ address }) => ({
    failures: failures[address] ?? 0,
    isLoop: address === '192.0.2.2',
  }))
  expect(order.map(({ address }) => address)).toEqual(['192.0.2.3', '192.0.2.1'])
})
