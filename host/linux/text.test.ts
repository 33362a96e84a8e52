/** The small pure texts of the Linux machine: log lines, the ledger, socket addresses. */

import { expect, it } from 'vitest'
import type { HostChange } from '../host.ts'
import { ledgerEntries, ledgerText, withChange, withoutChange } from './ledger-text.ts'
import { logLine } from './log-line.ts'
import { portForUnprivileged, sockaddrIn } from './socket-address.ts'

it.each([
  {
    name: 'an entry with fields',
    json: '{"level":"warn","time":"2030-01-01T12:00:01.250Z","dataplane":"iptables","durationMs":12,"message":"sync failed"}',
    line: '12:00:01.250 warn  sync failed  dataplane=iptables  durationMs=12\n',
  },
  {
    name: 'an error by its message',
    json: '{"level":"error","time":"2030-01-01T12:00:01.250Z","err":{"message":"line 3 failed"},"message":"x"}',
    line: '12:00:01.250 error x  err="line 3 failed"\n',
  },
  { name: 'text that is no entry, as it is', json: 'panic\n', line: 'panic\n' },
  { name: 'JSON that is no entry, as it is', json: '[1]\n', line: '[1]\n' },
])('prints $name', ({ json, line }) => {
  expect(logLine(json)).toBe(line)
})

const LINK: HostChange = { kind: 'link', name: 'ptl0' }
const BEFORE: HostChange = { kind: 'sysctl', name: 'net.ipv4.ip_forward', before: '0' }

it('reads the ledger back on the same boot only', () => {
  const text = ledgerText([LINK, BEFORE], 'boot-1')
  expect(ledgerEntries(text, 'boot-1')).toEqual([LINK, BEFORE])
  expect(ledgerEntries(text, 'boot-2')).toEqual([])
  expect(ledgerEntries('', 'boot-1')).toEqual([])
})

it('keeps the first record of a sysctl, which knows the true old value', () => {
  const entries = withChange([], BEFORE)
  expect(withChange(entries, { ...BEFORE, before: '1' })).toBe(entries)
  expect(withoutChange(entries, { ...BEFORE, before: '1' })).toEqual([])
  expect(withoutChange(entries, LINK)).toBe(entries)
})

it.each([
  { address: '127.0.0.1', port: 80, used: 20080 },
  { address: '127.112.0.2', port: 1023, used: 21023 },
  { address: '127.0.0.1', port: 1024, used: 1024 },
  { address: '127.0.0.1', port: 0, used: 0 },
  { address: '0.0.0.0', port: 80, used: 80 },
])('binds $used for $address:$port where low ports are refused', ({ address, port, used }) => {
  expect(portForUnprivileged(address, port)).toBe(used)
})

it('writes socket addresses as the kernel reads them', () => {
  expect(sockaddrIn('192.0.2.1', 8080).toString('hex')).toBe('02001f90c00002010000000000000000')
  expect(() => sockaddrIn('localhost', 80)).toThrow(RangeError)
})
