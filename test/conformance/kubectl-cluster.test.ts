/** What users of every kubectl there is see of volumes, classes, certificate requests, leases and events. */

import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import { JANE_REQUEST } from '../support/certificate-requests.ts'
import type { Kubectl, RunOptions } from '../support/kubectl.io.ts'
import { KubectlSession, eachKubectl } from '../support/kubectl.io.ts'

const OBJECTS = `
apiVersion: v1
kind: PersistentVolume
metadata: {name: vol}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce, ReadOnlyMany]
  hostPath: {path: /data}
  storageClassName: slow
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim, namespace: default}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: slow
  resources: {requests: {storage: 1Gi}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: slow
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
provisioner: example.com/disk
---
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: {name: disk.example.com}
spec: {podInfoOnMount: true}
---
apiVersion: storage.k8s.io/v1
kind: CSINode
metadata: {name: n1}
spec:
  drivers: [{name: disk.example.com, nodeID: n1}]
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: small}
handler: runc
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: lead, namespace: default}
spec: {holderIdentity: me, leaseDurationSeconds: 15}
---
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: jane}
spec:
  request: ${Buffer.from(JANE_REQUEST).toString('base64')}
  signerName: example.com/signer
  usages: [client auth]
---
apiVersion: events.k8s.io/v1
kind: Event
metadata: {name: seen, namespace: default}
eventTime: "2026-01-01T00:00:00.000000Z"
reportingController: example.com/c
reportingInstance: c-1
action: Binding
reason: Scheduled
regarding: {apiVersion: v1, kind: PersistentVolumeClaim, name: claim, namespace: default}
note: it was placed
type: Normal
`

eachKubectl(commands)

function commands(kubectl: Kubectl): void {
  let api: TestApiServer
  let session: KubectlSession

  beforeAll(async () => {
    api = await testApiServer()
    session = new KubectlSession(kubectl, { kubeconfig: api.kubeconfig, cacheDir: join(api.folder, 'cache') })
    await succeed(['apply', '-f', '-'], { stdin: OBJECTS })
  })
  afterAll(async () => await api[Symbol.asyncDispose]())

  async function succeed(args: readonly string[], options?: RunOptions): Promise<string> {
    const { code, stdout, stderr } = await session.run(args, options)
    expect(code, stderr).toBe(0)
    return stdout
  }

  /** Cells of the header and of the first row, without ages. */
  async function shown(...args: readonly string[]): Promise<readonly string[]> {
    const lines = (await succeed(['get', ...args])).split('\n').slice(0, 2)
    return lines.map((line) =>
      line
        .trim()
        .replace(/ {2,}/g, ' | ')
        .replace(/\b\d+[smh]\b/g, 'AGE'),
    )
  }

  it('applies them again without a change', async () => {
    const lines = (await succeed(['apply', '-f', '-'], { stdin: OBJECTS })).trim().split('\n')
    expect(lines.filter((line) => !line.endsWith(' unchanged'))).toEqual([])
    expect(lines).toHaveLength(9)
  })

  it.each([
    [
      ['pv', 'vol', '-o', 'wide'],
      'NAME | CAPACITY | ACCESS MODES | RECLAIM POLICY | STATUS | CLAIM | STORAGECLASS | VOLUMEATTRIBUTESCLASS | REASON | AGE | VOLUMEMODE',
      'vol | 1Gi | RWO,ROX | Retain | Pending | slow | <unset> | AGE | Filesystem',
    ],
    [
      ['pvc', 'claim'],
      'NAME | STATUS | VOLUME | CAPACITY | ACCESS MODES | STORAGECLASS | VOLUMEATTRIBUTESCLASS | AGE',
      'claim | Pending | slow | <unset> | AGE',
    ],
    [
      ['sc'],
      'NAME | PROVISIONER | RECLAIMPOLICY | VOLUMEBINDINGMODE | ALLOWVOLUMEEXPANSION | AGE',
      'slow (default) | example.com/disk | Delete | Immediate | false | AGE',
    ],
    [
      ['csidrivers'],
      'NAME | ATTACHREQUIRED | PODINFOONMOUNT | STORAGECAPACITY | TOKENREQUESTS | REQUIRESREPUBLISH | MODES | AGE',
      'disk.example.com | true | true | false | <unset> | false | Persistent | AGE',
    ],
    [['csinodes'], 'NAME | DRIVERS | AGE', 'n1 | 1 | AGE'],
    [['runtimeclasses'], 'NAME | HANDLER | AGE', 'small | runc | AGE'],
    [['leases'], 'NAME | HOLDER | AGE', 'lead | me | AGE'],
    [
      ['csr'],
      'NAME | AGE | SIGNERNAME | REQUESTOR | REQUESTEDDURATION | CONDITION',
      expect.stringMatching(/^jane \| AGE \| example.com\/signer \| \S+ \| <none> \| Pending$/),
    ],
    [
      ['events.events.k8s.io', 'seen'],
      'LAST SEEN | TYPE | REASON | OBJECT | MESSAGE',
      expect.stringMatching(/Normal \| Scheduled \| persistentvolumeclaim\/claim \| it was placed$/),
    ],
  ])('get %j', async (args, header, cells) => {
    expect(await shown(...args)).toEqual([header, cells])
  })

  it('describes them', async () => {
    const uid = await succeed(['get', 'pvc', 'claim', '-o', 'jsonpath={.metadata.uid}'])
    const patch = JSON.stringify({ involvedObject: { uid } })
    await succeed(['patch', 'events', 'seen', '--type', 'merge', '-p', patch])
    const claim = await succeed(['describe', 'pvc', 'claim'])
    expect(claim).toMatch(/^Status: +Pending$/m)
    expect(claim).toMatch(/^ +Normal +Scheduled .*it was placed$/m)
    expect(await succeed(['describe', 'pv', 'vol'])).toMatch(/^ +Path: +\/data$/m)
    expect(await succeed(['describe', 'sc', 'slow'])).toMatch(/^IsDefaultClass: +Yes$/m)
    expect(await succeed(['describe', 'csinode', 'n1'])).toContain('disk.example.com')
    expect(await succeed(['describe', 'csr', 'jane'])).toMatch(/^ +Organization: +dev$/m)
    expect(await succeed(['describe', 'runtimeclass', 'small'])).toMatch(/^Handler: +runc$/m)
    expect(await succeed(['describe', 'lease', 'lead'])).toMatch(/Holder Identity: +me$/m)
  })

  it('approves a certificate request', async () => {
    expect(await succeed(['certificate', 'approve', 'jane'])).toContain('jane approved')
    expect((await shown('csr'))[1]).toMatch(/Approved$/)
    const { code, stderr } = await session.run(['certificate', 'deny', 'jane'])
    expect([code, stderr]).toEqual([1, 'error: certificate signing request "jane" is already Approved\n'])
  })

  it('warns of Endpoints', async () => {
    const { stderr } = await session.run(['get', 'endpoints'])
    expect(stderr).toContain(
      'Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
    )
  })

  it('deletes them', async () => {
    expect(await succeed(['delete', 'pv,pvc,sc,csr', '--all'])).toContain('persistentvolume "vol" deleted')
    expect((await session.run(['get', 'pv,pvc,sc,csr'])).stdout).toBe('')
  })
}
