/** The real machine, as far as it goes without privileges; what needs them is in test/host. */

import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, expect, it } from 'vitest'
import { isBusy, isNotFound } from '../errors.ts'
import { openLedger } from './ledger.io.ts'
import { linuxHost } from './linux-host.io.ts'
import { openLog } from './log.io.ts'

const folder = await mkdtemp(join(tmpdir(), 'portolan-host-'))
afterAll(() => rm(folder, { recursive: true }))
const host = await linuxHost({ ledgerFile: join(folder, 'ledger'), log: openLog({ level: 'silent' }) })

it('sleeps until woken by the signal, with its reason', async () => {
  const stop = new AbortController()
  const sleeping = host.clock.sleep(60_000, stop.signal)
  stop.abort(new Error('up'))
  await expect(sleeping).rejects.toThrow('up')
  await expect(host.clock.sleep(1, stop.signal)).rejects.toThrow('up')
  await host.clock.sleep(1)
})

it('listens, connects from an address of choice, and says when a port is taken', async () => {
  await using server = createServer((socket) => socket.end(socket.remoteAddress ?? ''))
  const port = await host.sockets.listen(server, { address: '127.0.0.1', port: 0 })
  const client = host.sockets.connect({ address: '127.0.0.1', port, localAddress: '127.83.0.9' })
  expect(await text(client)).toBe('127.83.0.9')
  await using second = createServer()
  const refused = await host.sockets.listen(second, { address: '127.0.0.1', port }).catch((error) => error)
  expect(isBusy(refused)).toBe(true)
  await host.sockets.listen(second, { address: '127.0.0.1', port: 0 }) // a refused server can be tried again
})

it('serves and dials a low port of 127/8 whether or not it may bind it', async () => {
  await using server = createServer((socket) => socket.end('hello'))
  const where = { address: '127.83.1.1', port: 81 }
  await host.sockets.listen(server, where)
  expect(await text(host.sockets.connect(where))).toBe('hello')
})

it('binds UDP sockets', async () => {
  const socket = await host.sockets.bindUdp({ address: '127.0.0.1', port: 0 })
  const { port } = socket.address()
  expect(isBusy(await host.sockets.bindUdp({ address: '127.0.0.1', port }).catch((error) => error))).toBe(
    true,
  )
  socket.close()
  await once(socket, 'close')
})

it('keeps the ledger on disk, for its owner only', async () => {
  const file = join(folder, 'state', 'ledger')
  const ledger = await openLedger(file)
  const change = { kind: 'link', name: 'ptl0' } as const
  await Promise.all([
    ledger.record(change),
    ledger.record({ kind: 'mount', target: '/etc/resolv.conf', firstLine: '# ours' }),
  ])
  await ledger.forget({ kind: 'mount', target: '/etc/resolv.conf', firstLine: '# ours' })
  expect((await openLedger(file)).entries()).toEqual([change])
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readFile(file, 'utf8')).toMatch(/^\{"boot":"[^"]+"\}\n\{"kind":"link","name":"ptl0"\}\n$/)
})

it('runs plain children that can be told to end, and ends them with the sandbox', async () => {
  await using sandbox = host.sandboxes.create({ hostname: 'x', isolated: false })
  const env = { PATH: '/usr/bin:/bin', GREETING: 'hello' }
  const first = await sandbox.spawn({ argv: ['sh', '-c', 'echo $GREETING; exit 3'], env })
  expect(await text(first.stdout)).toBe('hello\n')
  expect(await first.exited).toEqual({ kind: 'exited', code: 3 })
  const second = await sandbox.spawn({ argv: ['sleep', '60'], env })
  second.kill('SIGTERM')
  expect(await second.exited).toEqual({ kind: 'signalled', signal: 'SIGTERM', number: 15 })
  const third = await sandbox.spawn({ argv: ['sleep', '60'], env })
  await sandbox[Symbol.asyncDispose]()
  expect(await third.exited).toMatchObject({ signal: 'SIGKILL' })
  await expect(sandbox.spawn({ argv: ['true'], env })).rejects.toThrow('closed')
})

it.each([
  [['portolan-no-such-program'], 'exec: "portolan-no-such-program": executable file not found in $PATH'],
  [['/no/such/program'], 'exec: "/no/such/program": stat /no/such/program: no such file or directory'],
])('says of %j what container runtimes say', async (argv, message) => {
  await using sandbox = host.sandboxes.create({ hostname: 'x', isolated: false })
  const failed = await sandbox.spawn({ argv, env: {} }).catch((error) => error)
  expect(failed.message).toBe(message)
  expect(isNotFound(failed)).toBe(true)
})

it('refuses mounts to plain children', async () => {
  await using sandbox = host.sandboxes.create({ hostname: 'x', isolated: false })
  const mounts = [{ source: '/etc/hosts', target: '/etc/hosts', readOnly: true }]
  await expect(sandbox.spawn({ argv: ['true'], env: {}, mounts })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
  })
})
