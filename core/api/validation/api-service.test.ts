import { expect, it } from 'vitest'
import { faultsOf, statusFaultsOf } from '../../../test/support/kind-rules.ts'
import { API_SERVICES } from '../scheme.ts'

const REMOTE = {
  group: 'lead.example',
  version: 'v1',
  groupPriorityMinimum: 100,
  versionPriority: 10,
  service: { name: 'a', namespace: 'b' },
}
const LOCAL = { ...REMOTE, service: undefined }
const named = (name: string, spec: object) => ({ metadata: { name }, spec })

it.each<[string, object, readonly string[]]>([
  ['a remote one', named('v1.lead.example', REMOTE), []],
  ['a local one', named('v1.lead.example', LOCAL), []],
  ['the core group', named('v1.', { ...LOCAL, group: '' }), []],
  [
    'no name of its own',
    named('lead', REMOTE),
    ['metadata.name: Invalid value: "lead": must be `spec.version+"."+spec.group`: "v1.lead.example"'],
  ],
  [
    'priorities too low',
    named('v1.lead.example', { ...REMOTE, groupPriorityMinimum: 0, versionPriority: -1 }),
    [
      'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
      'spec.versionPriority: Invalid value: -1: must be positive and less than 1000',
    ],
  ],
  [
    'priorities too high',
    named('v1.lead.example', { ...REMOTE, groupPriorityMinimum: 20_001, versionPriority: 1001 }),
    [
      'spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000',
      'spec.versionPriority: Invalid value: 1001: must be positive and less than 1000',
    ],
  ],
  [
    'no group but another version',
    named('v2.', { ...LOCAL, group: '', version: 'v2' }),
    ['spec.group: Required value: only v1 may have an empty group and it better be legacy kube'],
  ],
  [
    'a local one with what is for remote ones',
    named('v1.lead.example', { ...LOCAL, caBundle: 'YQ==', insecureSkipTLSVerify: true }),
    [
      'spec.caBundle: Invalid value: "1 bytes": local APIServices may not have a caBundle',
      'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
    ],
  ],
  [
    'a Service that is none',
    named('v1.lead.example', {
      ...REMOTE,
      service: { port: 0 },
      caBundle: 'YQ==',
      insecureSkipTLSVerify: true,
    }),
    [
      'spec.service.namespace: Required value',
      'spec.service.name: Required value',
      'spec.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
      'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
    ],
  ],
])('%s', (_what, body, expected) => {
  expect(faultsOf(API_SERVICES, body)).toEqual(expected)
})

it('a condition is true, false or unknown', () => {
  const status = { conditions: [{ type: 'Available', status: 'Maybe' }] }
  const one = named('v1.lead.example', REMOTE)
  expect(statusFaultsOf(API_SERVICES, { ...one, status }, one)).toEqual([
    'status.conditions[0].status: Unsupported value: "Maybe": supported values: "True", "False", "Unknown"',
  ])
})
