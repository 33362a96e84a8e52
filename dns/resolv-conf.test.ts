import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formerNameservers, hostResolvConf, isOurs, parseResolvConf, printResolvConf } from './resolv-conf.ts'

describe('reading', () => {
  it.each([
    ['nothing', '', { nameservers: [], search: [], options: [] }],
    [
      'the usual',
      'search corp.example example.org\nnameserver 192.0.2.1\nnameserver 2001:db8::1\noptions ndots:2 rotate\n',
      {
        nameservers: ['192.0.2.1', '2001:db8::1'],
        search: ['corp.example', 'example.org'],
        options: ['ndots:2', 'rotate'],
      },
    ],
    [
      'the last search',
      'search a.example\nsearch b.example',
      { nameservers: [], search: ['b.example'], options: [] },
    ],
    [
      'domain as search',
      'search a.example\ndomain b.example c',
      { nameservers: [], search: ['b.example'], options: [] },
    ],
    [
      'comments',
      '# nameserver 192.0.2.1\n; search a\nnameserver 192.0.2.2 # mine',
      { nameservers: ['192.0.2.2'], search: [], options: [] },
    ],
    [
      'tabs, carriage returns and blanks',
      '  nameserver\t192.0.2.1  \r\n',
      { nameservers: ['192.0.2.1'], search: [], options: [] },
    ],
    [
      'a link-local server',
      'nameserver fe80::1%eth0',
      { nameservers: ['fe80::1%eth0'], search: [], options: [] },
    ],
    [
      'nonsense',
      'nameserver\nnameserver dns.example\nsortlist x\n\u0000',
      { nameservers: [], search: [], options: [] },
    ],
    [
      'options from several lines',
      'options ndots:1\noptions rotate ndots:1',
      { nameservers: [], search: [], options: ['ndots:1', 'rotate'] },
    ],
  ])('%s', (_what, text, conf) => expect(parseResolvConf(text)).toEqual(conf))

  it('takes any text, and what it read is printed and read again as it was', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('nameserver ', 'search ', 'options ', '192.0.2.1', 'a.b', '\n', '#', ' '),
        }),
        (text) => {
          const conf = parseResolvConf(text)
          expect(parseResolvConf(printResolvConf(conf))).toEqual(conf)
        },
      ),
    )
  })
})

describe("the host's file while the cluster runs", () => {
  const former = parseResolvConf(
    'search corp.example\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\noptions ndots:2',
  )
  const text = hostResolvConf(former, {
    address: '127.0.0.10',
    search: ['svc.cluster.local', 'corp.example'],
  })

  it('has our server first, then the former ones, and the search list of both', () => {
    expect(parseResolvConf(text)).toEqual({
      nameservers: ['127.0.0.10', '192.0.2.1', '192.0.2.2'],
      search: ['corp.example', 'svc.cluster.local'],
      options: ['ndots:2'],
    })
  })

  it('remembers all former servers', () => {
    expect(isOurs(text)).toBe(true)
    expect(formerNameservers(text)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3'])
  })

  it('made again from itself is the same', () => {
    const again = { ...parseResolvConf(text), nameservers: formerNameservers(text) }
    expect(hostResolvConf(again, { address: '127.0.0.10', search: ['svc.cluster.local'] })).toBe(text)
  })

  it("is not taken for the host's own", () => {
    expect(isOurs('nameserver 192.0.2.1\n')).toBe(false)
    expect(formerNameservers('nameserver 192.0.2.1\n')).toEqual(['192.0.2.1'])
  })
})
