/** Sockets, commands and processes in namespaces of their own. Everything is made and ended by the test. */

import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, it } from 'vitest'
import { probeCapabilities } from '../../host/capabilities.ts'
import { isBusy, isNotFound } from '../../host/errors.ts'
import type { NetworkNamespace, ProcessSpec, Sandbox } from '../../host/host.ts'
import { linuxHost } from '../../host/linux/linux-host.io.ts'
import { openLog } from '../../host/linux/log.io.ts'

const unprivileged = process.getuid?.() === 0 ? undefined : 'needs root to make namespaces'
const folder = mkdtempSync(join(tmpdir(), 'portolan-namespaces-'))
afterAll(() => rmSync(folder, { recursive: true }))
const host = await linuxHost({ ledgerFile: join(folder, 'ledger'), log: openLog({ level: 'silent' }) })
const where = (what: string): string => (unprivileged === undefined ? what : `${what} (${unprivileged})`)

describe.skipIf(unprivileged !== undefined)(where('a network namespace'), () => {
  it('is another one, with lo up, reachable by its path', async () => {
    using network = await host.namespaces.createNetwork()
    const own = await host.commands.run(['readlink', '/proc/self/ns/net'])
    const inside = await host.commands.run(['readlink', '/proc/self/ns/net'], { network })
    const byPath = await host.commands.run([
      'nsenter',
      `--net=${network.path}`,
      'readlink',
      '/proc/self/ns/net',
    ])
    expect(inside.stdout.trim()).toBe(`net:[${network.id}]`)
    expect(byPath.stdout).toBe(inside.stdout)
    expect(own.stdout).not.toBe(inside.stdout)
    expect((await host.commands.run(['ip', 'link'], { network })).stdout).toMatch(/^1: lo: <LOOPBACK,UP/)
  })

  it('holds servers and clients of this process', async () => {
    using network = await host.namespaces.createNetwork()
    await using server = createTcpServer((socket) => socket.end(socket.remoteAddress ?? ''))
    const at = { network, address: '127.0.0.1', port: 80 }
    expect(await host.sockets.listen(server, at)).toBe(80)
    expect(await text(host.sockets.connect({ ...at, localAddress: '127.0.0.9' }))).toBe('127.0.0.9')
    await using second = createTcpServer()
    expect(isBusy(await host.sockets.listen(second, at).catch((error) => error))).toBe(true)
  })

  it('holds HTTP servers that fetch can reach through an agent’s connection', async () => {
    using network = await host.namespaces.createNetwork()
    await using server = createServer((_request, response) => response.end('hello'))
    const port = await host.sockets.listen(server, { network, address: '0.0.0.0', port: 0 })
    const client = host.sockets.connect({ network, address: '127.0.0.1', port })
    client.end('GET / HTTP/1.0\r\n\r\n')
    expect(await text(client)).toContain('hello')
  })

  it('holds UDP sockets', async () => {
    using network = await host.namespaces.createNetwork()
    const server = await host.sockets.bindUdp({ network, address: '0.0.0.0', port: 53 })
    const client = await host.sockets.bindUdp({ network, address: '127.0.0.2', port: 0 })
    client.send('ping', 53, '127.0.0.1')
    const [message, from] = await once(server, 'message')
    expect(`${message} from ${from.address}`).toBe('ping from 127.0.0.2')
    server.close()
    client.close()
  })

  it('tells of refusals by the error event', async () => {
    using network = await host.namespaces.createNetwork()
    const closed = host.sockets.connect({ network, address: '127.0.0.1', port: 9 })
    expect((await once(closed, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' })
    const foreign = { network, address: '127.0.0.1', port: 9, localAddress: '192.0.2.1' }
    const [error] = await once(host.sockets.connect(foreign), 'error')
    expect(error).toMatchObject({ code: 'ADDRESS_NOT_AVAILABLE' })
  })
})

function isIn(pid: string, pidNamespace: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`) === pidNamespace
  } catch {
    return false // ended meanwhile
  }
}

const ENV = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' }

describe.skipIf(unprivileged !== undefined)(where('an isolated sandbox'), () => {
  async function withSandbox(use: (sandbox: Sandbox, network: NetworkNamespace) => Promise<void>) {
    using network = await host.namespaces.createNetwork()
    await using sandbox = host.sandboxes.create({ network, hostname: 'web-0', isolated: true })
    await use(sandbox, network)
  }
  async function output(sandbox: Sandbox, spec: Omit<ProcessSpec, 'env'>): Promise<string> {
    const running = await sandbox.spawn({ env: ENV, ...spec })
    const [out, err] = [text(running.stdout), running.stderr ? text(running.stderr) : '']
    await running.exited
    return (await out) + (await err)
  }
  const shell = (script: string): Omit<ProcessSpec, 'env'> => ({ argv: ['sh', '-c', script] })

  it('has its own network, host name, processes and devices', () =>
    withSandbox(async (sandbox, network) => {
      expect(await output(sandbox, shell('readlink /proc/self/ns/net; hostname; ls /sys/class/net'))).toBe(
        `net:[${network.id}]\nweb-0\nlo\n`,
      )
      const pids = await output(sandbox, shell('ls /proc | grep -c "^[0-9]"'))
      expect(Number(pids)).toBeLessThan(8)
      const one = await output(sandbox, { argv: ['readlink', '/proc/self/ns/pid', '/proc/self/ns/uts'] })
      expect(await output(sandbox, { argv: ['readlink', '/proc/self/ns/pid', '/proc/self/ns/uts'] })).toBe(
        one,
      )
    }))

  it('leaves portolan where it was', async () => {
    const namespaces = (): Promise<string> =>
      host.commands.run(['sh', '-c', 'readlink /proc/self/ns/*; pwd; hostname']).then(({ stdout }) => stdout)
    const before = await namespaces()
    await withSandbox(async (sandbox) => void (await output(sandbox, { argv: ['true'] })))
    expect(await namespaces()).toBe(before)
  })

  it('shows mounts to one process only, and makes no mount point on the host', () =>
    withSandbox(async (sandbox) => {
      const file = join(folder, 'resolv.conf')
      writeFileSync(file, 'nameserver 192.0.2.53\n')
      const mounts = [
        { source: file, target: '/etc/resolv.conf', readOnly: true },
        { source: folder, target: '/portolan-data/deep', readOnly: false },
        { source: folder, target: '/usr/share/portolan-html', readOnly: true },
        { source: file, target: '/etc/portolan-app/app.conf', readOnly: true },
      ]
      const script = `cat /etc/resolv.conf /portolan-data/deep/resolv.conf /usr/share/portolan-html/resolv.conf \
        /etc/portolan-app/app.conf; echo x > /etc/resolv.conf; ls -d /etc/passwd /usr/share; pwd`
      const printed = await output(sandbox, { ...shell(script), mounts, cwd: '/portolan-work' })
      expect(printed).toBe(
        `${'nameserver 192.0.2.53\n'.repeat(4)}/etc/passwd\n/usr/share\n/portolan-work\n` +
          'sh: 1: cannot create /etc/resolv.conf: Read-only file system\n',
      )
      expect(await output(sandbox, { argv: ['cat', '/portolan-data/deep/resolv.conf'] })).toContain(
        'No such file',
      )
      for (const path of [
        '/portolan-data',
        '/usr/share/portolan-html',
        '/etc/portolan-app',
        '/portolan-work',
      ]) {
        expect(existsSync(path), path).toBe(false)
      }
    }))

  it('runs as another user, with exactly the given environment', () =>
    withSandbox(async (sandbox) => {
      const spec = {
        ...shell('id -u; id -g; id -G; env | sort | grep -v "^[_P]"'),
        env: { ...ENV, A: 'b c' },
      }
      expect(await output(sandbox, { ...spec, user: { uid: 4711, gid: 4712 } })).toBe(
        '4711\n4712\n4712\nA=b c\n',
      )
    }))

  it('tells how a process ended', () =>
    withSandbox(async (sandbox) => {
      const ended = async (script: string): Promise<unknown> =>
        (await sandbox.spawn({ ...shell(script), env: ENV })).exited
      expect(await ended('exit 42')).toEqual({ kind: 'exited', code: 42 })
      expect(await ended('kill -TERM $$')).toEqual({ kind: 'signalled', signal: 'SIGTERM', number: 15 })
    }))

  it('says when a program does not exist', () =>
    withSandbox(async (sandbox) => {
      for (const argv of [['portolan-no-such-program'], ['/etc/portolan-no-such-program']]) {
        expect(isNotFound(await sandbox.spawn({ argv, env: ENV }).catch((error) => error))).toBe(true)
      }
      await expect(sandbox.spawn({ argv: ['/etc/passwd'], env: ENV })).rejects.toMatchObject({
        code: 'NOT_PRIVILEGED',
      })
    }))

  it('reaps orphans and ends what a process leaves behind', () =>
    withSandbox(async (sandbox) => {
      await output(sandbox, shell('(sleep 60 &); (setsid true &); exit 0'))
      const processes = (): Promise<string> =>
        output(sandbox, shell('for p in /proc/[0-9]*; do tr "\\0" " " < $p/cmdline; done | wc -w'))
      const only = await output(sandbox, shell('grep -l Z.*zombie /proc/[0-9]*/status | wc -l'))
      expect(only.trim().endsWith('0')).toBe(true)
      expect(await processes()).not.toContain('sleep')
    }))

  it('feeds a process and ends its input', () =>
    withSandbox(async (sandbox) => {
      const running = await sandbox.spawn({ argv: ['cat'], env: ENV, stdin: true })
      running.stdin?.end('abc')
      expect(await text(running.stdout)).toBe('abc')
      expect(await running.exited).toEqual({ kind: 'exited', code: 0 })
    }))

  it('gives a process a terminal that can be resized', () =>
    withSandbox(async (sandbox) => {
      const script = 'stty size; read line; echo "got $line"; stty size; ps -o tty= -p $$'
      const running = await sandbox.spawn({
        ...shell(script),
        env: ENV,
        stdin: true,
        terminal: { width: 80, height: 24 },
      })
      let seen = ''
      running.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()))
      const ended = once(running.stdout, 'end')
      await expect.poll(() => seen).toContain('24 80')
      running.resize({ width: 132, height: 50 })
      running.stdin?.write('hello\n')
      expect(await running.exited).toEqual({ kind: 'exited', code: 0 })
      await ended
      expect(running.stderr).toBeUndefined()
      expect(seen.replaceAll('\r', '')).toMatch(/^24 80\nhello\ngot hello\n50 132\npts\/\d+\n$/)
      running.resize({ width: 1, height: 1 }) // after the end: nothing happens
    }))

  it('interrupts the foreground program of a terminal by Ctrl-C', () =>
    withSandbox(async (sandbox) => {
      const running = await sandbox.spawn({
        ...shell('echo ready; exec sleep 60'),
        env: ENV,
        stdin: true,
        terminal: { width: 80, height: 24 },
      })
      await once(running.stdout, 'data')
      running.stdin?.write('\u0003')
      expect(await running.exited).toMatchObject({ kind: 'signalled', signal: 'SIGINT' })
    }))

  it('ends all its processes when it is closed', async () => {
    using network = await host.namespaces.createNetwork()
    const sandbox = host.sandboxes.create({ network, hostname: 'x', isolated: true })
    const running = await sandbox.spawn({ ...shell('trap "" TERM INT HUP; sleep 60 & wait'), env: ENV })
    await sandbox[Symbol.asyncDispose]()
    expect(await running.exited).toEqual({ kind: 'signalled', signal: 'SIGKILL', number: 9 })
    await expect(sandbox.spawn({ argv: ['true'], env: ENV })).rejects.toThrow('closed')
  })

  it('does not leak descriptors', async () => {
    const open = (): number => readdirSync('/proc/self/fd').length
    const once_ = (): Promise<void> =>
      withSandbox(async (sandbox) => void (await output(sandbox, { argv: ['true'] })))
    await once_()
    const before = open()
    for (let round = 0; round < 5; round += 1) await once_()
    await expect.poll(open).toBeLessThanOrEqual(before)
  })

  it('starts over when its first process has been killed', () =>
    withSandbox(async (sandbox) => {
      const running = await sandbox.spawn({ ...shell('exec sleep 60'), env: ENV })
      const namespace = readlinkSync(`/proc/${running.pid}/ns/pid`)
      const first = readdirSync('/proc').find(
        (pid) => /^\d+$/.test(pid) && pid !== String(running.pid) && isIn(pid, namespace),
      )
      process.kill(Number(first), 'SIGKILL')
      expect(await running.exited).toMatchObject({ signal: 'SIGKILL' })
      await expect.poll(() => output(sandbox, { argv: ['echo', 'again'] }).catch(() => '')).toBe('again\n')
    }))

  it('shares the network of portolan when it has none of its own', async () => {
    await using sandbox = host.sandboxes.create({ hostname: 'node', isolated: true })
    const own = await host.commands.run(['readlink', '/proc/self/ns/net'])
    expect(await output(sandbox, { argv: ['readlink', '/proc/self/ns/net'] })).toBe(own.stdout)
  })

  it('starts processes at the same time', () =>
    withSandbox(async (sandbox) => {
      const all = Array.from({ length: 10 }, (_none, index) =>
        output(sandbox, { argv: ['echo', String(index)] }),
      )
      expect((await Promise.all(all)).join('')).toBe('0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n')
    }))
})

describe.skipIf(unprivileged !== undefined)(where('the probe'), () => {
  it('finds what this machine can do, and leaves nothing behind', async () => {
    const links = (): Promise<string> => host.commands.run(['ip', '-o', 'link']).then(({ stdout }) => stdout)
    const before = await links()
    const { isRoot, findings } = await probeCapabilities(host)
    expect(isRoot).toBe(true)
    for (const name of ['network-namespaces', 'links', 'isolated-processes'] as const) {
      expect(findings[name], name).toMatchObject({ ok: true })
    }
    expect(await links()).toBe(before)
  })
})
