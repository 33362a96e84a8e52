/** What kube-apiserver 1.34 was seen to say of pods. */

import { describe, expect, it } from 'vitest'

import { fieldErrorMessage } from '../field-error.ts'
import { rulesFor } from '../kind-rules.ts'
import { PODS } from '../scheme.ts'
import { strictDecode } from '../strict-decode.ts'

const FACTS = { serviceCIDRs: ['10.96.0.0/16'], nodePortRange: { first: 30_000, last: 32_767 } }
const RULES = rulesFor(PODS)

function made(spec: object) {
  const metadata = { name: 'p', namespace: 'a', uid: 'u' }
  const { object } = strictDecode(PODS, { metadata, spec })
  return RULES.setDefaults(object)
}

const faultsOf = (spec: object): readonly string[] =>
  RULES.validateCreate(made(spec), FACTS).map(fieldErrorMessage)

const container = (own: object = {}): object => ({ name: 'c', image: 'i', ...own })
const pod = (own: object, ...containers: readonly object[]): object => ({
  containers: containers.length > 0 ? containers : [container()],
  ...own,
})
const at = 'spec.containers[0]'

describe('security contexts', () => {
  it.each<[string, object, readonly string[]]>([
    [
      'ids below zero',
      pod({ securityContext: { runAsUser: -1, fsGroup: -1, supplementalGroups: [-1] } }),
      [
        'spec.securityContext.fsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive',
        'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
        'spec.securityContext.supplementalGroups[0]: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      ],
    ],
    [
      'policies nobody knows',
      pod({ securityContext: { fsGroupChangePolicy: '', supplementalGroupsPolicy: 'Some' } }),
      [
        'spec.securityContext.fsGroupChangePolicy: Unsupported value: "": supported values: "Always", "OnRootMismatch"',
        'spec.securityContext.supplementalGroupsPolicy: Unsupported value: "Some": supported values: "Merge", "Strict"',
      ],
    ],
    [
      'sysctls',
      pod({ securityContext: { sysctls: [{ name: 'a.b' }, { name: 'a.b' }, {}, { name: 'A' }] } }),
      [
        'spec.securityContext.sysctls[1].name: Duplicate value: "a.b"',
        'spec.securityContext.sysctls[2].name: Required value',
        String.raw`spec.securityContext.sysctls[3].name: Invalid value: "A": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`,
      ],
    ],
    [
      'profiles without a place',
      pod({}, container({ securityContext: { seccompProfile: { type: 'Localhost' }, appArmorProfile: {} } })),
      [
        `${at}.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost`,
        `${at}.securityContext.appArmorProfile.type: Required value: type is required when appArmorProfile is set`,
      ],
    ],
    [
      'a privileged container that may gain nothing',
      pod({}, container({ securityContext: { privileged: true, allowPrivilegeEscalation: false } })),
      [
        `${at}.securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
      ],
    ],
  ])('%s', (_, spec, expected) => expect(faultsOf(spec)).toEqual(expected))
})

describe('affinity and spreading', () => {
  const node = 'spec.affinity.nodeAffinity'
  const hard = 'requiredDuringSchedulingIgnoredDuringExecution'
  const soft = 'preferredDuringSchedulingIgnoredDuringExecution'
  const term = (own: object): object =>
    pod({ affinity: { nodeAffinity: { [hard]: { nodeSelectorTerms: [own] } } } })
  it.each<[string, object, readonly string[]]>([
    [
      'no terms',
      pod({ affinity: { nodeAffinity: { [hard]: {} } } }),
      [`${node}.${hard}.nodeSelectorTerms: Required value: must have at least one node selector term`],
    ],
    [
      'operators',
      term({
        matchExpressions: [
          { key: 'a', operator: 'In' },
          { key: 'a', operator: 'Exists', values: ['x'] },
          { key: 'a', operator: 'Gt', values: ['1', '2'] },
          { key: 'a', operator: 'Is' },
        ],
        matchFields: [{ key: 'metadata.uid', operator: 'In', values: [] }],
      }),
      [
        `${node}.${hard}.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
        `${node}.${hard}.nodeSelectorTerms[0].matchExpressions[1].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
        `${node}.${hard}.nodeSelectorTerms[0].matchExpressions[2].values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
        `${node}.${hard}.nodeSelectorTerms[0].matchExpressions[3].operator: Invalid value: "Is": not a valid selector operator`,
        `${node}.${hard}.nodeSelectorTerms[0].matchFields[0].values: Required value: must be only one value when \`operator\` is 'In' or 'NotIn' for node field selector`,
        `${node}.${hard}.nodeSelectorTerms[0].matchFields[0].key: Invalid value: "metadata.uid": not a valid field selector key`,
      ],
    ],
    [
      'values that no label has, where they are only preferred',
      pod({
        affinity: {
          nodeAffinity: {
            [soft]: [
              {
                weight: 101,
                preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['-'] }] },
              },
            ],
          },
        },
      }),
      [`${node}.${soft}[0].weight: Invalid value: 101: must be in the range 1-100`],
    ],
    [
      'keys of other pods',
      pod({
        affinity: {
          podAffinity: { [hard]: [{ topologyKey: 'z', matchLabelKeys: ['a'] }] },
          podAntiAffinity: {
            [hard]: [
              {
                topologyKey: 'z',
                labelSelector: {},
                matchLabelKeys: ['a'],
                mismatchLabelKeys: ['a'],
                namespaces: ['a.b'],
              },
            ],
          },
        },
      }),
      [
        `spec.affinity.podAffinity.${hard}[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set`,
        `spec.affinity.podAntiAffinity.${hard}[0].namespace: Invalid value: "a.b": must not contain dots`,
        `spec.affinity.podAntiAffinity.${hard}[0].matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and mismatchLabelKeys`,
      ],
    ],
    [
      'constraints',
      pod({
        topologySpreadConstraints: [
          { maxSkew: 0, topologyKey: 'z', whenUnsatisfiable: 'ScheduleAnyway', minDomains: 1 },
          { maxSkew: 1, topologyKey: 'z', whenUnsatisfiable: 'ScheduleAnyway', nodeTaintsPolicy: '' },
        ],
      }),
      [
        'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
        'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{z, ScheduleAnyway}"',
        'spec.topologySpreadConstraints[0].minDomains: Invalid value: 1: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
        'spec.topologySpreadConstraints[1].nodeTaintsPolicy: Unsupported value: "": supported values: "Honor", "Ignore"',
      ],
    ],
  ])('%s', (_, spec, expected) => expect(faultsOf(spec)).toEqual(expected))
})

describe('volumes', () => {
  it.each<[string, object, readonly string[]]>([
    [
      'a volume with a fault is none that could be mounted',
      pod(
        { volumes: [{ name: 'h', hostPath: { path: '/x', type: 'Pipe' } }] },
        container({ volumeMounts: [{ name: 'h', mountPath: '/h' }] }),
      ),
      [
        'spec.volumes[0].hostPath.type: Unsupported value: "Pipe": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
        `${at}.volumeMounts[0].name: Not found: "h"`,
      ],
    ],
    [
      'ways of mounting',
      pod(
        { volumes: [{ name: 'e', emptyDir: {} }] },
        container({
          volumeMounts: [
            { name: 'e', mountPath: '/a', mountPropagation: 'Bidirectional' },
            { name: 'e', mountPath: '/b', recursiveReadOnly: 'Enabled' },
            { name: 'e', mountPath: '/c', recursiveReadOnly: '', subPathExpr: '/x' },
          ],
          volumeDevices: [
            { name: 'e', devicePath: '/a' },
            { name: 'f', devicePath: '/../f' },
          ],
        }),
      ),
      [
        `${at}.volumeMounts[0].name: Invalid value: "e": must not already exist in volumeDevices`,
        `${at}.volumeMounts[0].mountPath: Invalid value: "/a": must not already exist as a path in volumeDevices`,
        `${at}.volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
        `${at}.volumeMounts[1].name: Invalid value: "e": must not already exist in volumeDevices`,
        `${at}.volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true`,
        `${at}.volumeMounts[2].name: Invalid value: "e": must not already exist in volumeDevices`,
        `${at}.volumeMounts.subPathExpr: Invalid value: "/x": must be a relative path`,
        `${at}.volumeMounts.recursiveReadOnly: Unsupported value: "": supported values: "Disabled", "Enabled", "IfPossible"`,
        `${at}.volumeDevices[0].name: Invalid value: "e": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode`,
        `${at}.volumeDevices[0].name: Invalid value: "e": must not already exist in volumeMounts`,
        `${at}.volumeDevices[0].devicePath: Invalid value: "/a": must not already exist as a path in volumeMounts`,
        `${at}.volumeDevices[1].name: Not found: "f"`,
        `${at}.volumeDevices[1].devicePath: Invalid value: "/../f": can not contain backsteps ('..')`,
      ],
    ],
    [
      'projections',
      pod({
        volumes: [
          {
            name: 'p',
            projected: {
              sources: [
                { configMap: { name: 'm', items: [{ key: 'k', path: 'x' }] } },
                { secret: { name: 's', items: [{ key: 'k', path: 'x' }, { path: '..y' }] } },
                { serviceAccountToken: { path: '', expirationSeconds: 5 } },
                { downwardAPI: { items: [{ path: 'l' }] }, secret: {} },
              ],
            },
          },
        ],
      }),
      [
        'spec.volumes[0].projected: Invalid value: "s": conflicting duplicate paths',
        'spec.volumes[0].projected.sources[1].secret.items[1].key: Required value',
        'spec.volumes[0].projected.sources[1].secret.items[1].path: Invalid value: "..y": must not start with \'..\'',
        'spec.volumes[0].projected.sources[2].serviceAccountToken.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
        'spec.volumes[0].projected.path: Required value',
        'spec.volumes[0].projected.sources[3].secret.name: Required value',
        'spec.volumes[0].projected.sources[3].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required',
        'spec.volumes[0].projected.sources[3]: Forbidden: may not specify more than 1 volume type per source',
      ],
    ],
    [
      'claims made for a pod',
      pod({
        volumes: [
          { name: 'e', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } },
          { name: 'c', persistentVolumeClaim: { claimName: 'p-e' } },
          { name: 'n', nfs: { path: 'x' } },
        ],
      }),
      [
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value',
        'spec.volumes[1].persistentVolumeClaim.claimName: Invalid value: "p-e": must not reference a PVC that gets created for an ephemeral volume',
        'spec.volumes[2].nfs.server: Required value',
        'spec.volumes[2].nfs.path: Invalid value: "x": must be an absolute path',
      ],
    ],
  ])('%s', (_, spec, expected) => expect(faultsOf(spec)).toEqual(expected))
})

describe('the rest', () => {
  it.each<[string, object, readonly string[]]>([
    [
      'gates and systems',
      pod({
        schedulingGates: [{ name: 'a.b/c' }, { name: 'a.b/c' }],
        readinessGates: [{ conditionType: 'a b' }],
        os: { name: 'plan9' },
      }),
      [
        `spec.readinessGates[0].conditionType: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
        'spec.schedulingGates[1]: Duplicate value: "a.b/c"',
        'spec.os: Unsupported value: "plan9": supported values: "linux", "windows"',
      ],
    ],
    [
      'resizing',
      pod(
        { restartPolicy: 'Never' },
        container({ resizePolicy: [{ resourceName: 'disk', restartPolicy: 'RestartContainer' }] }),
      ),
      [
        `${at}.resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory"`,
        `${at}.resizePolicy: Invalid value: "RestartContainer": must be 'NotRequired' when \`restartPolicy\` is 'Never'`,
      ],
    ],
    [
      'divisors',
      pod(
        {},
        container({
          env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '5' } } }],
        }),
      ),
      [
        `${at}.env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
      ],
    ],
    ['names to search', pod({ dnsConfig: { searches: ['_a.b_c', '.'] } }), []],
  ])('%s', (_, spec, expected) => expect(faultsOf(spec)).toEqual(expected))

  it.each([
    ['nginx:1', 'IfNotPresent'],
    ['nginx', 'Always'],
    ['host.io:5000/a/b', 'Always'],
    ['Nginx', 'IfNotPresent'],
    ['a'.repeat(64), 'IfNotPresent'],
    ['a'.repeat(256), 'IfNotPresent'],
  ])('%s is pulled %s', (image, expected) => {
    expect(made(pod({}, { name: 'c', image }))).toMatchObject({
      spec: { containers: [{ imagePullPolicy: expected }] },
    })
  })

  it('an init container has no policy but Always', () => {
    const initContainers = [container({ name: 'a', restartPolicy: 'Never' })]
    expect(made(pod({ initContainers }))).toMatchObject({ spec: { initContainers: [{ name: 'a' }] } })
    expect(JSON.stringify(made(pod({ initContainers })))).not.toContain('Never')
  })
})
