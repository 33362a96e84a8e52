import { describe, expect, it } from 'vitest'
import { defaulted, faultsOf, updateFaultsOf } from '../../../test/support/kind-rules.ts'
import { rulesFor } from '../kind-rules.ts'
import type { ResourceInfo } from '../resource.ts'
import {
  CSI_DRIVERS,
  CSI_NODES,
  CSI_STORAGE_CAPACITIES,
  LEASES,
  PERSISTENT_VOLUMES,
  PERSISTENT_VOLUME_CLAIMS,
  RUNTIME_CLASSES,
  SERVICE_ACCOUNTS,
  STORAGE_CLASSES,
  VOLUME_ATTACHMENTS,
  VOLUME_ATTRIBUTES_CLASSES,
} from '../scheme.ts'

const hostPath = { path: '/data' }
const volume = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath }
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
const MODES = '"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'

describe('defaults', () => {
  it.each<[string, ResourceInfo, object, object]>([
    [
      'PersistentVolume',
      PERSISTENT_VOLUMES,
      { spec: volume },
      {
        spec: { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem', hostPath: { type: '' } },
        status: { phase: 'Pending' },
      },
    ],
    [
      'PersistentVolumeClaim',
      PERSISTENT_VOLUME_CLAIMS,
      { spec: claim },
      {
        spec: { volumeMode: 'Filesystem' },
        status: { phase: 'Pending' },
      },
    ],
    [
      'StorageClass',
      STORAGE_CLASSES,
      { provisioner: 'example.com/p' },
      { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' },
    ],
    [
      'CSIDriver',
      CSI_DRIVERS,
      { spec: {} },
      {
        spec: {
          attachRequired: true,
          podInfoOnMount: false,
          storageCapacity: false,
          fsGroupPolicy: 'ReadWriteOnceWithFSType',
          volumeLifecycleModes: ['Persistent'],
          requiresRepublish: false,
          seLinuxMount: false,
        },
      },
    ],
    [
      'ServiceAccount',
      SERVICE_ACCOUNTS,
      { secrets: [{ name: 's', namespace: 'other', kind: 'Secret' }] },
      { secrets: [{ name: 's' }] },
    ],
  ])('of a %s, the same when set again', (_name, resource, body, expected) => {
    const once = defaulted(resource, body)
    expect(once).toMatchObject(expected)
    expect(rulesFor(resource).setDefaults(once)).toEqual(once)
  })
})

describe('a new object', () => {
  it.each<[string, ResourceInfo, object, readonly string[]]>([
    ['PersistentVolume', PERSISTENT_VOLUMES, { spec: volume }, []],
    [
      'PersistentVolume of nothing',
      PERSISTENT_VOLUMES,
      { spec: {} },
      [
        'spec.accessModes: Required value',
        'spec.capacity: Required value',
        'spec.capacity: Unsupported value: null: supported values: "storage"',
        'spec: Required value: must specify a volume type',
      ],
    ],
    [
      'PersistentVolume of too much',
      PERSISTENT_VOLUMES,
      {
        spec: {
          capacity: { storage: '0' },
          accessModes: ['ReadWriteOncePod', 'ReadWriteOnce', 'Any'],
          persistentVolumeReclaimPolicy: 'Keep',
          volumeMode: 'Tape',
          storageClassName: 'A',
          hostPath: { path: '/a/../b', type: 'Door' },
          nfs: { server: 's', path: '/' },
        },
      },
      [
        `spec.accessModes: Unsupported value: "Any": supported values: ${MODES}`,
        'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
        'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
        'spec.persistentVolumeReclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Recycle", "Retain"',
        `spec.hostPath.path: Invalid value: "/a/../b": must not contain '..'`,
        expect.stringMatching(
          /^spec.hostPath.type: Unsupported value: "Door": supported values: "", "BlockDevice"/,
        ),
        'spec.nfs: Forbidden: may not specify more than 1 volume type',
        expect.stringMatching(/^spec.storageClassName: Invalid value: "A": a lowercase RFC 1123 subdomain/),
        'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
      ],
    ],
    [
      'PersistentVolume of a disk nowhere',
      PERSISTENT_VOLUMES,
      { spec: { ...volume, hostPath: undefined, local: { path: '/mnt' } } },
      ['spec.nodeAffinity: Required value: Local volume requires node affinity'],
    ],
    [
      'PersistentVolume of a driver',
      PERSISTENT_VOLUMES,
      {
        spec: {
          ...volume,
          hostPath: undefined,
          csi: { driver: 'd.example.com', nodePublishSecretRef: { name: 's' } },
          nodeAffinity: {
            required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }] },
          },
        },
      },
      [
        "spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        'spec.csi.volumeHandle: Required value',
        'spec.csi.nodePublishSecretRef.namespace: Required value',
      ],
    ],
    ['PersistentVolumeClaim', PERSISTENT_VOLUME_CLAIMS, { spec: claim }, []],
    [
      'PersistentVolumeClaim of nothing',
      PERSISTENT_VOLUME_CLAIMS,
      { spec: {} },
      [
        'spec.accessModes: Required value: at least 1 access mode is required',
        'spec.resources[storage]: Required value',
      ],
    ],
    [
      'PersistentVolumeClaim from elsewhere',
      PERSISTENT_VOLUME_CLAIMS,
      { spec: { ...claim, dataSourceRef: { kind: 'Thing', name: '' } } },
      [
        'spec.dataSource.name: Required value',
        'spec.dataSource: Invalid value: "Thing": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
        'spec.dataSourceRef.name: Required value',
        `spec.dataSourceRef: Invalid value: "Thing": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
      ],
    ],
    [
      'StorageClass',
      STORAGE_CLASSES,
      {
        reclaimPolicy: 'Recycle',
        volumeBindingMode: 'Later',
        parameters: { '': 'x' },
        allowedTopologies: [
          { matchLabelExpressions: [{ key: 'zone' }, { key: 'zone', values: ['a', 'a'] }] },
        ],
      },
      [
        'provisioner: Required value',
        'parameters: Invalid value: "": field can not be empty.',
        'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
        'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"',
        'allowedTopologies[0].matchLabelExpressions[0].values: Required value',
        'allowedTopologies[0].matchLabelExpressions[1].values[1]: Duplicate value: "a"',
        'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "zone"',
      ],
    ],
    [
      'VolumeAttributesClass',
      VOLUME_ATTRIBUTES_CLASSES,
      {},
      ['driverName: Required value', 'parameters: Required value: must contain at least one key/value pair'],
    ],
    [
      'VolumeAttachment',
      VOLUME_ATTACHMENTS,
      { spec: { attacher: 'a', nodeName: 'n', source: {} } },
      ['spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName'],
    ],
    [
      'VolumeAttachment of a volume of its own',
      VOLUME_ATTACHMENTS,
      { spec: { attacher: 'a', nodeName: 'n', source: { inlineVolumeSpec: volume } } },
      [
        'spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes',
        'spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes',
      ],
    ],
    [
      'CSIDriver',
      CSI_DRIVERS,
      {
        spec: {
          fsGroupPolicy: 'Any',
          volumeLifecycleModes: ['Short'],
          tokenRequests: [{ audience: 'a', expirationSeconds: 1 }, { audience: 'a' }],
        },
      },
      [
        'spec.fsGroupPolicy: Unsupported value: "Any": supported values: "File", "None", "ReadWriteOnceWithFSType"',
        'spec.tokenRequests[0].expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
        'spec.tokenRequests[1].audience: Duplicate value: "a"',
        'spec.volumeLifecycleModes: Unsupported value: "Short": supported values: "Persistent", "Ephemeral"',
      ],
    ],
    [
      'CSINode',
      CSI_NODES,
      {
        spec: {
          drivers: [
            { name: 'd', nodeID: '', allocatable: { count: -1 } },
            { name: 'd', nodeID: 'x'.repeat(257) },
          ],
        },
      },
      [
        'spec.drivers[0].nodeID: Required value',
        'spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
        `spec.drivers[1].nodeID: Invalid value: "${'x'.repeat(257)}": must be 256 characters or less`,
        'spec.drivers[1].name: Duplicate value: "d"',
      ],
    ],
    [
      'CSIStorageCapacity',
      CSI_STORAGE_CAPACITIES,
      { storageClassName: 'sc', capacity: '-1' },
      ['capacity: Invalid value: "-1": must be greater than or equal to 0'],
    ],
    [
      'RuntimeClass',
      RUNTIME_CLASSES,
      {
        handler: 'runc.d',
        overhead: { podFixed: { foo: '1' } },
        scheduling: { tolerations: [{ operator: 'Is', key: 'k' }] },
      },
      [
        'handler: Invalid value: "runc.d": must not contain dots',
        'overhead.limits[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
        'overhead.limits[foo]: Invalid value: "foo": must be a standard resource for containers',
        'scheduling.tolerations.tolerations[0].operator: Unsupported value: "Is": supported values: "Equal", "Exists"',
      ],
    ],
    [
      'Lease',
      LEASES,
      { spec: { preferredHolder: 'a', leaseDurationSeconds: 0 } },
      [
        'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
        'spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined',
      ],
    ],
  ])('%s', (_name, resource, body, faults) => {
    expect(faultsOf(resource, body)).toEqual(faults)
  })
})

describe('a changed object', () => {
  it.each<[string, ResourceInfo, object, object, readonly string[]]>([
    [
      'PersistentVolume keeps its data, and may get a claim',
      PERSISTENT_VOLUMES,
      { spec: { ...volume, claimRef: { name: 'c', namespace: 'ns' } } },
      { spec: volume },
      [],
    ],
    [
      'PersistentVolume',
      PERSISTENT_VOLUMES,
      { spec: { ...volume, hostPath: { path: '/other' }, volumeMode: 'Block' } },
      { spec: volume },
      [
        expect.stringMatching(
          /^spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n/,
        ),
        'volumeMode: Invalid value: "Block": field is immutable',
      ],
    ],
    [
      'PersistentVolumeClaim gets its volume',
      PERSISTENT_VOLUME_CLAIMS,
      { spec: { ...claim, volumeName: 'v', storageClassName: 'sc' } },
      { spec: claim },
      [],
    ],
    [
      'PersistentVolumeClaim grows while bound',
      PERSISTENT_VOLUME_CLAIMS,
      { spec: { ...claim, resources: { requests: { storage: '2Gi' } } }, status: { phase: 'Bound' } },
      { spec: claim, status: { phase: 'Bound' } },
      [],
    ],
    [
      'PersistentVolumeClaim shrinks',
      PERSISTENT_VOLUME_CLAIMS,
      { spec: { ...claim, resources: { requests: { storage: '1Mi' } } }, status: { phase: 'Bound' } },
      { spec: claim, status: { phase: 'Bound', capacity: { storage: '1Gi' } } },
      ['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity'],
    ],
    [
      'PersistentVolumeClaim of another mode',
      PERSISTENT_VOLUME_CLAIMS,
      { spec: { ...claim, accessModes: ['ReadWriteMany'] } },
      { spec: claim },
      [
        expect.stringMatching(
          /^spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n/,
        ),
      ],
    ],
    [
      'StorageClass',
      STORAGE_CLASSES,
      { provisioner: 'b', parameters: { a: 'b' }, reclaimPolicy: 'Retain', allowVolumeExpansion: true },
      { provisioner: 'a' },
      [
        'parameters: Forbidden: updates to parameters are forbidden.',
        'provisioner: Forbidden: updates to provisioner are forbidden.',
        'reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.',
      ],
    ],
    [
      'CSIDriver',
      CSI_DRIVERS,
      { spec: { attachRequired: false, podInfoOnMount: true } },
      { spec: {} },
      ['spec.attachedRequired: Invalid value: false: field is immutable'],
    ],
    [
      'RuntimeClass',
      RUNTIME_CLASSES,
      { handler: 'b' },
      { handler: 'a' },
      ['handler: Invalid value: "b": field is immutable'],
    ],
  ])('%s', (_name, resource, body, old, faults) => {
    expect(updateFaultsOf(resource, body, old)).toEqual(faults)
  })
})
