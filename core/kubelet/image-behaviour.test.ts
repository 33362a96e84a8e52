import { describe, expect, test } from 'vitest'
import { pod } from '../../test/support/builders.ts'
import type { Container } from '../api/generated/core-v1.ts'
import { behaviourOf, imageName, standInPorts } from './image-behaviour.ts'

test.each([
  ['busybox', 'busybox'],
  ['docker.io/library/busybox:1.38@sha256:00ff', 'busybox'],
  ['example.org:5000/team/web', 'web'],
  ['example.org:5000/team/web:v1.2', 'web'],
])('the name of %s is %s', (image, name) => {
  expect(imageName(image)).toBe(name)
})

describe('who plays a container', () => {
  const rows: readonly [string, Partial<Container>, Record<string, string>, string][] = [
    ['an application', { image: 'example.org/shop/cart:v1' }, {}, 'stand-in general'],
    [
      'an application with a command of its own',
      { image: 'example.org/app', command: ['/app'] },
      {},
      'stand-in general',
    ],
    [
      'a shell with a command',
      { image: 'busybox:1.38', command: ['sh', '-c', 'true'] },
      {},
      'process sh -c true',
    ],
    ['a shell with arguments only', { image: 'alpine', args: ['sleep', '60'] }, {}, 'process sleep 60'],
    ['a shell with nothing to do', { image: 'ubuntu:24.04' }, {}, 'stand-in pause'],
    [
      'curl with arguments',
      { image: 'curlimages/curl', args: ['-s', 'http://web'] },
      {},
      'process curl -s http://web',
    ],
    ['curl with a command', { image: 'curlimages/curl', command: ['sleep', '9'] }, {}, 'process sleep 9'],
    ['nginx', { image: 'nginx:1.29-alpine' }, {}, 'stand-in nginx'],
    ['redis', { image: 'redis:alpine' }, {}, 'stand-in redis'],
    ['pause', { image: 'registry.example.org/pause:3.10' }, {}, 'stand-in pause'],
    ['a part of portolan', { image: 'example.org/coredns/coredns:v1' }, {}, 'built-in coredns'],
    [
      'asked for as a process',
      { image: 'example.org/app', command: ['node', 'x.js'] },
      { 'portolan.dev/runtime': 'process' },
      'process node x.js',
    ],
    [
      'asked for as a process, without a command',
      { image: 'example.org/app' },
      { 'portolan.dev/runtime': 'process' },
      'stand-in general',
    ],
    [
      'a shell asked to be played',
      { image: 'busybox', command: ['sh'] },
      { 'portolan.dev/runtime': 'stand-in' },
      'stand-in pause',
    ],
    [
      'a container asked for by name',
      { image: 'busybox', command: ['sh'] },
      { 'portolan.dev/runtime': 'stand-in', 'portolan.dev/runtime.c': 'process' },
      'process sh',
    ],
  ]
  test.each(rows)('%s', (_name, container, annotations, expected) => {
    const plain = pod('ns1/p')
    const subject = { ...plain, metadata: { ...plain.metadata, annotations } }
    const found = behaviourOf(subject, { name: 'c', ...container }, new Set(['coredns']))
    const detail =
      found.kind === 'process'
        ? found.argv.join(' ')
        : found.kind === 'stand-in'
          ? found.standIn
          : found.image
    expect(`${found.kind} ${detail}`).toBe(expected)
  })
})

test('a stand-in listens on declared ports and on those of its probes, each once', () => {
  const container: Container = {
    name: 'c',
    ports: [
      { name: 'http', containerPort: 8080 },
      { containerPort: 53, protocol: 'UDP' },
      { containerPort: 53, protocol: 'TCP' },
      { containerPort: 132, protocol: 'SCTP' },
    ],
    readinessProbe: { httpGet: { port: 'http' } },
    livenessProbe: { grpc: { port: 9090 } },
    startupProbe: { tcpSocket: { port: 'unknown' } },
  }
  expect(standInPorts(container).map(({ protocol, port }) => `${port}/${protocol}`)).toEqual([
    '8080/TCP',
    '53/UDP',
    '53/TCP',
    '9090/TCP',
  ])
})
