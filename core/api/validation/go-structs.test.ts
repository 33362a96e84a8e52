/** What kube-apiserver 1.34 was seen to print of its internal types. */

import { expect, it } from 'vitest'
import { fieldErrorMessage } from '../field-error.ts'
import { immutableStruct, printedStruct } from './go-structs.ts'

it.each<[string, object, string]>([
  ['RoleRef', { apiGroup: 'g', kind: 'ClusterRole' }, '{"APIGroup":"g","Kind":"ClusterRole","Name":""}'],
  [
    'ObjectReference',
    { namespace: 'n', uid: 'u', apiVersion: 'v1', resourceVersion: '1' },
    '{"Kind":"","Namespace":"n","Name":"","UID":"u","APIVersion":"v1","ResourceVersion":"1","FieldPath":""}',
  ],
  [
    'CSINodeDriver',
    { name: 'd', nodeID: 'n', topologyKeys: ['k'], allocatable: { count: 3 } },
    '{"Name":"d","NodeID":"n","TopologyKeys":["k"],"Allocatable":{"Count":3}}',
  ],
  [
    'VolumeAttachmentSpec',
    { nodeName: 'n', source: { persistentVolumeName: 'p' } },
    '{"Attacher":"","Source":{"PersistentVolumeName":"p","InlineVolumeSpec":null},"NodeName":"n"}',
  ],
  ['DeviceSelector', { cel: { expression: 'true' } }, '{"CEL":{"Expression":"true"}}'],
  ['DeviceAttribute', { int: 1 }, '{"IntValue":1,"BoolValue":null,"StringValue":null,"VersionValue":null}'],
  ['DeviceToleration', {}, '{"Key":"","Operator":"","Value":"","Effect":"","TolerationSeconds":null}'],
  ['CapacityRequirements', { requests: { b: '1', a: '2' } }, '{"Requests":{"a":"2","b":"1"}}'],
])('%s %j', (struct, value, expected) => {
  expect(JSON.stringify(printedStruct(struct, value))).toBe(expected)
})

it('shows what may not change', () => {
  const [value, old] = [
    { kind: 'Role', name: 'b' },
    { kind: 'Role', name: 'a' },
  ]
  expect(immutableStruct('roleRef', 'RoleRef', { value: old, old })).toEqual([])
  expect(immutableStruct('roleRef', 'RoleRef', { value, old }).map(fieldErrorMessage)).toEqual([
    'roleRef: Invalid value: {"APIGroup":"","Kind":"Role","Name":"b"}: field is immutable',
  ])
})
