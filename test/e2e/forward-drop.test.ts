/** A host that forwards nothing by default, as Docker leaves it: pods reach each other all the same, and it stays as it was. */

import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { portolanUp } from '../support/portolan.io.ts'
import { eventually, noTestHost, ROOT, testHost } from '../support/test-host.io.ts'

describe.skipIf(noTestHost)(
  `a host that drops what it should forward${noTestHost ? ` (skipped: ${noTestHost})` : ''}`,
  () => {
    it('lets pods through, and is left as it was', async () => {
      await using host = await testHost()
      await host.run(['iptables', '-P', 'FORWARD', 'DROP'])
      // The first listing of a table may make it; counters and comments differ from one to the next.
      const rules = async (): Promise<string> => (await host.run(['iptables', '-S'])).stdout
      const before = await rules()
      const shop = await portolanUp(host, { args: ['-f', join(ROOT, 'examples/shop'), '--network', 'host'] })
      const frontend =
        (await shop.get('get', 'pods', '-n', 'shop', '-l', 'app=frontend', '-o', 'name')).split('\n')[0] ?? ''
      const answer = await shop.get(
        'exec',
        '-n',
        'shop',
        frontend,
        '--',
        'curl',
        '-sS',
        '-m',
        '5',
        'http://catalog/',
      )
      expect(answer).toContain('"container":"api"')
      expect(await rules()).toContain('portolan pods')
      expect(await shop.stop()).toBe(0)
      await eventually('the rules as they were', async () => ((await rules()) === before ? true : undefined))
    })
  },
)
