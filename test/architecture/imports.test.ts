/** The law of who may import whom (docs/architecture.md); lint rules are only editor feedback. */

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { circle, importsOf } from './cycles.ts'
import { breaches, LAYERS, sourceFiles } from './layers.ts'

it('names only folders that exist', () => {
  for (const layer of Object.keys(LAYERS)) expect(existsSync(layer), layer).toBe(true)
})

it('holds for every source file', () => {
  const files = sourceFiles()
  expect(files.length).toBeGreaterThan(20)
  const found = files.flatMap((file) => breaches(file, readFileSync(file, 'utf8')))
  expect(found).toEqual([])
})

it.each([
  ['dns/answer.ts', `import { x } from '../ingress/match.ts'`, 'dns may not import ingress'],
  ['core/net/ip.ts', `import { x } from '../api/object.ts'`, 'core/net may not import core/api'],
  ['netpol/evaluate.ts', `import { readFileSync } from 'node:fs'`, 'effects live in *.io.ts'],
  ['netpol/evaluate.ts', `import koffi from 'koffi'`, 'effects live in *.io.ts'],
  ['netpol/evaluate.ts', `import { apply } from './apply.io.ts'`, 'pure file imports an effectful one'],
  ['netpol/evaluate.ts', `const x = await import('./apply.io.ts')`, 'pure file imports an effectful one'],
  [
    'core/controllers/a.ts',
    `import { s } from '../store/store.ts'`,
    'core/controllers may not import core/store',
  ],
])('catches a planted breach in %s: %s', (file, text, message) => {
  expect(breaches(file, text).join()).toContain(message)
})

it.each([
  ['netpol/evaluate.ts', `import type { Server } from 'node:net'`],
  ['netpol/evaluate.ts', `import type { Apply } from './apply.io.ts'`],
  ['netpol/apply.io.ts', `import { readFileSync } from 'node:fs'`],
  ['dns/answer.ts', `import { matchesSelector } from '../core/api/selectors.ts'`],
])('lets through what is allowed in %s: %s', (file, text) => {
  expect(breaches(file, text)).toEqual([])
})

it('resolves relative imports to files that exist', () => {
  const missing = sourceFiles().flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)]
      .map(([, target]) => join(dirname(file), target ?? ''))
      .filter((path) => !existsSync(path))
      .map((path) => `${file}: ${path}`),
  )
  expect(missing.filter((line) => !line.startsWith('test/architecture'))).toEqual([])
})

it('goes in no circles', () => {
  // The types of the API, and what all of them have in common, are one.
  const files = sourceFiles().filter((file) => !/\.test\.ts$|^core\/api\/generated\//.test(file))
  const imports = new Map(files.map((file) => [file, importsOf(file, readFileSync(file, 'utf8'))]))
  expect(circle(imports)).toEqual([])
})

it('catches a planted circle', () => {
  const texts = {
    a: `import type { b } from './b'`,
    b: `import { c } from './c'`,
    c: `\nexport { a } from './a'`,
  }
  const imports = new Map(Object.entries(texts).map(([file, text]) => [file, importsOf(file, text)]))
  expect(circle(imports)).toEqual(['a', 'b', 'c', 'a'])
})
