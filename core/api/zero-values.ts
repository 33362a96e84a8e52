/**
 * What Go prints of a struct where nothing was given, and what it does not print of what was: its zero values and
 * `omitempty`. Pure; driven by the field table, with the exceptions that the API's description does not tell.
 */

import type { FieldFacts } from './schema/field-table.ts'
import { fieldsByJsonName, messageFields } from './schema/field-table.ts'

const QUANTITY = 'k8s.io.apimachinery.pkg.api.resource.Quantity'

/** Types of other values than structs; the zeros of some of them are printed as null, which is as nothing here. */
const PLAIN: Readonly<Record<string, unknown>> = {
  string: '',
  bytes: '',
  bool: false,
  int32: 0,
  int64: 0,
  double: 0,
  [QUANTITY]: '0',
  'k8s.io.apimachinery.pkg.apis.meta.v1.Time': undefined,
  'k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime': undefined,
  'k8s.io.apimachinery.pkg.apis.meta.v1.Duration': undefined,
  'k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1': undefined,
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': undefined,
  'k8s.io.apimachinery.pkg.runtime.RawExtension': undefined,
  'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSON': undefined,
}

/** Optional by the API's word, and yet without omitempty in Go. */
const PRINTED = fieldSet({
  'apps.v1.ControllerRevision': ['revision'],
  'apps.v1.DaemonSetCondition': ['type', 'status'],
  'apps.v1.DeploymentCondition': ['type', 'status'],
  'apps.v1.ReplicaSetCondition': ['type', 'status'],
  'apps.v1.StatefulSetCondition': ['type', 'status'],
  'apps.v1.StatefulSetOrdinals': ['start'],
  'apps.v1.StatefulSetSpec': ['serviceName'],
  'apps.v1.StatefulSetStatus': ['availableReplicas'],
  'core.v1.Event': ['reportingComponent', 'reportingInstance'],
  'core.v1.NodeRuntimeHandler': ['name'],
  'policy.v1.PodDisruptionBudgetStatus': [
    'disruptionsAllowed',
    'currentHealthy',
    'desiredHealthy',
    'expectedPods',
  ],
  'rbac.v1.RoleRef': ['apiGroup'],
  'scheduling.v1.PriorityClass': ['value'],
})

/** Required by the API's word, and yet with omitempty in Go; or not there at all in the version served. */
const OMITTED = fieldSet({
  'admissionregistration.v1.ParamRef': ['name'],
  'apps.v1.StatefulSetStatus': [
    'readyReplicas',
    'currentReplicas',
    'updatedReplicas',
    'currentRevision',
    'updateRevision',
  ],
  'authentication.v1.TokenReviewSpec': ['token'],
  'authorization.v1.SelfSubjectRulesReviewSpec': ['namespace'],
  'core.v1.ContainerRestartRule': ['action'],
  'core.v1.ContainerRestartRuleOnExitCodes': ['operator'],
  'core.v1.EphemeralContainerCommon': ['image'],
  'core.v1.EventSeries': ['count'],
  'core.v1.ModifyVolumeStatus': ['targetVolumeAttributesClassName'],
  'core.v1.PhotonPersistentDiskVolumeSource': ['fsType'],
  'core.v1.PodCertificateProjection': ['signerName', 'keyType'],
  'core.v1.PodDNSConfigOption': ['name'],
  'core.v1.PortworxVolumeSource': ['fsType'],
  'core.v1.ResourceHealth': ['health'],
  'core.v1.ScaleIOPersistentVolumeSource': ['volumeName'],
  'core.v1.ScaleIOVolumeSource': ['volumeName'],
  'core.v1.StorageOSPersistentVolumeSource': ['volumeName'],
  'core.v1.StorageOSVolumeSource': ['volumeName'],
  'events.v1.Event': ['reportingController', 'reportingInstance', 'action', 'reason', 'type'],
  'networking.v1.IngressClassSpec': ['controller'],
  'networking.v1.ParentReference': ['resource', 'name'],
  'storage.v1.CSINode': ['status'],
  'k8s.io.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry': ['subresource'],
  'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.ValidationRule': ['message'],
  'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.ExternalDocumentation': ['description', 'url'],
})

/** Pointers that the table does not know to be some: printed whatever they point to. */
const POINTERS = fieldSet({
  'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps': [
    '$ref',
    'x-kubernetes-list-type',
    'x-kubernetes-map-type',
    'x-kubernetes-preserve-unknown-fields',
  ],
})

/** Lists that get a default when they are not given: that they are given empty is looked at, and refused. */
const EMPTY = fieldSet({ 'autoscaling.v2.HPAScalingRules': ['policies'] })

type FieldNames = ReadonlyMap<string, ReadonlySet<string>>

/** By the names of their messages. */
function fieldSet(fields: Readonly<Record<string, readonly string[]>>): FieldNames {
  const whole = (message: string): string =>
    message.startsWith('k8s.io.') ? message : `k8s.io.api.${message}`
  return new Map(Object.entries(fields).map(([message, names]) => [whole(message), new Set(names)]))
}

const has = (fields: FieldNames, { message, name }: FieldOf): boolean =>
  fields.get(message)?.has(name) ?? false

/** A field by its JSON name, of one of the field table's messages. */
interface FieldOf {
  readonly message: string
  readonly name: string
  readonly field: FieldFacts
}

/** Whether Go does not print the value it was given. Pointers are printed whatever they point to. */
export function isLeftOut(place: FieldOf, value: unknown): boolean {
  const { field } = place
  if (field.r !== undefined) return Array.isArray(value) && value.length === 0 && !has(EMPTY, place)
  if (field.k !== undefined) return isEmptyMap(value)
  if (field.p !== undefined || has(POINTERS, place) || !hasOmitEmpty(place)) return false
  return value === '' || value === false || (value === 0 && field.t in PLAIN)
}

const isEmptyMap = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0

const hasOmitEmpty = (place: FieldOf): boolean =>
  has(OMITTED, place) || (place.field.o !== undefined && !has(PRINTED, place))

/** The fields that Go prints even when nobody gave them, as it prints them then. */
export function zeroFields(message: string): readonly (readonly [string, unknown])[] {
  return [...fieldsByJsonName(message)]
    .filter(([name, field]) => isAlwaysThere({ message, name, field }))
    .map(([name, field]) => [name, zeroOf(field.t)] as const)
    .filter(([, zero]) => zero !== undefined)
}

/** A struct is never empty to omitempty, nor is a quantity, which is one. */
function isAlwaysThere(place: FieldOf): boolean {
  const { t, p, r, k } = place.field
  if ((p ?? r ?? k) !== undefined) return false
  return t.includes('.') ? !has(OMITTED, place) : !hasOmitEmpty(place)
}

/** @returns undefined for types whose zero is printed as null, or is no value of the type */
export function zeroOf(type: string): unknown {
  if (type in PLAIN) return PLAIN[type]
  return messageFields(type) === undefined ? undefined : Object.fromEntries(zeroFields(type))
}

/** The struct as Go prints it when nothing is set: with what it always has. */
export const emptyStruct = (message: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(zeroFields(message))

/** What else is printed of an object nobody filled in: lists and pointers without omitempty. */
const PRINTED_EMPTY: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'apiextensions_apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec': { versions: null },
  'apiextensions_apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionStatus': {
    conditions: null,
    storedVersions: null,
  },
  'api.apps.v1.DaemonSetSpec': { selector: null },
  'api.apps.v1.DeploymentSpec': { replicas: 0, selector: null },
  'api.apps.v1.ReplicaSetSpec': { replicas: 0, selector: null },
  'api.apps.v1.StatefulSetSpec': { replicas: 0, selector: null },
  'api.autoscaling.v2.HorizontalPodAutoscalerStatus': { currentMetrics: null },
  'api.certificates.v1.CertificateSigningRequestSpec': { request: null },
  'api.core.v1.LimitRangeSpec': { limits: null },
  'api.core.v1.PodSpec': { containers: null },
  'api.discovery.v1.EndpointSlice': { endpoints: null, ports: null },
  'api.rbac.v1.ClusterRole': { rules: null },
  'api.rbac.v1.Role': { rules: null },
  'api.storage.v1.CSINodeSpec': { drivers: null },
}

/** @returns the lists of a message that are printed as null when there are none */
export function printedLists(message: string): readonly string[] {
  const fields = fieldsByJsonName(message)
  return Object.entries(PRINTED_EMPTY[message.replace(/^k8s\.io\./, '')] ?? {})
    .filter(([name, value]) => value === null && fields.get(name)?.r !== undefined)
    .map(([name]) => name)
}

/** @returns an object nobody filled in, as Go prints it, nulls and all; its own metadata is empty */
export function printedEmpty(message: string): Readonly<Record<string, unknown>> {
  const fields = [...fieldsByJsonName(message)].filter(([name, field]) =>
    isAlwaysThere({ message, name, field }),
  )
  return {
    ...Object.fromEntries(fields.map(([name, { t }]) => [name, printedZero(t)])),
    ...PRINTED_EMPTY[message.replace(/^k8s\.io\./, '')],
  }
}

function printedZero(type: string): unknown {
  if (type.endsWith('.ObjectMeta')) return {}
  if (type in PLAIN) return PLAIN[type] ?? null
  return messageFields(type) === undefined ? null : printedEmpty(type)
}
