/** Certificates on disk: what is good stays, what is not is made anew, keys are private. */

import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPki } from './pki.io.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const DAY = 86_400_000
let directory: string

beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'portolan-pki-'))))
afterAll(async () => await rm(directory, { recursive: true, force: true }))

const open = async (more: { addresses?: string[]; nowMs?: number } = {}) =>
  await openPki({ directory, addresses: ['10.96.0.1'], nowMs: NOW, ...more })

describe('openPki', () => {
  it('makes certificates that OpenSSL would take', async () => {
    const pki = await open()
    const authority = new X509Certificate(pki.caCertificate)
    const server = new X509Certificate(pki.serverCertificate)
    const admin = new X509Certificate(pki.admin.certificate)
    expect(authority.ca).toBe(true)
    expect(server.verify(authority.publicKey) && admin.verify(authority.publicKey)).toBe(true)
    expect(server.checkHost('kubernetes.default.svc')).toBe('kubernetes.default.svc')
    expect([server.checkIP('127.0.0.1'), server.checkIP('10.96.0.1')]).toEqual(['127.0.0.1', '10.96.0.1'])
    expect(admin.subject).toBe('O=system:masters\nCN=kubernetes-admin')
    for (const name of ['ca.key', 'apiserver.key', 'admin.key']) {
      expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600)
    }
  })

  it('keeps what is good', async () => {
    expect((await open()).serverCertificate).toBe((await open()).serverCertificate)
  })

  it('issues the server anew for a new address, under the same authority', async () => {
    const before = await open()
    const after = await open({ addresses: ['10.96.0.1', '192.0.2.10'] })
    expect(after.caCertificate).toBe(before.caCertificate)
    expect(after.admin).toEqual(before.admin)
    expect(new X509Certificate(after.serverCertificate).checkIP('192.0.2.10')).toBe('192.0.2.10')
  })

  it('issues anew near the end', async () => {
    const before = await open()
    const after = await open({ nowMs: NOW + 340 * DAY })
    expect(after.admin.certificate).not.toBe(before.admin.certificate)
    expect(after.caCertificate).toBe(before.caCertificate)
  })

  it('replaces a damaged authority and all it signed', async () => {
    const before = await open()
    await writeFile(join(directory, 'ca.crt'), 'damaged')
    const after = await open()
    expect(after.caCertificate).not.toBe(before.caCertificate)
    expect(
      new X509Certificate(after.admin.certificate).verify(new X509Certificate(after.caCertificate).publicKey),
    ).toBe(true)
  })

  it('issues for other users', async () => {
    const { certificate } = await (await open()).issueClient({ name: 'guest', groups: ['a', 'b'] })
    expect(new X509Certificate(certificate).subject).toBe('O=a\nO=b\nCN=guest')
  })
})
