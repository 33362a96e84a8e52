/** kubeconfig: printed and parsed it is the same; what is missing is named; files it points to are read. */

import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readKubeconfig, writeKubeconfig } from './kubeconfig.io.ts'
import { parseKubeconfig, printKubeconfig } from './kubeconfig.ts'

const CONFIG = {
  server: 'https://192.0.2.1:6443',
  caCertificate: 'CA\n',
  clientCertificate: 'CERT\n',
  clientKey: 'KEY\n',
  namespace: 'shop',
}

describe('kubeconfig', () => {
  it('comes back as it was', () => {
    expect(parseKubeconfig(printKubeconfig('portolan', CONFIG))).toMatchObject(CONFIG)
  })

  it('takes another context when asked', () => {
    const text = printKubeconfig('a', CONFIG).replace('current-context: a', 'current-context: b')
    expect(parseKubeconfig(text, 'a').server).toBe(CONFIG.server)
    expect(() => parseKubeconfig(text)).toThrow('contexts has no "b"')
  })

  const rows: readonly [string, string][] = [
    ['', 'no current-context is set'],
    ['a: [', 'not YAML'],
    ['current-context: a\ncontexts: [{name: a, context: {cluster: c}}]', 'clusters has no "c"'],
    [
      'current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: {}}]',
      'cluster "c" has no server',
    ],
  ]
  for (const [text, message] of rows) it(message, () => expect(() => parseKubeconfig(text)).toThrow(message))

  it('is written for its owner alone; files beside it are read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'portolan-kubeconfig-'))
    const path = join(folder, 'deep', 'kubeconfig')
    await writeKubeconfig(path, 'portolan', CONFIG)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readKubeconfig(path)).toMatchObject(CONFIG)
    await writeFile(join(folder, 'ca.pem'), 'FROM FILE')
    const other = join(folder, 'other')
    const text = printKubeconfig('x', { server: 'https://192.0.2.1' }).replace(
      'server:',
      'certificate-authority: ca.pem\n      server:',
    )
    await writeFile(other, text)
    expect((await readKubeconfig(other)).caCertificate).toBe('FROM FILE')
    await expect(readKubeconfig(join(folder, 'none'))).rejects.toThrow(/none: ENOENT/)
    await rm(folder, { recursive: true })
  })
})
