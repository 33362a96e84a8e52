/**
 * Run by isolated.test.ts in network and mount namespaces that stand in for the host's: pods in namespaces of their own,
 * and what their processes see. Prints it as one JSON object.
 */

import { writeSync } from 'node:fs'
import type { Container, Pod, PodSpec } from '../../core/api/generated/core-v1.ts'
import { CONFIG_MAPS, PODS } from '../../core/api/scheme.ts'
import { eventually } from '../support/test-host.io.ts'
import { isReady, testNode } from './node.io.ts'

const shell = (script: string): Partial<Container> => ({ image: 'busybox', command: ['sh', '-c', script] })

function pod(name: string, container: Partial<Container>, spec: Partial<PodSpec> = {}): Pod {
  const containers = [{ name: 'c', ...container }]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers, ...spec },
  }
}

/** As load generators wait for a shop: https://github.com/GoogleCloudPlatform/microservices-demo. */
const WAIT_FOR_FRONTEND = `
  for i in $(seq 1 3); do
    STATUSCODE=$(wget --server-response http://$FRONTEND 2>&1 | awk '/^  HTTP/{print $2}')
    if [ $STATUSCODE -eq 200 ]; then echo "Frontend is reachable."; exit 0; fi
    echo "Status code: $STATUSCODE"; sleep 1
  done
  exit 1`

await using node = await testNode('isolated')
const create = (object: Pod): Promise<Pod> =>
  eventually('creating it', () => node.client.create(PODS, object))

await node.client.create(CONFIG_MAPS, {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'default' },
  data: { colour: 'blue' },
})
await create(
  pod('web', { image: 'nginx', ports: [{ containerPort: 80 }], readinessProbe: { httpGet: { port: 80 } } }),
)
const web = await node.podWhen('web', isReady)

const tools = pod(
  'tools',
  {
    ...shell('sleep 600'),
    volumeMounts: [
      { name: 'settings', mountPath: '/etc/app/settings' },
      { name: 'settings', mountPath: '/etc/app/one', subPath: 'colour' },
      { name: 'scratch', mountPath: '/scratch' },
    ],
  },
  {
    hostname: 'given',
    hostAliases: [{ ip: '192.0.2.7', hostnames: ['alias.test'] }],
    securityContext: { runAsUser: 1000 },
    initContainers: [
      {
        name: 'wait',
        ...shell(WAIT_FOR_FRONTEND),
        env: [{ name: 'FRONTEND', value: `${web.status?.podIP}:80` }],
      },
    ],
    volumes: [
      { name: 'settings', configMap: { name: 'settings' } },
      { name: 'scratch', emptyDir: {} },
    ],
  },
)
await create(tools)
await node.podWhen('tools', isReady)
const sees = async (script: string): Promise<string> =>
  (await node.exec('tools', ['sh', '-c', script])).output.trim()

const seen = {
  init: (await node.logs('tools', { container: 'wait' })).trim(),
  resolver: await sees('cat /etc/resolv.conf'),
  hosts: await sees('tail -n 3 /etc/hosts'),
  hostname: await sees('hostname; cat /etc/hostname'),
  user: await sees('id -u'),
  volume: await sees('cat /etc/app/settings/colour'),
  readOnly: await sees('echo x > /etc/app/settings/colour || echo refused'),
  subPath: await sees('cat /etc/app/one'),
  scratch: await sees('echo kept > /scratch/file && cat /scratch/file'),
  web: await sees(`wget -qO- http://${web.status?.podIP}/ | grep -c Welcome`),
  token: await sees(
    'cd /var/run/secrets/kubernetes.io/serviceaccount; cut -d. -f1 token | base64 -d 2>/dev/null; cat namespace; ls',
  ),
  addresses: await sees('ip -4 -o address show scope global | wc -l'),
}
await node.client.patch(
  CONFIG_MAPS,
  { namespace: 'default', name: 'settings' },
  { data: { colour: 'green' } },
  { type: 'merge' },
)
const refreshed = await eventually('the new settings', async () => {
  const text = await sees('cat /etc/app/settings/colour')
  return text.startsWith('green') ? text : undefined
})

const devices = 'echo x > /dev/null; test -c /dev/urandom && ls -d /dev/pts /dev/shm /dev/fd'
await create(
  pod('says-why', shell(`${devices}; echo -n because > /dev/termination-log; exit 4`), {
    restartPolicy: 'Never',
    securityContext: { runAsUser: 1000 },
  }),
)
const failed = await node.podWhen('says-why', ({ status }) => status?.phase === 'Failed')
const log = await node.logs('says-why')
const { exitCode, message } = failed.status?.containerStatuses?.[0]?.state?.terminated ?? {}

await create(
  pod(
    'terminal',
    { image: 'busybox', args: ['sh'], stdin: true, stdinOnce: true, tty: true },
    { restartPolicy: 'Never' },
  ),
)
const terminal = await node.podWhen('terminal', isReady)
let screen = ''
const typed = async function* (): AsyncGenerator<Uint8Array> {
  yield Buffer.from('stty size; tty; exit 3\n')
}
const result = await node.kubelet.attach(
  terminal,
  { container: 'c', tty: true },
  {
    stdin: typed(),
    stdout: async (chunk) => void (screen += Buffer.from(chunk).toString('utf8')),
    signal: new AbortController().signal,
  },
)

await node.client.delete(PODS, { namespace: 'default', name: 'tools' }, { gracePeriodSeconds: 1 })
await eventually('it is gone', async () =>
  (await node.client.list(PODS)).items.every(({ metadata }) => metadata.name !== 'tools') ? true : undefined,
)
const warnings = node.log.entries.filter(({ level }) => level === 'warn' || level === 'error')
writeSync(
  1,
  JSON.stringify({
    seen,
    refreshed,
    podIP: web.status?.podIP,
    failed: { exitCode, message, log },
    terminal: { screen, result },
    warnings: warnings.map(String),
  }),
)
