import { expect, it } from 'vitest'
import { HostError, isNotFound } from '../errors.ts'
import { linuxCommands } from './commands.io.ts'
import { openNamespaceSwitch } from './network-namespace.io.ts'

const commands = linuxCommands(await openNamespaceSwitch(undefined))

it('feeds a program and returns what it printed', async () => {
  const script = 'cat; echo oops >&2'
  expect(await commands.run(['sh', '-c', script], { stdin: 'a\nb' })).toEqual({
    stdout: 'a\nb',
    stderr: 'oops\n',
  })
})

it('passes arguments on as they are, through no shell', async () => {
  expect((await commands.run(['printf', '%s', '$(id) *'])).stdout).toBe('$(id) *')
})

it('rejects with status and first words when a program fails', async () => {
  const failed = await commands.run(['sh', '-c', 'echo no such chain >&2; exit 2']).catch((error) => error)
  expect(failed).toBeInstanceOf(HostError)
  expect(failed.message).toContain('no such chain (exit status 2)')
  expect(failed.context).toMatchObject({ exitCode: 2, stderr: 'no such chain\n' })
})

it('says when there is no such program', async () => {
  expect(isNotFound(await commands.run(['portolan-no-such-program']).catch((error) => error))).toBe(true)
})

it('ends a program that takes too long', async () => {
  await expect(commands.run(['sleep', '60'], { timeoutMs: 20 })).rejects.toMatchObject({
    code: 'COMMAND_TIMED_OUT',
  })
})

it('ends a program when asked to, with the reason', async () => {
  const stop = new AbortController()
  const running = commands.run(['sleep', '60'], { signal: stop.signal })
  stop.abort(new Error('enough'))
  await expect(running).rejects.toThrow('enough')
  await expect(commands.run(['true'], { signal: stop.signal })).rejects.toThrow('enough')
})

it('does not mind a program that does not read its input', async () => {
  await commands.run(['true'], { stdin: 'x'.repeat(1_000_000) })
})
