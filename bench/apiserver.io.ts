/**
 * `portolan apiserver` beside the same on an etcd and, where `KUBE_APISERVER` names one, a real kube-apiserver on an
 * etcd: writes, lists, watches and memory with 10,000 EndpointSlices, each a process of its own on loopback, driven by
 * the same client one after the other. Prints a table, and the ratios.
 *
 *     [KUBE_APISERVER=/path/to/kube-apiserver] npm run bench:apiserver
 */

import type { Numbers } from './apiserver/measure.io.ts'
import { measured } from './apiserver/measure.io.ts'
import type { Subject } from './apiserver/subject.io.ts'
import { kubeApiServer, portolan } from './apiserver/subject.io.ts'
import { noEtcd } from '../test/support/etcd.io.ts'

interface Row {
  readonly label: string
  readonly of: (numbers: Numbers) => number
  /** a ratio is how many times better the first is */
  readonly better: 'more' | 'less'
}

const ROWS: readonly Row[] = [
  { label: 'ready, ms', of: (n) => n.readyMs, better: 'less' },
  { label: 'writes/s, one writer', of: (n) => n.sequential, better: 'more' },
  { label: 'writes/s, 64 writers', of: (n) => n.concurrent, better: 'more' },
  { label: 'list of 10k, ms', of: (n) => n.listMs, better: 'less' },
  { label: 'memory of 10k, MB', of: (n) => n.objectsMb, better: 'less' },
  { label: 'events/s to 100 watchers', of: (n) => n.fanOut, better: 'more' },
  { label: '  CPU per 1000 events, ms', of: (n) => n.fanOutCpuMs, better: 'less' },
  { label: 'events/s to 1000 watchers', of: (n) => n.crowd, better: 'more' },
  { label: '  CPU per 1000 events, ms', of: (n) => n.crowdCpuMs, better: 'less' },
  { label: 'memory at the end, MB', of: (n) => n.totalMb, better: 'less' },
]

async function main(): Promise<void> {
  if (noEtcd !== undefined) throw new Error(noEtcd)
  const kube = process.env['KUBE_APISERVER']
  const subjects: readonly { readonly name: string; readonly start: () => Promise<Subject> }[] = [
    { name: 'portolan', start: () => portolan('embedded') },
    { name: 'portolan+etcd', start: () => portolan('etcd') },
    ...(kube === undefined ? [] : [{ name: 'kube-apiserver', start: () => kubeApiServer(kube) }]),
  ]
  const results: { readonly name: string; readonly numbers: Numbers }[] = []
  for (const { name, start } of subjects) {
    await using subject = await start()
    const numbers = await measured(subject).catch((cause: unknown) => {
      throw new Error(`${name} could not be measured`, { cause })
    })
    results.push({ name, numbers })
  }
  const [first, ...peers] = results
  if (first === undefined) return
  const heads = [...results.map(({ name }) => name), ...peers.map(({ name }) => `vs ${name}`)]
  console.log(['', ...heads].map(padded).join(''))
  for (const { label, of, better } of ROWS) {
    const own = of(first.numbers)
    const ratios = peers.map(({ numbers }) => (better === 'more' ? own / of(numbers) : of(numbers) / own))
    const cells = [
      ...results.map(({ numbers }) => figure(of(numbers))),
      ...ratios.map((x) => `${figure(x)}x`),
    ]
    console.log([label, ...cells].map(padded).join(''))
  }
}

const padded = (text: string, column: number): string => (column === 0 ? text.padEnd(29) : text.padStart(19))
const figure = (value: number): string => value.toFixed(value < 100 ? 1 : 0)

await main()
