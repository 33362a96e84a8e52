/** The layer table and the check that one file's imports keep to it. Pure but for reading the tree's file names. */

import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

const CORE_API = ['core/net', 'core/api']
const COMPONENT = [...CORE_API, 'core/client', 'host']

/** folder -> folders it may import values and types from (besides itself) */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  host: ['core/net'],
  'core/net': [],
  'core/api': ['core/net'],
  'core/store': CORE_API,
  'core/client': [...CORE_API, 'host'],
  'core/apiserver': [...CORE_API, 'core/client', 'core/store', 'host'],
  'core/controllers': COMPONENT,
  'core/scheduler': COMPONENT,
  'core/kubelet': [...COMPONENT, 'core/pod-network'],
  'core/pod-network': COMPONENT,
  'kube-proxy': COMPONENT,
  dns: COMPONENT,
  ingress: COMPONENT,
  netpol: COMPONENT,
  cli: ['*'],
  test: ['*'],
  bench: ['*'],
  scripts: ['*'],
}

const IMPORT =
  /^\s*(?:import|export)\s+(type\s)?[^'"]*?\sfrom\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|^\s*import\s+['"]([^'"]+)['"]/gm

const EFFECTS =
  /^(node:(?!path|util|events|stream|buffer|assert|punycode|string_decoder|zlib|crypto|url|querystring)|koffi$|ws$|pino|commander|@peculiar)/

const isEffectful = (file: string): boolean =>
  file.endsWith('.io.ts') || file.endsWith('.test.ts') || /^(test|bench|scripts)\//.test(file)

const layerOf = (file: string): string | undefined =>
  Object.keys(LAYERS)
    .filter((layer) => file.startsWith(`${layer}/`))
    .sort((a, b) => b.length - a.length)[0]

/** @returns one sentence per import in `text` that `file` may not have */
export function breaches(file: string, text: string): string[] {
  const own = layerOf(file)
  if (own === undefined) return [`${file} is in no layer`]
  // A unit test beside its module may join anything: it is outside the product.
  if (file.endsWith('.test.ts')) return []
  return [...text.matchAll(IMPORT)].flatMap(([, type, from, dynamic, bare]) => {
    const target = from ?? dynamic ?? bare ?? ''
    return target.startsWith('.')
      ? relativeBreaches(file, own, { path: join(dirname(file), target), typeOnly: type !== undefined })
      : packageBreaches(file, target, type !== undefined)
  })
}

function packageBreaches(file: string, target: string, typeOnly: boolean): string[] {
  if (typeOnly || isEffectful(file) || !EFFECTS.test(target)) return []
  return [`${file}: effects live in *.io.ts, not ${target}`]
}

function relativeBreaches(file: string, own: string, target: { path: string; typeOnly: boolean }): string[] {
  const found: string[] = []
  const to = layerOf(target.path)
  const allowed = LAYERS[own] ?? []
  if (to === undefined) found.push(`${file}: ${target.path} is in no layer`)
  else if (to !== own && !allowed.includes(to) && !allowed.includes('*'))
    found.push(`${file}: ${own} may not import ${to}`)
  if (!target.typeOnly && !isEffectful(file) && target.path.endsWith('.io.ts')) {
    found.push(`${file}: pure file imports an effectful one, ${target.path}`)
  }
  return found
}

/** Every .ts file of the layers, generated ones included. */
export function sourceFiles(): string[] {
  return Object.keys(LAYERS)
    .filter((layer) => !layer.startsWith('core/'))
    .concat('core')
    .flatMap((root) =>
      readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => join(root, name)),
    )
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !file.includes('node_modules'))
}
