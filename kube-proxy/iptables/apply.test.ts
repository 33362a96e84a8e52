/** What the applier writes, and what it notices, over commands that only keep the text. */

import { describe, expect, it } from 'vitest'
import type { Commands } from '../../host/host.ts'
import { endpointSlice, service } from '../../test/support/builders.ts'
import { serviceTable } from '../service-table.ts'
import { IptablesApplier } from './apply.io.ts'
import { compileIptables } from './compile.ts'
import { servicePortEndpointChainName, servicePortHash } from './names.ts'
import type { IptablesProgram } from './program.ts'

const OPTIONS = {
  clusterCIDR: '10.244.0.0/16',
  masqueradeAll: false,
  localhostNodePorts: true,
  randomFully: true,
}

/** Remembers what was restored; `iptables-save` says `saved`. */
function recording() {
  const seen = { restored: [] as string[], saved: '', refuses: false }
  const commands: Commands = {
    async run([tool], options) {
      if (tool === 'iptables-restore') {
        if (seen.refuses) throw new Error('refused')
        seen.restored.push(options?.stdin ?? '')
      }
      return { stdout: tool === 'iptables-save' ? seen.saved : '', stderr: '' }
    },
  }
  return { seen, applier: new IptablesApplier({ commands }) }
}

/** `count` Services with an endpoint each. */
function programOf(
  count: number,
  changed: Readonly<Record<string, readonly string[]>> = {},
): IptablesProgram {
  const numbers = Array.from({ length: count }, (_none, index) => index)
  const services = numbers.map((index) =>
    service(`ns/svc${index}`, { clusterIP: `10.96.${index >> 8}.${index & 255}` }),
  )
  const slices = numbers.map((index) =>
    endpointSlice(`ns/svc${index}`, changed[`svc${index}`] ?? [`10.244.${index >> 8}.${index & 255}`]),
  )
  return compileIptables(serviceTable({ services, slices, node: { name: 'node-a', zone: '' } }), OPTIONS)
}

const last = (texts: readonly string[]): string => texts.at(-1) ?? ''

describe('one changed Service among a thousand', () => {
  const hash = servicePortHash('ns/svc7:http', 'tcp')
  const endpointChain = (address: string): string =>
    servicePortEndpointChainName('ns/svc7:http', 'tcp', `${address}:8080`)

  it('is all that is written', async () => {
    const { seen, applier } = recording()
    await applier.apply(programOf(1_000))
    await applier.apply(programOf(1_000, { svc7: ['10.244.99.1'] }))
    const [gone, fresh] = [endpointChain('10.244.0.7'), endpointChain('10.244.99.1')]
    expect(seen.restored).toHaveLength(2)
    expect(last(seen.restored)).toBe(
      `*nat
:KUBE-SVC-${hash} - [0:0]
:${fresh} - [0:0]
:${gone} - [0:0]
-A KUBE-SVC-${hash} -m comment --comment "ns/svc7:http cluster IP" -m tcp -p tcp -d 10.96.0.7 --dport 80 ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ
-A KUBE-SVC-${hash} -m comment --comment "ns/svc7:http -> 10.244.99.1:8080" -j ${fresh}
-A ${fresh} -m comment --comment ns/svc7:http -s 10.244.99.1 -j KUBE-MARK-MASQ
-A ${fresh} -m comment --comment ns/svc7:http -m tcp -p tcp -j DNAT --to-destination 10.244.99.1:8080
-X ${gone}
COMMIT
`,
    )
  })
})

it('writes nothing when nothing changed', async () => {
  const { seen, applier } = recording()
  await applier.apply(programOf(3))
  expect(await applier.apply(programOf(3))).toBe(0)
  expect(seen.restored).toHaveLength(1)
})

it('writes all after a write that failed', async () => {
  const { seen, applier } = recording()
  await applier.apply(programOf(3))
  seen.refuses = true
  await expect(applier.apply(programOf(4))).rejects.toThrow('refused')
  seen.refuses = false
  await applier.apply(programOf(4))
  expect(last(seen.restored)).toContain(':KUBE-PROXY-CANARY')
  expect(last(seen.restored).match(/^:KUBE-SVC-/gm)).toHaveLength(4)
})

describe('isWhole', () => {
  it.each<[string, (saved: string) => string, boolean]>([
    ['all is there', (saved) => saved, true],
    ['others have rules, too', (saved) => `${saved}*raw\n:MINE - [0:0]\n-A MINE -j RETURN\nCOMMIT\n`, true],
    ['a chain was flushed', (saved) => saved.replaceAll(/^-A KUBE-SERVICES .*\n/gm, ''), false],
    ['a rule was added', (saved) => saved.replace(/^-A KUBE-SERVICES .*\n/m, '$&$&'), false],
    ['a chain is gone', (saved) => saved.replaceAll(/^(:|-A )KUBE-MARK-MASQ .*\n/gm, ''), false],
    ['a table is gone', (saved) => saved.slice(0, saved.indexOf('*nat')), false],
  ])('tells when %s', async (_name, change, expected) => {
    const { seen, applier } = recording()
    await applier.apply(programOf(3))
    seen.saved = change(last(seen.restored))
    expect(await applier.isWhole()).toBe(expected)
  })
})
