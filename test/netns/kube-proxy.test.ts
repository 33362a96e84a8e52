/** kube-proxy on the real kernel, each time in namespaces that stand in for the host's. */

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const unprivileged = process.getuid?.() === 0 ? undefined : 'needs root to make namespaces'

async function report<T>(scenario: string): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-kube-proxy-'))
  try {
    const program = join(import.meta.dirname, 'kube-proxy-node.io.ts')
    const script = 'ip link set lo up; exec "$0" "$@"'
    const argv = ['-nm', 'sh', '-euc', script, process.execPath, program, scenario, join(folder, 'ledger')]
    const { stdout } = await promisify(execFile)('unshare', argv, { timeout: 25_000 })
    return JSON.parse(stdout) as T
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface RulesReport {
  readonly before: { readonly rules: string; readonly localnet: string }
  readonly after: { readonly rules: string; readonly localnet: string }
  readonly rules: string
  readonly answers: Readonly<Record<string, string>>
  readonly during: object
  readonly refused: { readonly rules: string; readonly answer: string }
  readonly without: string
  readonly left: readonly unknown[]
}

interface Neighbour {
  readonly before: string
  readonly during: string
  readonly after: string
}

interface Userspace {
  readonly before: string
  readonly after: string
  readonly answers: Readonly<Record<string, string>>
  readonly recorded: readonly object[]
  readonly rules: string
  readonly left: readonly unknown[]
}

/** Chains with a rule each, and what the kernel makes of the program's text. */
const EXPECTED = [
  '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
  '-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
  '-A KUBE-SERVICES -d 10.96.0.50/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL',
  '-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web:http" -m tcp --dport 30080 -j KUBE-EXT-CDGGSHYLG3RE2FKL',
  '-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.96.0.50/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ',
  '-A KUBE-SEP-QA4PSDNF5R2OJOPA -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.2:8080',
  '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
]

const title = `kube-proxy${unprivileged === undefined ? '' : ` (${unprivileged})`}`

describe.skipIf(unprivileged !== undefined)(title, () => {
  it('writes rules that carry traffic, repairs them, and leaves nothing', async () => {
    const found = await report<RulesReport>('rules')
    const lines = found.rules.split('\n')
    expect(lines).toEqual(expect.arrayContaining(EXPECTED))
    expect(found.answers).toEqual({ cluster: 'pod at 10.244.0.2', nodePort: 'pod at 10.244.0.2' })
    expect(found.during).toEqual({
      localnet: '1',
      recorded: ['kube-proxy-chains', 'sysctl'],
      restoresOfNoChange: 0,
      repaired: { nat: true, filter: true, 'without chains': true },
    })
    expect(found.refused.answer).toBe('ECONNREFUSED')
    expect(found.refused.rules).not.toMatch(/KUBE-(SVC|SEP|EXT)-/)
    expect(found.without).not.toContain('default/web')
    expect(found.before).toEqual({ rules: '', localnet: '0' })
    expect(found.after).toEqual(found.before)
    expect(found.left).toEqual([])
  })

  it('leaves the rules of others', async () => {
    const { before, during, after } = await report<Neighbour>('neighbour')
    const rulesOf = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('\t\t'))
    expect(during).toContain('-A PREROUTING -p tcp -m tcp --dport 1 -j RETURN')
    expect(during).toContain('KUBE-SVC-')
    expect(rulesOf(after)).toEqual(expect.arrayContaining(rulesOf(before)))
    expect(after).not.toContain('KUBE')
  })

  it('finds a single chain that was flushed, and nothing wrong before', async () => {
    expect(await report('whole')).toEqual({
      written: true,
      flushed: false,
      again: { whole: true, same: true },
      left: '',
    })
  })

  it('moves a UDP client to the new endpoint', async () => {
    expect(await report('udp')).toEqual({ answers: ['10.244.0.2', '10.244.0.3'] })
  })

  it('serves in this process alone, with routes that it takes back', async () => {
    const found = await report<Userspace>('userspace')
    expect(found.answers).toEqual({ cluster: 'pod at 10.244.0.2', nodePort: 'pod at 10.244.0.2' })
    expect(found.recorded).toEqual([
      { kind: 'route', to: '10.96.0.0/24', link: 'lo', type: 'local' },
      { kind: 'route', to: '10.112.0.0/24', link: 'lo', type: 'local' },
    ])
    expect(found.rules).toBe('')
    expect(found.after).toBe(found.before)
    expect(found.left).toEqual([])
  })
})
