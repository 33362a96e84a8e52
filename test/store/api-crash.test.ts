import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'rolldown'
import { expect, it } from 'vitest'
import { openPki } from '../../core/apiserver/pki/pki.io.ts'

/** Each is a start, some writes from outside, and a kill -9 in the middle of them. */
const CYCLES = 500
/** servers at a time, each with a directory of its own */
const LANES = 2
const WRITERS = 4
const ENTRY = join(import.meta.dirname, 'api-server-process.io.ts')

/** One file starts in a third of the time that the sources take. */
async function bundled(folder: string): Promise<string> {
  const output = { dir: folder, format: 'esm' as const, entryFileNames: 'server.mjs' }
  await build({ input: ENTRY, platform: 'node', external: ['koffi'], output, logLevel: 'silent' })
  return join(folder, 'server.mjs')
}

type Answer = { readonly code: number; readonly body: string }
type Call = (method: string, path: string, body?: object) => Promise<Answer>

function caller(port: number, agent: Agent): Call {
  return (method, path, body) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const headers = { 'Content-Type': 'application/json' }
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent }, (response) => {
      let text = ''
      response.on('data', (chunk) => (text += String(chunk)))
      response.on('end', () => resolve({ code: response.statusCode ?? 0, body: text }))
      response.on('error', reject)
      response.on('aborted', () => reject(new Error('aborted')))
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
    return promise
  }
}

const PATH = '/api/v1/namespaces/default/configmaps'
interface Item {
  readonly metadata: { readonly name: string; readonly resourceVersion: string }
}

/** Checks all that was acknowledged so far, writes more, and kills the server after `count` of them. */
async function cycle(
  server: ChildProcess,
  call: Call,
  round: { readonly number: number; readonly count: number; readonly acknowledged: Map<string, string> },
): Promise<void> {
  const { number, count, acknowledged } = round
  const { items } = JSON.parse((await call('GET', PATH)).body) as { readonly items: readonly Item[] }
  const found = new Map(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]))
  for (const [name, version] of acknowledged)
    expect(found.get(name), `${name} in round ${number}`).toBe(version)
  let done = 0
  const write = async (writer: number): Promise<void> => {
    for (let i = 0; ; i += 1) {
      const name = `c${number}-${writer}-${i}`
      const answer = await call('POST', PATH, { metadata: { name }, data: { x: 'x'.repeat(200) } }).catch(
        () => undefined,
      )
      if (answer === undefined) return
      expect(answer.code, answer.body).toBe(201)
      acknowledged.set(name, (JSON.parse(answer.body) as Item).metadata.resourceVersion)
      done += 1
      if (done === count) server.kill('SIGKILL')
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)))
}

async function lane(folder: string, program: string, cycles: number): Promise<number> {
  const pki = await openPki({ directory: join(folder, 'pki'), addresses: ['127.0.0.1'], nowMs: Date.now() })
  const { caCertificate: ca, admin } = pki
  const acknowledged = new Map<string, string>()
  for (let number = 0; number <= cycles; number += 1) {
    const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') }
    const server = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'], env })
    const gone = once(server, 'exit')
    const agent = new Agent({ keepAlive: true, ca, cert: admin.certificate, key: admin.key })
    try {
      const [port] = (await once(server.stdout, 'data')) as [Buffer]
      const count = 1 + Math.floor(Math.random() * 12)
      await cycle(server, caller(Number(String(port)), agent), { number, count, acknowledged })
    } finally {
      server.kill('SIGKILL')
      agent.destroy()
      await gone
    }
  }
  return acknowledged.size
}

it(`has every write acknowledged over HTTPS after ${CYCLES} times kill -9`, async () => {
  const parent = await mkdtemp(join(tmpdir(), 'api-crash-'))
  try {
    const program = await bundled(join(parent, 'program'))
    const folders = Array.from({ length: LANES }, (_, index) => join(parent, `lane${index}`))
    const written = await Promise.all(folders.map((folder) => lane(folder, program, CYCLES / LANES)))
    expect(Math.min(...written)).toBeGreaterThanOrEqual(CYCLES / LANES)
  } finally {
    await rm(parent, { recursive: true, force: true })
  }
}, 240_000)
