/**
 * What becomes of each field of the API that portolan serves: implemented, accepted and ignored, or rejected. Data.
 * A field that is none of the three is no field of the message; a test proves that the lists are complete.
 *
 * docs/reference/coverage.md is made from this (scripts/generate-coverage.io.ts); ./ignored-fields.ts finds the
 * ignored ones in an object, to warn of them.
 */

/** Fields with one reason, as it ends a sentence: "is ignored: ..." */
export interface Exception {
  readonly fields: readonly string[]
  readonly because: string
  /** Nothing is missing without them: their maker need not be told. */
  readonly isUnnoticed?: true
}

/** One message of the API. Fields not named under `ignored` or `rejected` are implemented. */
export interface MessageCoverage {
  /** the heading it stands under in the document */
  readonly kind: string
  /** where objects of that kind have it; '' for the object itself */
  readonly path: string
  /** full name in the field table */
  readonly message: string
  readonly ignored?: readonly Exception[]
  readonly rejected?: readonly Exception[]
}

const CORE = 'k8s.io.api.core.v1'
const APPS = 'k8s.io.api.apps.v1'
const NETWORKING = 'k8s.io.api.networking.v1'
const DISCOVERY = 'k8s.io.api.discovery.v1'
const RESOURCE = 'k8s.io.api.resource.v1'

const NO_CONFINEMENT = 'processes are not confined beyond their namespaces'
const NO_IMAGES = 'no image is pulled'
const NO_RESIZE = 'resources are counted by the scheduler and never enforced'
const NOT_LINUX = 'nodes run Linux'
const NO_DEVICES = 'there are no devices to give out'
const PENDING = 'a pod that uses it stays Pending, with an event that says so'

const PODS: readonly MessageCoverage[] = [
  {
    kind: 'Pod',
    path: 'spec',
    message: `${CORE}.PodSpec`,
    ignored: [
      { fields: ['activeDeadlineSeconds'], because: 'pods are not ended for their age' },
      {
        fields: ['hostPID', 'hostIPC', 'shareProcessNamespace', 'hostUsers', 'setHostnameAsFQDN'],
        because: NO_CONFINEMENT,
      },
      { fields: ['hostnameOverride'], because: 'the host name is hostname, or the name of the pod' },
      { fields: ['imagePullSecrets'], because: NO_IMAGES, isUnnoticed: true },
      { fields: ['os', 'runtimeClassName'], because: 'there is one runtime' },
      { fields: ['overhead', 'resources'], because: NO_RESIZE },
      { fields: ['preemptionPolicy'], because: 'there is no preemption' },
      { fields: ['topologySpreadConstraints'], because: 'the scheduler does not spread pods' },
      { fields: ['readinessGates'], because: 'pods are ready when their containers are' },
      { fields: ['resourceClaims'], because: NO_DEVICES },
    ],
  },
  {
    kind: 'Pod',
    path: 'spec.affinity',
    message: `${CORE}.Affinity`,
    ignored: [{ fields: ['podAffinity', 'podAntiAffinity'], because: 'the scheduler looks at nodes only' }],
  },
  {
    kind: 'Pod',
    path: 'spec.affinity.nodeAffinity',
    message: `${CORE}.NodeAffinity`,
    ignored: [
      {
        fields: ['preferredDuringSchedulingIgnoredDuringExecution'],
        because: 'the scheduler prefers the node with most left',
      },
    ],
  },
  {
    kind: 'Pod',
    path: 'spec.securityContext',
    message: `${CORE}.PodSecurityContext`,
    ignored: [
      {
        fields: [
          'seLinuxOptions',
          'seLinuxChangePolicy',
          'runAsNonRoot',
          'supplementalGroups',
          'supplementalGroupsPolicy',
          'fsGroup',
          'fsGroupChangePolicy',
          'sysctls',
          'seccompProfile',
          'appArmorProfile',
        ],
        because: NO_CONFINEMENT,
      },
      { fields: ['windowsOptions'], because: NOT_LINUX },
    ],
  },
  {
    kind: 'Pod',
    path: 'spec.containers[]',
    message: `${CORE}.Container`,
    ignored: [
      { fields: ['imagePullPolicy'], because: NO_IMAGES, isUnnoticed: true },
      { fields: ['restartPolicyRules'], because: 'the restart policy of the pod decides' },
      { fields: ['volumeDevices'], because: NO_DEVICES },
      { fields: ['stdinOnce'], because: 'standard input stays open' },
    ],
  },
  {
    kind: 'Pod',
    path: 'spec.containers[].ports[]',
    message: `${CORE}.ContainerPort`,
    ignored: [
      {
        fields: ['hostPort', 'hostIP'],
        because: 'the scheduler keeps such pods apart, but no port of the node leads to the pod',
      },
    ],
  },
  { kind: 'Pod', path: 'spec.containers[].livenessProbe', message: `${CORE}.Probe` },
  {
    kind: 'Pod',
    path: 'spec.containers[].lifecycle',
    message: `${CORE}.Lifecycle`,
    ignored: [
      { fields: ['postStart'], because: 'nothing is run after the start' },
      { fields: ['stopSignal'], because: 'containers are stopped with SIGTERM' },
    ],
  },
  {
    kind: 'Pod',
    path: 'spec.containers[].securityContext',
    message: `${CORE}.SecurityContext`,
    ignored: [
      {
        fields: [
          'capabilities',
          'privileged',
          'seLinuxOptions',
          'runAsNonRoot',
          'readOnlyRootFilesystem',
          'allowPrivilegeEscalation',
          'procMount',
          'seccompProfile',
          'appArmorProfile',
        ],
        because: NO_CONFINEMENT,
      },
      { fields: ['windowsOptions'], because: NOT_LINUX },
    ],
  },
  {
    kind: 'Pod',
    path: 'spec.containers[].volumeMounts[]',
    message: `${CORE}.VolumeMount`,
    ignored: [
      { fields: ['recursiveReadOnly', 'mountPropagation'], because: 'mounts are plain' },
      { fields: ['subPathExpr'], because: 'variables are not put into paths' },
    ],
  },
  {
    kind: 'Pod',
    path: 'spec.containers[].env[].valueFrom',
    message: `${CORE}.EnvVarSource`,
    rejected: [{ fields: ['fileKeyRef'], because: 'it is alpha' }],
  },
  {
    kind: 'Pod',
    path: 'spec.volumes[]',
    message: `${CORE}.VolumeSource`,
    rejected: [
      {
        fields: [
          'awsElasticBlockStore',
          'azureDisk',
          'azureFile',
          'cephfs',
          'cinder',
          'csi',
          'ephemeral',
          'fc',
          'flexVolume',
          'flocker',
          'gcePersistentDisk',
          'gitRepo',
          'glusterfs',
          'image',
          'iscsi',
          'nfs',
          'persistentVolumeClaim',
          'photonPersistentDisk',
          'portworxVolume',
          'quobyte',
          'rbd',
          'scaleIO',
          'storageos',
          'vsphereVolume',
        ],
        because: PENDING,
      },
    ],
  },
  {
    kind: 'Pod',
    path: 'spec.volumes[].emptyDir',
    message: `${CORE}.EmptyDirVolumeSource`,
    ignored: [{ fields: ['medium', 'sizeLimit'], because: 'it is a folder on the disk of the host' }],
  },
]

const WORKLOADS: readonly MessageCoverage[] = [
  { kind: 'Deployment', path: 'spec', message: `${APPS}.DeploymentSpec` },
  { kind: 'Deployment', path: 'spec.strategy', message: `${APPS}.DeploymentStrategy` },
  { kind: 'ReplicaSet', path: 'spec', message: `${APPS}.ReplicaSetSpec` },
]

const SERVICES: readonly MessageCoverage[] = [
  { kind: 'Service', path: 'spec', message: `${CORE}.ServiceSpec` },
  { kind: 'Service', path: 'spec.ports[]', message: `${CORE}.ServicePort` },
  {
    kind: 'EndpointSlice',
    path: 'endpoints[]',
    message: `${DISCOVERY}.Endpoint`,
    rejected: [{ fields: ['deprecatedTopology'], because: 'it is cleared, as upstream clears it' }],
  },
  { kind: 'EndpointSlice', path: 'endpoints[].conditions', message: `${DISCOVERY}.EndpointConditions` },
  { kind: 'EndpointSlice', path: 'ports[]', message: `${DISCOVERY}.EndpointPort` },
]

const INGRESS: readonly MessageCoverage[] = [
  { kind: 'Ingress', path: 'spec', message: `${NETWORKING}.IngressSpec` },
  {
    kind: 'Ingress',
    path: 'spec.rules[].http.paths[].backend',
    message: `${NETWORKING}.IngressBackend`,
    ignored: [{ fields: ['resource'], because: 'requests to it are answered with an error' }],
  },
  {
    kind: 'IngressClass',
    path: 'spec',
    message: `${NETWORKING}.IngressClassSpec`,
    ignored: [{ fields: ['parameters'], because: 'the controller has no parameters' }],
  },
]

const POLICIES: readonly MessageCoverage[] = [
  { kind: 'NetworkPolicy', path: 'spec', message: `${NETWORKING}.NetworkPolicySpec` },
  { kind: 'NetworkPolicy', path: 'spec.ingress[].from[]', message: `${NETWORKING}.NetworkPolicyPeer` },
  { kind: 'NetworkPolicy', path: 'spec.ingress[].from[].ipBlock', message: `${NETWORKING}.IPBlock` },
  { kind: 'NetworkPolicy', path: 'spec.ingress[].ports[]', message: `${NETWORKING}.NetworkPolicyPort` },
]

const OTHERS: readonly MessageCoverage[] = [
  {
    kind: 'Node',
    path: 'spec',
    message: `${CORE}.NodeSpec`,
    ignored: [{ fields: ['configSource', 'externalID'], because: 'upstream does not use them any more' }],
  },
  { kind: 'Namespace', path: 'spec', message: `${CORE}.NamespaceSpec` },
  { kind: 'ConfigMap', path: '', message: `${CORE}.ConfigMap` },
  { kind: 'Secret', path: '', message: `${CORE}.Secret` },
  {
    kind: 'ServiceAccount',
    path: '',
    message: `${CORE}.ServiceAccount`,
    ignored: [
      { fields: ['imagePullSecrets'], because: NO_IMAGES, isUnnoticed: true },
      { fields: ['secrets'], because: 'only a list: which Secrets pods mount is not held against it' },
    ],
  },
]

/** Stored and judged, and nothing gives devices out. */
const DEVICES: readonly MessageCoverage[] = [
  {
    kind: 'DeviceClass',
    path: 'spec',
    message: `${RESOURCE}.DeviceClassSpec`,
    ignored: [{ fields: ['selectors', 'config', 'extendedResourceName'], because: NO_DEVICES }],
  },
  {
    kind: 'ResourceClaim',
    path: 'spec',
    message: `${RESOURCE}.ResourceClaimSpec`,
    ignored: [{ fields: ['devices'], because: NO_DEVICES }],
  },
  {
    kind: 'ResourceSlice',
    path: 'spec',
    message: `${RESOURCE}.ResourceSliceSpec`,
    ignored: [
      {
        fields: [
          'driver',
          'pool',
          'nodeName',
          'nodeSelector',
          'allNodes',
          'devices',
          'perDeviceNodeSelection',
          'sharedCounters',
        ],
        because: 'nothing gives these devices out',
      },
    ],
  },
]

/** Every message spoken of, in the order of the document. */
export const COVERAGE: readonly MessageCoverage[] = [
  ...SERVICES,
  ...INGRESS,
  ...POLICIES,
  ...PODS,
  ...WORKLOADS,
  ...DEVICES,
  ...OTHERS,
]
