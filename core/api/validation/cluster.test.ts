import { describe, expect, it } from 'vitest'
import { faultsOf, statusFaultsOf, updateFaultsOf } from '../../../test/support/kind-rules.ts'
import type { ResourceInfo } from '../resource.ts'
import { CONFIG_MAPS, EVENTS, LEASES, NAMESPACES, NODES, SECRETS, SERVICE_ACCOUNTS } from '../scheme.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

describe('a new object', () => {
  it.each<[string, ResourceInfo, object, readonly string[]]>([
    ['ConfigMap is right when empty', CONFIG_MAPS, {}, []],
    [
      'ConfigMap has bad keys',
      CONFIG_MAPS,
      { data: { 'a b': '', '..': '', c: '' }, binaryData: { c: '' } },
      [
        "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' " +
          "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        'data[..]: Invalid value: "..": must not be \'..\'',
        'data[c]: Invalid value: "c": duplicate of key present in binaryData',
      ],
    ],
    [
      'ConfigMap is too large',
      CONFIG_MAPS,
      { data: { a: 'x'.repeat(1024 * 1024 + 1) } },
      ['[]: Too long: may not be more than 1048576 bytes'],
    ],
    [
      'Secret lacks what its type needs',
      SECRETS,
      { type: 'kubernetes.io/tls', data: { 'tls.crt': '' } },
      ['data[tls.key]: Required value'],
    ],
    [
      'Secret lacks both of one',
      SECRETS,
      { type: 'kubernetes.io/basic-auth' },
      ['data[username]: Required value', 'data[password]: Required value'],
    ],
    [
      'Secret is no JSON',
      SECRETS,
      {
        type: 'kubernetes.io/dockerconfigjson',
        data: { '.dockerconfigjson': base64('x') },
      },
      [
        'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character \'x\' looking for beginning of value',
      ],
    ],
    [
      'Secret of a token lacks its account',
      SECRETS,
      { type: 'kubernetes.io/service-account-token' },
      ['metadata.annotations[kubernetes.io/service-account.name]: Required value'],
    ],
    [
      'ServiceAccount has a bad name',
      SERVICE_ACCOUNTS,
      { metadata: { name: 'A' } },
      [
        expect.stringContaining(
          'metadata.name: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of',
        ),
      ],
    ],
    [
      'Namespace has a name too long',
      NAMESPACES,
      { metadata: { name: 'a'.repeat(64) } },
      [
        `metadata.name: Invalid value: "${'a'.repeat(64)}": must be no more than 63 characters`,
        // The label that carries the name has the same fault.
        `metadata.labels: Invalid value: "${'a'.repeat(64)}": must be no more than 63 characters`,
      ],
    ],
    [
      'Namespace has an unknown finalizer',
      NAMESPACES,
      { spec: { finalizers: ['mine'] } },
      [
        'spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
      ],
    ],
    [
      'Node has bad taints and CIDRs',
      NODES,
      {
        spec: {
          taints: [
            { key: 'a', effect: 'NoRun' },
            { key: 'b', effect: 'NoExecute' },
            { key: 'b', effect: 'NoExecute' },
          ],
          podCIDRs: ['192.0.2.0/24', '192.0.2.0/24'],
        },
      },
      [
        'metadata.taints[0].effect: Unsupported value: "NoRun": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
        'metadata.taints[2]: Duplicate value: {"Key":"b","Value":"","Effect":"NoExecute","TimeAdded":null}: taints must be unique by key and effect pair',
        'spec.podCIDRs: Invalid value: ["192.0.2.0/24","192.0.2.0/24"]: may specify no more than one CIDR for each IP family',
      ],
    ],
    [
      'Event is elsewhere than what it is about',
      EVENTS,
      { involvedObject: { namespace: 'other' } },
      ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
    ],
    [
      'Lease lasts no time',
      LEASES,
      { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } },
      [
        'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
        'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
      ],
    ],
    [
      'object has finalizers that exclude each other',
      CONFIG_MAPS,
      {
        metadata: { finalizers: ['orphan', 'foregroundDeletion'] },
      },
      [
        'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
      ],
    ],
  ])('%s', (_name, resource, body, expected) => expect(faultsOf(resource, body)).toEqual(expected))
})

describe('a changed object', () => {
  it.each<[string, ResourceInfo, object, object, readonly string[]]>([
    ['ConfigMap may change', CONFIG_MAPS, { data: { a: 'c' } }, { data: { a: 'b' } }, []],
    [
      'ConfigMap may be labelled when fixed',
      CONFIG_MAPS,
      { metadata: { labels: { a: 'b' } }, immutable: true },
      {
        immutable: true,
      },
      [],
    ],
    [
      'ConfigMap is fixed',
      CONFIG_MAPS,
      { data: { a: 'c' } },
      { data: { a: 'b' }, immutable: true },
      [
        'immutable: Forbidden: field is immutable when `immutable` is set',
        'data: Forbidden: field is immutable when `immutable` is set',
      ],
    ],
    ['Secret keeps its type', SECRETS, { type: 'a' }, {}, ['type: Invalid value: "a": field is immutable']],
    [
      'Node keeps its CIDR',
      NODES,
      { spec: { podCIDR: '198.51.100.0/24' } },
      { spec: { podCIDR: '192.0.2.0/24' } },
      ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'],
    ],
    ['Node may be given a CIDR', NODES, { spec: { podCIDR: '192.0.2.0/24' } }, {}, []],
    [
      'object keeps its name',
      CONFIG_MAPS,
      { metadata: { name: 'y' } },
      {},
      ['metadata.name: Invalid value: "y": field is immutable'],
    ],
  ])('%s', (_name, resource, body, old, expected) => {
    expect(updateFaultsOf(resource, body, old)).toEqual(expected)
  })

  it('Namespace is active until it is deleted', () => {
    expect(statusFaultsOf(NAMESPACES, { status: { phase: 'Terminating' } }, {})).toEqual([
      'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
    ])
  })
})
