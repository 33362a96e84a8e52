/**
 * Writes to the store of the directory given as its argument until the disk refuses, then tries something smaller.
 * Prints each key acknowledged, and what the refusal was. Run by full-disk.test.ts under a limit on file sizes.
 */

import { openStore } from '../../core/store/open-store.io.ts'
import { StoreError } from '../../core/store/store.ts'

const [directory = ''] = process.argv.slice(2)

// Without a listener the signal for a file that is too large would end the process.
process.on('SIGXFSZ', () => {})

const store = await openStore({ directory })

async function put(key: string, size: number): Promise<boolean> {
  const value = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: key, annotations: { x: 'x'.repeat(size) } },
  }
  try {
    await store.commit({
      expect: [],
      changes: [{ kind: 'put', key: `/registry/configmaps/d/${key}`, value }],
    })
    process.stdout.write(`${key}\n`)
    return true
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    process.stdout.write(
      `refused: ${error.message}; visible: ${store.get(`/registry/configmaps/d/${key}`) !== undefined}\n`,
    )
    return false
  }
}

let count = 0
while (await put(`large${count}`, 3000)) count += 1
await put('small', 10)
