/** The networks `host` and `isolated` on the real kernel, each in namespaces that stand in for the host's. */

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const unprivileged = process.getuid?.() === 0 ? undefined : 'needs root to make namespaces'

interface Report {
  readonly node: { readonly internalIP: string; readonly gateway: string }
  readonly a: string
  readonly b: string
  readonly seen: Readonly<Record<string, string>>
  readonly services: Readonly<Record<string, string>>
  readonly attachMs: number
  readonly before: string
  readonly after: string
  readonly left: readonly unknown[]
}

async function report(name: string, prepare: string): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-pods-'))
  try {
    const script = `ip link set lo up; ${prepare} exec "$0" "$@"`
    const program = join(import.meta.dirname, 'in-namespace.io.ts')
    const argv = ['-nm', 'sh', '-euc', script, process.execPath, program, name, join(folder, 'ledger')]
    const { stdout } = await promisify(execFile)('unshare', argv, { timeout: 20_000 })
    return JSON.parse(stdout) as Report
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A host with a neighbour and a default route. */
const OUTSIDE = `ip link add eth0 type veth peer name peer0; ip link set eth0 up; ip link set peer0 up;
  ip address add 192.0.2.10/24 dev eth0; ip route add default via 192.0.2.1;`

const HOST_SIDE = { podToPod: '10.244.0.3', podToGateway: '10.244.0.2', podToNode: '10.244.0.2' }

interface Case {
  readonly network: string
  readonly what: string
  readonly prepare: string
  readonly internalIP: string
  readonly seen: Readonly<Record<string, string>>
  readonly services: Readonly<Record<string, string>>
}

const CASES: readonly Case[] = [
  {
    network: 'host',
    what: 'without a way out',
    prepare: '',
    internalIP: '10.244.0.1',
    seen: { ...HOST_SIDE, nodeToPod: '10.244.0.1', hostToPod: '10.244.0.1' },
    services: {
      fromPod: '10.244.0.3',
      fromItself: '10.244.0.1',
      fromNode: '10.244.0.1',
      fromHost: '10.244.0.1',
    },
  },
  {
    network: 'host',
    what: 'with a default route',
    prepare: OUTSIDE,
    internalIP: '192.0.2.10',
    seen: { ...HOST_SIDE, nodeToPod: '10.244.0.1', hostToPod: '10.244.0.1' },
    // The source is chosen by the route to the Service's address, before the rules act.
    services: {
      fromPod: '10.244.0.3',
      fromItself: '10.244.0.1',
      fromNode: '192.0.2.10',
      fromHost: '192.0.2.10',
    },
  },
  {
    network: 'isolated',
    what: 'with a default route',
    prepare: OUTSIDE,
    internalIP: '10.244.255.2',
    seen: { ...HOST_SIDE, nodeToPod: '10.244.0.1', hostToPod: '10.244.255.1' },
    services: {
      fromPod: '10.244.0.3',
      fromItself: '10.244.0.1',
      fromNode: '10.244.0.1',
      fromHost: '10.244.255.1',
    },
  },
]

describe.skipIf(unprivileged !== undefined)(`pods${unprivileged ? ` (${unprivileged})` : ''}`, () => {
  it.each(CASES)(
    'of the $network network, $what, are reached from everywhere by their own addresses',
    async ({ network, prepare, internalIP, seen, services }) => {
      const found = await report(network, prepare)
      expect(found.node).toEqual({ internalIP, gateway: '10.244.0.1' })
      expect([found.a, found.b]).toEqual(['10.244.0.2', '10.244.0.3'])
      expect(found.seen).toEqual(seen)
      expect(found.services).toEqual(services)
      expect(found.after).toBe(found.before)
      expect(found.left).toEqual([])
      expect(found.attachMs).toBeLessThan(20) // about 1.5 on an idle machine
    },
  )
})
