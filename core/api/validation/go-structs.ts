/**
 * How Go prints the parts of objects that messages show: kube-apiserver's internal types have no names for JSON, so
 * that their fields appear as in Go, all of them (kubernetes/kubernetes pkg/apis/GROUP/types.go). Pure.
 */

import { isSameValue } from '../equality.ts'
import type { Faults } from './faults.ts'
import { byKey, IMMUTABLE, invalidValue, when } from './faults.ts'

/**
 * The fields of each struct in Go's order: `Name` is a text, `Name=0` a number, `Name:Struct` a struct, `Name*` and
 * `Name*Struct` are behind a pointer, `Name[]` and `Name[]Struct` lists, `Name{}` a map.
 */
const STRUCTS: Readonly<Record<string, string>> = {
  ResourceClaimSpec: 'Devices:DeviceClaim',
  DeviceClaim: 'Requests[]DeviceRequest Constraints[]DeviceConstraint Config[]DeviceClaimConfiguration',
  DeviceRequest: 'Name Exactly*ExactDeviceRequest FirstAvailable[]DeviceSubRequest',
  ExactDeviceRequest:
    'DeviceClassName Selectors[]DeviceSelector AllocationMode Count=0 AdminAccess* Tolerations[]DeviceToleration Capacity*CapacityRequirements',
  DeviceSubRequest:
    'Name DeviceClassName Selectors[]DeviceSelector AllocationMode Count=0 Tolerations[]DeviceToleration Capacity*CapacityRequirements',
  CapacityRequirements: 'Requests{}',
  DeviceSelector: 'CEL*CELDeviceSelector',
  CELDeviceSelector: 'Expression',
  DeviceConstraint: 'Requests[] MatchAttribute* DistinctAttribute*',
  DeviceClaimConfiguration: 'Requests[] Opaque*OpaqueDeviceConfiguration',
  OpaqueDeviceConfiguration: 'Driver Parameters*',
  DeviceToleration: 'Key Operator Value Effect TolerationSeconds*',
  AllocationResult: 'Devices:DeviceAllocationResult NodeSelector*NodeSelector AllocationTimestamp*',
  DeviceAllocationResult: 'Results[]DeviceRequestAllocationResult Config[]DeviceAllocationConfiguration',
  DeviceRequestAllocationResult:
    'Request Driver Pool Device AdminAccess* Tolerations[]DeviceToleration BindingConditions[] BindingFailureConditions[] ShareID* ConsumedCapacity{}',
  DeviceAllocationConfiguration: 'Source Requests[] Opaque*OpaqueDeviceConfiguration',
  NodeSelector: 'NodeSelectorTerms[]NodeSelectorTerm',
  NodeSelectorTerm: 'MatchExpressions[]NodeSelectorRequirement MatchFields[]NodeSelectorRequirement',
  NodeSelectorRequirement: 'Key Operator Values[]',
  DeviceAttribute: 'IntValue* BoolValue* StringValue* VersionValue*',
  ObjectReference: 'Kind Namespace Name UID APIVersion ResourceVersion FieldPath',
  RoleRef: 'APIGroup Kind Name',
  CSINodeDriver: 'Name NodeID TopologyKeys[] Allocatable*VolumeNodeResources',
  VolumeNodeResources: 'Count*',
  VolumeAttachmentSpec: 'Attacher Source:VolumeAttachmentSource NodeName',
  VolumeAttachmentSource: 'PersistentVolumeName* InlineVolumeSpec*',
}

type Value = Readonly<Record<string, unknown>>

/** @returns the value with Go's names, what is absent included. @param struct one of the names above */
export function printedStruct(struct: string, value: unknown): Value {
  const given = (value ?? {}) as Value
  const fields = (STRUCTS[struct] ?? '').split(' ')
  return Object.fromEntries(fields.map((field) => printedField(field, given)))
}

function printedField(field: string, given: Value): readonly [string, unknown] {
  const [, name = '', kind = '', inner = ''] = /^(\w+?)(?:(\*|\[\]|\{\}|:|=)(\w*))?$/.exec(field) ?? []
  const value = given[jsonNameOf(name)]
  const printed = (each: unknown): unknown => (inner === '' ? each : printedStruct(inner, each))
  switch (kind) {
    case ':':
      return [name, printed(value)]
    case '=':
      return [name, value ?? 0]
    case '*':
      return [name, value === undefined ? null : printed(value)]
    case '[]':
      return [name, Array.isArray(value) && value.length > 0 ? value.map(printed) : null]
    case '{}':
      return [name, value === undefined ? null : byKey(value as Value)]
    default:
      return [name, value ?? '']
  }
}

/** `CEL` is `cel`, `APIVersion` is `apiVersion`, `NodeID` is `nodeID`, `IntValue` of an attribute is `int`. */
function jsonNameOf(goName: string): string {
  const name = goName.replace(/^(Int|Bool|String|Version)Value$/, '$1')
  return name.replace(/^([A-Z]+$|[A-Z]+(?=[A-Z][a-z])|[A-Z])/, (capitals) => capitals.toLowerCase())
}

/** A fault when a struct does not mean the same as before; it is shown as Go prints it. */
export function immutableStruct(
  field: string,
  struct: string,
  { value, old }: { readonly value: unknown; readonly old: unknown },
): Faults {
  return when(!isSameValue(value, old), () => invalidValue(field, printedStruct(struct, value), IMMUTABLE))
}
