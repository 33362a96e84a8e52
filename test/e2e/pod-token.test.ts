/** A program in a pod asks the API with the token of its service account, and gets what its roles allow. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { portolanUp } from '../support/portolan.io.ts'
import { noTestHost, testHost } from '../support/test-host.io.ts'

const MANIFEST = `apiVersion: v1
kind: ServiceAccount
metadata: { name: robot }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader }
rules: [{ apiGroups: [""], resources: [pods], verbs: [list] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: robots-read }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: robot, namespace: default }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: asks }
spec:
  selector: { matchLabels: { app: asks } }
  template:
    metadata: { labels: { app: asks } }
    spec:
      serviceAccountName: robot
      containers: [{ name: c, image: curlimages/curl, command: [sleep, "600"] }]
`

const ASK = `
cd /var/run/secrets/kubernetes.io/serviceaccount
curl -s --max-time 10 --cacert ca.crt -H "Authorization: Bearer $(cat token)" \
  https://kubernetes.default.svc/api/v1/namespaces/$(cat namespace)/$0`

describe.skipIf(noTestHost)(`tokens of pods${noTestHost ? ` (skipped: ${noTestHost})` : ''}`, () => {
  it('are good for what the roles of their account allow', async () => {
    await using host = await testHost()
    const file = join(host.folder, 'asks.yaml')
    writeFileSync(file, MANIFEST)
    const portolan = await portolanUp(host, { args: ['--port', '0', '--no-host-dns', '-f', file] })
    const ask = async (resource: string): Promise<Record<string, unknown>> => {
      const text = await portolan.get('exec', 'deploy/asks', '--', 'sh', '-c', ASK, resource)
      return JSON.parse(text) as Record<string, unknown>
    }
    expect(await ask('pods')).toMatchObject({ kind: 'PodList' })
    expect(await ask('secrets')).toMatchObject({
      code: 403,
      message: expect.stringContaining(
        'User "system:serviceaccount:default:robot" cannot list resource "secrets" in API group ""',
      ),
    })
    expect(await portolan.stop()).toBe(0)
  })
})
