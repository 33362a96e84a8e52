/** The pure parts of the streams to pods: what is asked for, where it goes, what the last word is. */

import { describe, expect, it } from 'vitest'
import { pod, service } from '../../../test/support/builders.ts'
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts'
import { execStatusText, terminalSize } from './exec-status.ts'
import { parseProxyName, podTarget, proxiedLocation, serviceTarget } from './proxy-target.ts'
import { askedLog, execOptions, logOptions } from './session-options.ts'

const two = pod('n/p', {
  spec: {
    containers: [
      { name: 'a', image: 'a' },
      { name: 'b', image: 'b' },
    ],
    initContainers: [{ name: 'i', image: 'i' }],
  },
})
const query = (text: string): URLSearchParams => new URLSearchParams(text)

describe('execOptions', () => {
  it('reads what kubectl sends', () => {
    const text = 'command=sh&command=-c&command=ls&container=b&stdin=true&stdout=true&stderr=true&tty=true'
    expect(execOptions(two, 'exec', query(text))).toEqual({
      container: 'b',
      command: ['sh', '-c', 'ls'],
      stdin: true,
      stdout: true,
      stderr: false,
      tty: true,
    })
  })

  const rows: readonly [string, string][] = [
    [
      'stdout=1&command=x',
      'a container name must be specified for pod p, choose one of: [a b] or one of the init containers: [i]',
    ],
    ['stdout=1&command=x&container=c', 'container c is not valid for pod p'],
    ['command=x&container=a', 'you must specify at least 1 of stdin, stdout, stderr'],
    ['stdout=1&container=a', 'you must specify at least 1 command for the container'],
  ]
  for (const [text, message] of rows) {
    it(`refuses ${text}`, () => expect(() => execOptions(two, 'exec', query(text))).toThrow(message))
  }

  it('refuses a pod without a node', () => {
    const unbound = pod('n/p', { spec: { nodeName: '' } })
    expect(() => execOptions(unbound, 'attach', query('stdout=1'))).toThrow(
      'pod p does not have a host assigned',
    )
  })
})

describe('logOptions', () => {
  it('takes the only container, and zero lines as zero', () => {
    expect(
      logOptions(pod('n/p'), askedLog('p', query('tailLines=0&follow=true&sinceSeconds=5'))),
    ).toMatchObject({
      container: 'c',
      tailLines: 0,
      follow: true,
      sinceSeconds: 5,
      limitBytes: undefined,
    })
    expect(() => askedLog('p', query('tailLines=x'))).toThrow(/invalid syntax/)
  })
})

describe('execStatusText', () => {
  it('is JSON from v4 on', () => {
    expect(JSON.parse(execStatusText({ kind: 'exited', exitCode: 0 }, true))).toEqual({
      metadata: {},
      status: 'Success',
    })
    expect(JSON.parse(execStatusText({ kind: 'exited', exitCode: 3 }, true))).toMatchObject({
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    })
    expect(JSON.parse(execStatusText({ kind: 'failed', message: 'no such file' }, true))).toMatchObject({
      reason: 'InternalError',
      message: 'Internal error occurred: error executing command in container: no such file',
    })
  })
  it('is text before, and nothing for success', () => {
    expect(execStatusText({ kind: 'exited', exitCode: 0 }, false)).toBe('')
    expect(execStatusText({ kind: 'exited', exitCode: 3 }, false)).toMatch(/exit status 3$/)
  })
  it('reads sizes', () => {
    expect(terminalSize(Buffer.from('{"Width":80,"Height":24}'))).toEqual({ width: 80, height: 24 })
    expect(terminalSize(Buffer.from('nonsense'))).toBeUndefined()
  })
})

describe('proxy targets', () => {
  it('names have a scheme before and a port behind', () => {
    expect(parseProxyName('web')).toEqual({ scheme: 'http', name: 'web', port: '' })
    expect(parseProxyName('web:http')).toEqual({ scheme: 'http', name: 'web', port: 'http' })
    expect(parseProxyName('https:web:443')).toEqual({ scheme: 'https', name: 'web', port: '443' })
    expect(() => parseProxyName('ftp:web:21')).toThrow(/invalid service request/)
  })

  it('a pod is reached at its first port, or the one named', () => {
    const spec = { containers: [{ name: 'c', image: 'c', ports: [{ containerPort: 8080 }] }] }
    const target = pod('n/p', { ip: '192.0.2.1', spec })
    expect(podTarget(target, parseProxyName('p'))).toEqual({
      scheme: 'http',
      address: '192.0.2.1',
      port: 8080,
    })
    expect(podTarget(target, parseProxyName('p:81')).port).toBe(81)
    expect(() => podTarget(pod('n/p'), parseProxyName('p'))).toThrow('address not allowed')
  })

  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 's', namespace: 'n' },
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['192.0.2.1'], conditions: { ready: false } },
      { addresses: ['192.0.2.2'], conditions: { ready: true } },
    ],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  }

  it('a Service is reached at a ready endpoint', () => {
    const at = (name: string) => serviceTarget(service('n/s'), [slice], parseProxyName(name), () => 0)
    expect(at('s')).toEqual({ scheme: 'http', address: '192.0.2.2', port: 8080 })
    expect(at('https:s:80')).toEqual({ scheme: 'https', address: '192.0.2.2', port: 8080 })
    expect(at('s:http').port).toBe(8080)
    expect(() => at('s:nope')).toThrow(/no service port "nope" found for service "s"/)
    expect(() => serviceTarget(service('n/s'), [], parseProxyName('s'), () => 0)).toThrow(
      'no endpoints available for service "s"',
    )
  })

  it('redirects lead back through the proxy', () => {
    const at = { prefix: '/api/v1/namespaces/n/services/s/proxy', backend: '192.0.2.2:8080' }
    expect(proxiedLocation('/login', at)).toBe(`${at.prefix}/login`)
    expect(proxiedLocation('http://192.0.2.2:8080/login', at)).toBe(`${at.prefix}/login`)
    expect(proxiedLocation('https://example.org/', at)).toBe('https://example.org/')
  })
})
