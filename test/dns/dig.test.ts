/** The server as dig sees it: an independent reader of every byte sent. */

import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DnsServer } from '../../dns/server.io.ts'
import { servedCluster } from './served-cluster.io.ts'

const hasDig = ((): boolean => {
  try {
    execFileSync('dig', ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

describe.skipIf(!hasDig)('dig (skipped without dnsutils)', () => {
  let server: DnsServer
  beforeAll(async () => {
    server = await servedCluster()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const dig = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)('dig', [
      '@127.0.0.1',
      '-p',
      String(server.port),
      '+time=2',
      '+tries=1',
      '+nocookie',
      ...args,
    ])
    return stdout
  }
  /** records of a section, sorted, blanks made one */
  const section = (text: string, name: string): string[] => {
    const after = text.split(`;; ${name} SECTION:\n`)[1]?.split('\n\n')[0] ?? ''
    return after
      .split('\n')
      .filter(Boolean)
      .map((line) => line.replaceAll(/\s+/g, ' '))
      .toSorted()
  }
  const S = 'svc.cluster.local'

  it.each([
    [['web.shop.svc.cluster.local', 'A'], 'NOERROR', [`web.shop.${S}. 5 IN A 10.96.0.7`]],
    [['web.shop.svc.cluster.local', 'AAAA'], 'NOERROR', [`web.shop.${S}. 5 IN AAAA 2001:db8::7`]],
    [['WEB.Shop.svc.Cluster.local', 'A'], 'NOERROR', ['WEB.Shop.svc.Cluster.local. 5 IN A 10.96.0.7']],
    [['db-1.db.data.svc.cluster.local', 'A'], 'NOERROR', [`db-1.db.data.${S}. 5 IN A 10.244.2.2`]],
    [
      ['_sql._tcp.db.data.svc.cluster.local', 'SRV'],
      'NOERROR',
      [0, 1].map((index) => `_sql._tcp.db.data.${S}. 5 IN SRV 0 50 5432 db-${index}.db.data.${S}.`),
    ],
    [['-x', '10.96.0.7'], 'NOERROR', [`7.0.96.10.in-addr.arpa. 5 IN PTR web.shop.${S}.`]],
    [
      ['-x', '2001:db8::7'],
      'NOERROR',
      [`7.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa. 5 IN PTR web.shop.${S}.`],
    ],
    [['-x', '10.244.2.1'], 'NOERROR', [`1.2.244.10.in-addr.arpa. 5 IN PTR db-0.db.data.${S}.`]],
    [['docs.shop.svc.cluster.local', 'CNAME'], 'NOERROR', [`docs.shop.${S}. 5 IN CNAME docs.example.org.`]],
    [['docs.shop.svc.cluster.local', 'A'], 'NOERROR', [`docs.shop.${S}. 5 IN CNAME docs.example.org.`]],
    [
      ['alias.shop.svc.cluster.local', 'A'],
      'NOERROR',
      [`alias.shop.${S}. 5 IN CNAME web.shop.${S}.`, `web.shop.${S}. 5 IN A 10.96.0.7`],
    ],
    [['cluster.local', 'NS'], 'NOERROR', [`cluster.local. 5 IN NS kube-dns.kube-system.${S}.`]],
    [['dns-version.cluster.local', 'TXT'], 'NOERROR', ['dns-version.cluster.local. 28800 IN TXT "1.1.0"']],
    [['web.shop.svc.cluster.local', 'MX'], 'NOERROR', []],
    [['nothing.shop.svc.cluster.local', 'A'], 'NXDOMAIN', []],
    [['web.nowhere.svc.cluster.local', 'A'], 'NXDOMAIN', []],
    [['example.org', 'A'], 'SERVFAIL', []],
    [['-c', 'CH', 'version.bind', 'TXT'], 'REFUSED', []],
    [['+opcode=UPDATE', '+header-only', 'example.org'], 'NOTIMP', []],
  ])('%o', async (question, status, answers) => {
    const text = await dig(...question)
    expect(text).toContain(`status: ${status}`)
    expect(section(text, 'ANSWER')).toEqual([...answers].toSorted())
    expect(text).not.toMatch(/Warning|malformed|mismatch/)
  })

  it('says by an SOA how long nothing is nothing', async () => {
    for (const name of ['nothing.shop.svc.cluster.local', 'shop.svc.cluster.local']) {
      expect(section(await dig(name), 'AUTHORITY')).toEqual([
        'cluster.local. 5 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1700000000 7200 1800 86400 5',
      ])
    }
  })

  it('gives the addresses of SRV targets with them', async () => {
    const text = await dig('_sql._tcp.db.data.svc.cluster.local', 'SRV')
    expect(section(text, 'ADDITIONAL')).toEqual(
      [0, 1].map((i) => `db-${i}.db.data.${S}. 5 IN A 10.244.2.${i + 1}`),
    )
  })

  it('is authoritative, offers no recursion and copies RD', async () => {
    expect(await dig('web.shop.svc.cluster.local')).toMatch(/flags: qr aa rd; /)
    expect(await dig('+norec', 'web.shop.svc.cluster.local')).toMatch(/flags: qr aa; /)
  })

  it('cuts what is too long and says so; dig then asks over TCP', async () => {
    const name = 'many.data.svc.cluster.local'
    expect(await dig('+noedns', '+ignore', name)).toMatch(/flags: qr aa tc rd; QUERY: 1, ANSWER: 29/)
    expect(await dig('+bufsize=1232', '+ignore', name)).toMatch(/flags: qr aa tc rd; QUERY: 1, ANSWER: 73/)
    expect(await dig('+bufsize=4096', '+ignore', name)).toMatch(/flags: qr aa rd; QUERY: 1, ANSWER: 80/)
    const retried = await dig('+noedns', name)
    expect(retried).toContain('ANSWER: 80')
    expect(retried).toContain('(TCP)')
  })

  it('answers SRV of eighty endpoints whole over TCP', async () => {
    const text = await dig('+tcp', '_http._tcp.many.data.svc.cluster.local', 'SRV')
    expect(text).toMatch(/ANSWER: 80, AUTHORITY: 0, ADDITIONAL: 81/)
  })

  it('answers several questions on one connection', async () => {
    const text = await dig('+tcp', '+keepopen', '+short', `web.shop.${S}`, 'A', `db-0.db.data.${S}`, 'A')
    expect(text).toBe('10.96.0.7\n10.244.2.1\n')
  })

  it('echoes EDNS: size, DO, cookie; and knows version 0 only', async () => {
    const text = await dig('+dnssec', '+bufsize=1400', '+cookie=0102030405060708', `web.shop.${S}`)
    expect(text).toContain('EDNS: version: 0, flags: do; udp: 1400')
    expect(text).toContain('COOKIE: 0102030405060708 (echoed)')
    expect(await dig('+edns=1', '+noednsneg', `web.shop.${S}`)).toContain('status: BADVERS')
  })

  it('gives addresses in changing order', async () => {
    const first = new Set<string>()
    for (let attempt = 0; attempt < 100 && first.size < 2; attempt += 1) {
      first.add((await dig('+short', `db.data.${S}`)).split('\n')[0] ?? '')
    }
    expect([...first].toSorted()).toEqual(['10.244.2.1', '10.244.2.2'])
  })
})
