/**
 * Writes to the store of the directory given as its argument until it is killed, from several writers at once, and
 * prints `KEY VALUE` for each write acknowledged. Run by crash.test.ts.
 */

import { writeSync } from 'node:fs'
import { openStore } from '../../core/store/open-store.io.ts'

const [directory = '', round = ''] = process.argv.slice(2)
const WRITERS = 8

await using store = await openStore({ directory, minRewriteBytes: 30_000 })

async function write(writer: number): Promise<never> {
  for (let index = 0; ; index += 1) {
    const key = `/registry/pods/w${writer}/p${index % 20}`
    const payload = `${round}.${index}`
    const metadata = { name: `p${index % 20}`, annotations: { payload, filler: 'x'.repeat(100) } }
    const result = await store.commit({
      expect: [],
      changes: [{ kind: 'put', key, value: { apiVersion: 'v1', kind: 'Pod', metadata } }],
    })
    if (result.kind === 'committed') writeSync(1, `${key} ${payload} ${result.revision}\n`)
  }
}

await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)))
