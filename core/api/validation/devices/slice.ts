/**
 * The devices that drivers offer (kubernetes/kubernetes pkg/apis/resource/validation/validation.go). What upstream has
 * behind feature gates that are off is gone before an object is judged: ../../device-features.ts. Pure.
 */

import type {
  Device,
  DeviceAttribute,
  ResourceSlice,
  ResourceSliceSpec,
} from '../../generated/resource-v1.ts'
import { validateNodeSelector } from '../affinity.ts'
import type { Faults } from '../faults.ts'
import {
  immutable,
  IMMUTABLE,
  invalidTexts,
  invalidValue,
  pointed,
  required,
  tooLong,
  when,
} from '../faults.ts'
import { dnsLabelFaults, dnsSubdomainFaults } from '../names.ts'
import { driverNameFaults } from '../persistent-volume.ts'
import { mapFaults, setFaults } from './collections.ts'
import { MAX_QUALIFIED_NAME, poolNameFaults, qualifiedFaults } from './names.ts'
import { printedStruct } from '../go-structs.ts'

const MAX_DEVICES = 128
const MAX_ENTRIES = 32
const MAX_VALUE = 64

/** Faults of a slice, metadata aside. */
export function validateResourceSlice({ spec }: ResourceSlice): Faults {
  return sliceFaults(spec, undefined)
}

/** Faults of a changed slice: driver, pool and node stay. */
export function validateResourceSliceUpdate({ spec }: ResourceSlice, old: ResourceSlice): Faults {
  return sliceFaults(spec, old.spec)
}

function sliceFaults(spec: ResourceSliceSpec, old: ResourceSliceSpec | undefined): Faults {
  return [
    ...driverNameFaults(spec.driver, 'spec.driver'),
    ...poolFaults(spec),
    ...(old ? changeFaults(spec, old) : []),
    ...nodeFaults(spec),
    ...setFaults(spec.devices, 'spec.devices', {
      max: MAX_DEVICES,
      faultsOf: deviceFaults,
      keyOf: ({ name }) => name,
      keyField: 'name',
    }),
  ]
}

function poolFaults({ pool }: ResourceSliceSpec): Faults {
  const { name, resourceSliceCount: count, generation } = pool
  return [
    ...poolNameFaults(name, 'spec.pool.name'),
    ...when(count <= 0, () =>
      invalidValue('spec.pool.resourceSliceCount', count, 'must be greater than zero'),
    ),
    ...when(generation < 0, () =>
      invalidValue('spec.pool.generation', generation, 'must be greater than or equal to zero'),
    ),
  ]
}

function changeFaults(spec: ResourceSliceSpec, old: ResourceSliceSpec): Faults {
  return [
    ...immutable('spec.pool.name', spec.pool.name, old.pool.name),
    ...immutable('spec.driver', spec.driver, old.driver),
    ...when(spec.nodeName !== old.nodeName, () =>
      invalidValue('spec.nodeName', pointed(spec.nodeName), IMMUTABLE),
    ),
  ]
}

const ONE_OF = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'

function nodeFaults({ nodeName, nodeSelector, allNodes }: ResourceSliceSpec): Faults {
  const set = [
    ...(nodeName ? ['`nodeName`'] : []),
    ...(nodeSelector ? ['`nodeSelector`'] : []),
    ...(allNodes ? ['`allNodes`'] : []),
  ]
  return [
    ...(nodeName ? invalidTexts('spec.nodeName', nodeName, dnsSubdomainFaults) : []),
    ...when(nodeName === '', () =>
      invalidValue('spec.nodeName', nodeName, 'must be either unset or set to a non-empty string'),
    ),
    ...(nodeSelector ? termFaults(nodeSelector) : []),
    ...when(allNodes === false, () =>
      invalidValue('spec.allNodes', allNodes, 'must be either unset or set to true'),
    ),
    ...when(set.length === 0, () => required('spec', ONE_OF)),
    ...when(set.length > 1, () =>
      invalidValue('spec', `{${set.join(', ')}}`, `${ONE_OF}, but multiple fields are set`),
    ),
  ]
}

function termFaults(selector: NonNullable<ResourceSliceSpec['nodeSelector']>): Faults {
  const { NodeSelectorTerms } = printedStruct('NodeSelector', selector)
  return [
    ...validateNodeSelector(selector, 'spec.nodeSelector'),
    ...when((selector.nodeSelectorTerms ?? []).length !== 1, () =>
      invalidValue(
        'spec.nodeSelector.nodeSelectorTerms',
        NodeSelectorTerms,
        'must have exactly one node selector term',
      ),
    ),
  ]
}

function deviceFaults({ name, attributes = {}, capacity = {} }: Device, at: string): Faults {
  const count = Object.keys(attributes).length + Object.keys(capacity).length
  const tooMany = `the total number of attributes and capacities must not exceed ${MAX_ENTRIES}`
  const keys = { maxShown: MAX_QUALIFIED_NAME, keyFaults: qualifiedFaults }
  return [
    ...invalidTexts(`${at}.name`, name, dnsLabelFaults),
    ...when(count > MAX_ENTRIES, () => invalidValue(at, count, tooMany)),
    ...mapFaults(attributes, `${at}.attributes`, { ...keys, faultsOf: attributeFaults }),
    ...mapFaults(capacity, `${at}.capacity`, { ...keys, faultsOf: () => [] }),
  ]
}

const VERSION_PART = '(0|[1-9]\\d*)'
const PRERELEASE_PART = '(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)'
const BUILD_PART = '[0-9a-zA-Z-]+'
/** https://semver.org, 2.0.0 */
const VERSION = new RegExp(
  `^${VERSION_PART}\\.${VERSION_PART}\\.${VERSION_PART}` +
    `(-${PRERELEASE_PART}(\\.${PRERELEASE_PART})*)?(\\+${BUILD_PART}(\\.${BUILD_PART})*)?$`,
)

function attributeFaults(attribute: DeviceAttribute, at: string): Faults {
  const { string: text, version } = attribute
  const count = [attribute.bool, attribute.int, text, version].filter((value) => value !== undefined).length
  const oneOf = 'exactly one value must be specified'
  return [
    ...lengthFaults(text, `${at}.string`),
    ...when(version !== undefined && !VERSION.test(version), () =>
      invalidValue(`${at}.version`, version, 'must be a string compatible with semver.org spec 2.0.0'),
    ),
    ...lengthFaults(version, `${at}.version`),
    ...when(count === 0, () => required(at, oneOf)),
    ...when(count > 1, () => invalidValue(at, printedStruct('DeviceAttribute', attribute), oneOf)),
  ]
}

const lengthFaults = (text: string | undefined, field: string): Faults =>
  when(Buffer.byteLength(text ?? '') > MAX_VALUE, () => tooLong(field, MAX_VALUE))
