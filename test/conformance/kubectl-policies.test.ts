/** What users of every kubectl there is see of ValidatingAdmissionPolicies: apply, get, and requests that are refused. */

import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import type { Kubectl, Ran, RunOptions } from '../support/kubectl.io.ts'
import { KubectlSession, eachKubectl } from '../support/kubectl.io.ts'

/** Shaped like the one of Gateway API's install manifests, which guards its definitions. */
const POLICIES = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: safe-upgrades.example.org}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - apiGroups: [apiextensions.k8s.io]
      apiVersions: [v1]
      resources: [customresourcedefinitions]
      operations: [CREATE, UPDATE]
  validations:
  - expression: >-
      object.spec.group != 'example.org' || (has(object.metadata.annotations) &&
      object.metadata.annotations.exists(k, k == 'example.org/channel'))
    message: definitions of example.org name their channel
    reason: Invalid
  - expression: "!(request.operation == 'UPDATE' && oldObject.metadata.annotations['example.org/channel'] == 'standard') || object.metadata.annotations['example.org/channel'] == 'standard'"
    messageExpression: "'not from standard to ' + object.metadata.annotations['example.org/channel']"
    reason: Forbidden
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: safe-upgrades.example.org}
spec:
  policyName: safe-upgrades.example.org
  validationActions: [Deny]
  matchResources:
    resourceRules:
    - apiGroups: [apiextensions.k8s.io]
      apiVersions: [v1]
      resources: [customresourcedefinitions]
      operations: ['*']
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: replicas}
spec:
  paramKind: {apiVersion: v1, kind: ConfigMap}
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments, deployments/scale]}
  variables:
  - {name: max, expression: int(params.data.max)}
  validations:
  - {expression: object.spec.replicas <= variables.max, messageExpression: "'at most ' + string(variables.max)"}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: replicas}
spec:
  policyName: replicas
  validationActions: [Warn]
  paramRef: {name: limits, parameterNotFoundAction: Deny}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: limits, namespace: default}
data: {max: "3"}
`

const definition = (channel: string | undefined): string => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: things.example.org
  annotations: {${channel === undefined ? '' : `example.org/channel: ${channel}`}}
spec:
  group: example.org
  scope: Namespaced
  names: {plural: things, kind: Thing}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
`

eachKubectl(commands)

function commands(kubectl: Kubectl): void {
  let api: TestApiServer
  let session: KubectlSession

  beforeAll(async () => {
    api = await testApiServer()
    session = new KubectlSession(kubectl, { kubeconfig: api.kubeconfig, cacheDir: join(api.folder, 'cache') })
    await succeed(['apply', '-f', '-'], { stdin: POLICIES })
  })
  afterAll(async () => await api[Symbol.asyncDispose]())

  const run = (args: readonly string[], options?: RunOptions): Promise<Ran> => session.run(args, options)

  async function succeed(args: readonly string[], options?: RunOptions): Promise<Ran> {
    const ran = await run(args, options)
    expect(ran.code, ran.stderr).toBe(0)
    return ran
  }

  it('applies them again', async () => {
    const { stdout } = await succeed(['apply', '-f', '-'], { stdin: POLICIES })
    const binding = 'validatingadmissionpolicybinding.admissionregistration.k8s.io/replicas'
    expect(stdout).toContain(`${binding} unchanged`)
  })

  it('applies them on the server', async () => {
    await succeed(['apply', '--server-side', '--force-conflicts', '-f', '-'], { stdin: POLICIES })
  })

  it.each([
    [
      'validatingadmissionpolicies',
      /^NAME +VALIDATIONS +PARAMKIND +AGE\nreplicas +1 +v1\/ConfigMap +\S+\nsafe\S+ +2 +<unset>/,
    ],
    [
      'validatingadmissionpolicybindings',
      /^NAME +POLICYNAME +PARAMREF +AGE\nreplicas +replicas +\*\/limits +\S+\nsafe\S+ +safe\S+ +<unset>/,
    ],
  ])('gets %s', async (resource, expected) => {
    const { stdout } = await succeed(['get', resource])
    expect(stdout).toMatch(expected)
  })

  it('is refused what a policy is against', async () => {
    const first = await run(['apply', '-f', '-'], { stdin: definition(undefined) })
    expect(first.code).toBe(1)
    expect(first.stderr).toContain(
      'The customresourcedefinitions "things.example.org" is invalid: : ValidatingAdmissionPolicy ' +
        "'safe-upgrades.example.org' with binding 'safe-upgrades.example.org' denied request: " +
        'definitions of example.org name their channel',
    )
    await succeed(['apply', '-f', '-'], { stdin: definition('standard') })
    const later = await run(['apply', '-f', '-'], { stdin: definition('experimental') })
    expect(later.code).toBe(1)
    expect(later.stderr).toContain('denied request: not from standard to experimental')
    const dryRun = await run(['apply', '--dry-run=server', '-f', '-'], { stdin: definition('experimental') })
    expect(dryRun.code).toBe(1)
  })

  it('is warned', async () => {
    const { stderr } = await succeed(['create', 'deployment', 'many', '--image=x', '--replicas=4'])
    expect(stderr).toContain(
      "Warning: Validation failed for ValidatingAdmissionPolicy 'replicas' with binding 'replicas': at most 3",
    )
    const scaled = await succeed(['scale', 'deployment', 'many', '--replicas=5'])
    expect(scaled.stderr).toContain('at most 3')
    expect((await succeed(['scale', 'deployment', 'many', '--replicas=2'])).stderr).toBe('')
  })

  it('is told where an expression is wrong', async () => {
    const wrong = POLICIES.split('---')[0]?.replace('object.spec.group', 'objekt.spec.group') ?? ''
    const { code, stderr } = await run(['apply', '-f', '-'], { stdin: wrong })
    expect(code).toBe(1)
    expect(stderr).toContain("ERROR: <input>:1:1: undeclared reference to 'objekt' (in container '')")
  })
}
