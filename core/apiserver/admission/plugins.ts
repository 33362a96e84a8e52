/**
 * Admission plugins by the names kube-apiserver's flags give them: which there are, and which are on
 * (kubernetes/kubernetes pkg/kubeapiserver/options/plugins.go, kubernetes/apiserver pkg/server/options/admission.go).
 * Pure.
 */

/** Those whose work is done here, in upstream's order, on unless they are switched off. */
export const ADMISSION_PLUGINS = [
  'NamespaceLifecycle',
  'LimitRanger',
  'ServiceAccount',
  // Off upstream, and on in every cluster that anybody sets up.
  'NodeRestriction',
  'PodSecurity',
  'Priority',
  'DefaultTolerationSeconds',
  'DefaultStorageClass',
  'PersistentVolumeClaimResize',
  'RuntimeClass',
  'CertificateApproval',
  'CertificateSigning',
  'CertificateSubjectRestriction',
  'DefaultIngressClass',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
  'ResourceQuota',
] as const
export type AdmissionPlugin = (typeof ADMISSION_PLUGINS)[number]

/** Those that are off unless they are switched on. */
export const OPTIONAL_PLUGINS = [
  'AlwaysPullImages',
  'DenyServiceExternalIPs',
  'ExtendedResourceToleration',
] as const
export type OptionalPlugin = (typeof OPTIONAL_PLUGINS)[number]

/** Known to upstream, and without effect here whether on or off. */
const ABSENT: readonly string[] = [
  'AlwaysAdmit',
  'AlwaysDeny',
  'ClusterTrustBundleAttest',
  'EventRateLimit',
  'ImagePolicyWebhook',
  'LimitPodHardAntiAffinityTopology',
  'MutatingAdmissionPolicy',
  'NamespaceAutoProvision',
  'NamespaceExists',
  'OwnerReferencesPermissionEnforcement',
  'PodNodeSelector',
  'PodTolerationRestriction',
  'PodTopologyLabels',
  'StorageObjectInUseProtection',
  'TaintNodesByCondition',
]

const KNOWN: ReadonlySet<string> = new Set([...ADMISSION_PLUGINS, ...OPTIONAL_PLUGINS, ...ABSENT])

/** What is said of plugins on the command line. */
export interface PluginChoice {
  readonly enabled: readonly string[]
  readonly disabled: readonly string[]
}

export type EnabledPlugins = ReadonlySet<AdmissionPlugin | OptionalPlugin>

export const DEFAULT_PLUGINS: EnabledPlugins = new Set(ADMISSION_PLUGINS)

/** @returns upstream's words for every name it does not know, and for those both on and off; empty when all is well */
export function pluginFaults({ enabled, disabled }: PluginChoice): readonly string[] {
  const unknown = (flag: string, names: readonly string[]): readonly string[] =>
    names
      .filter((name) => !KNOWN.has(name))
      .map((name) => `${flag} plugin ${JSON.stringify(name)} is unknown`)
  const both = [...new Set(enabled)].filter((name) => disabled.includes(name)).toSorted()
  return [
    ...unknown('enable-admission-plugins', enabled),
    ...unknown('disable-admission-plugins', disabled),
    ...(both.length > 0
      ? [`[${both.join(' ')}] in enable-admission-plugins and disable-admission-plugins overlapped`]
      : []),
  ]
}

/** @returns what is on: what is said to be, and what is on anyway and not said to be off */
export function enabledPlugins({ enabled, disabled }: PluginChoice): EnabledPlugins {
  const usual: readonly (AdmissionPlugin | OptionalPlugin)[] = ADMISSION_PLUGINS.filter(
    (name) => !disabled.includes(name),
  )
  const wished = [...ADMISSION_PLUGINS, ...OPTIONAL_PLUGINS].filter((name) => enabled.includes(name))
  return new Set([...usual, ...wished])
}

/** @returns those that are asked for and have no effect here */
export const absentPlugins = ({ enabled }: PluginChoice): readonly string[] =>
  enabled.filter((name) => ABSENT.includes(name))
