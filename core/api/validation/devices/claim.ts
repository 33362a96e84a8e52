/**
 * Claims of devices, and their templates (kubernetes/kubernetes pkg/apis/resource/validation/validation.go). Pure.
 */

import { isSameValue } from '../../equality.ts'
import type {
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimTemplate,
  ResourceClaimTemplateSpec,
} from '../../generated/resource-v1.ts'
import type { Faults } from '../faults.ts'
import {
  byKey,
  IMMUTABLE,
  invalidTexts,
  invalidValue,
  notSupported,
  required,
  requiredText,
  when,
} from '../faults.ts'
import { validateTemplateMetadata } from '../metadata.ts'
import { dnsLabelFaults, dnsSubdomainFaults } from '../names.ts'
import { listFaults, setFaults } from './collections.ts'
import { configurationFaults } from './configuration.ts'
import { fullyQualifiedFaults, requestNames, requestReferenceFaults } from './names.ts'
import type { RequestNames } from './names.ts'
import { printedStruct } from '../go-structs.ts'
import { selectorFaults, tolerationFaults } from './selectors.ts'

/** As many as can be allocated. */
export const MAX_REQUESTS = 32
const MAX_CONSTRAINTS = 32
export const MAX_CONFIGURATIONS = 32
const MAX_ALTERNATIVES = 8
const MODES = ['All', 'ExactCount']

/** Faults of a new claim, metadata aside. */
export function validateResourceClaim({ spec }: ResourceClaim): Faults {
  return specFaults(spec, 'spec', false)
}

/** Faults of a changed claim: what it asks for stays. */
export function validateResourceClaimUpdate({ spec }: ResourceClaim, old: ResourceClaim): Faults {
  return [
    ...specFaults(spec, 'spec', true),
    ...when(!isSameSpec(spec, old.spec), () =>
      invalidValue('spec', printedStruct('ResourceClaimSpec', spec), IMMUTABLE),
    ),
  ]
}

/** Faults of a new template, its own metadata aside. */
export function validateResourceClaimTemplate({ spec }: ResourceClaimTemplate): Faults {
  return [
    ...validateTemplateMetadata(spec.metadata ?? {}, 'spec.metadata'),
    ...specFaults(spec.spec, 'spec.spec', false),
  ]
}

/** Faults of a changed template: nothing of it may change. */
export function validateResourceClaimTemplateUpdate(
  template: ResourceClaimTemplate,
  old: ResourceClaimTemplate,
): Faults {
  const { spec } = template
  return [
    ...validateResourceClaimTemplate(template),
    ...when(!isSameValue(spec, old.spec) || !isSameSpec(spec.spec, old.spec.spec), () =>
      invalidValue('spec', printedTemplate(spec), IMMUTABLE),
    ),
  ]
}

/** What drivers are told must be the same to the letter. */
function isSameSpec(spec: ResourceClaimSpec, old: ResourceClaimSpec): boolean {
  const parameters = ({ devices }: ResourceClaimSpec): string =>
    JSON.stringify((devices?.config ?? []).map(({ opaque }) => opaque?.parameters))
  return isSameValue(spec, old) && parameters(spec) === parameters(old)
}

function printedTemplate({ metadata = {}, spec }: ResourceClaimTemplateSpec): unknown {
  const { labels, annotations, ...others } = metadata
  return {
    ...others,
    ...(labels ? { labels: byKey(labels) } : {}),
    ...(annotations ? { annotations: byKey(annotations) } : {}),
    Spec: printedStruct('ResourceClaimSpec', spec),
  }
}

function specFaults({ devices = {} }: ResourceClaimSpec, at: string, isStored: boolean): Faults {
  const names = requestNames(devices)
  return [
    ...setFaults(devices.requests, `${at}.devices.requests`, {
      max: MAX_REQUESTS,
      faultsOf: requestFaults,
      keyOf: ({ name }) => name,
      keyField: 'name',
    }),
    ...listFaults(devices.constraints, `${at}.devices.constraints`, {
      max: MAX_CONSTRAINTS,
      faultsOf: (constraint, field) => constraintFaults(constraint, field, names),
    }),
    ...listFaults(devices.config, `${at}.devices.config`, {
      max: MAX_CONFIGURATIONS,
      faultsOf: (config, field) => [
        ...referenceFaults(config.requests, `${field}.requests`, names),
        ...configurationFaults(config, field, isStored),
      ],
    }),
  ]
}

/** Faults of a list of requests by name. */
export function referenceFaults(
  requests: readonly string[] | undefined,
  field: string,
  names: RequestNames,
): Faults {
  return setFaults(requests, field, {
    max: MAX_REQUESTS,
    faultsOf: (name, at) => requestReferenceFaults(name, at, names),
    keyOf: (name) => name,
  })
}

const ONE_OF = 'exactly one of `exactly` or `firstAvailable` is required'

function requestFaults({ name, exactly, firstAvailable = [] }: DeviceRequest, at: string): Faults {
  const hasAlternatives = firstAvailable.length > 0
  return [
    ...invalidTexts(`${at}.name`, name, dnsLabelFaults),
    ...setFaults(firstAvailable, `${at}.firstAvailable`, {
      max: MAX_ALTERNATIVES,
      faultsOf: (alternative, field) => [
        ...invalidTexts(`${field}.name`, alternative.name, dnsLabelFaults),
        ...wishFaults(alternative, field),
      ],
      keyOf: (alternative) => alternative.name,
      keyField: 'name',
    }),
    ...(exactly ? wishFaults(exactly, `${at}.exactly`) : []),
    ...when(!exactly && !hasAlternatives, () => required(at, ONE_OF)),
    ...when(exactly && hasAlternatives, () =>
      invalidValue(at, null, `${ONE_OF}, but multiple fields are set`),
    ),
  ]
}

function wishFaults(wish: ExactDeviceRequest | DeviceSubRequest, at: string): Faults {
  return [
    ...requiredText(`${at}.deviceClassName`, wish.deviceClassName, dnsSubdomainFaults),
    ...selectorFaults(wish.selectors, `${at}.selectors`),
    ...modeFaults(wish, at),
    ...tolerationFaults(wish.tolerations, `${at}.tolerations`),
  ]
}

function modeFaults({ allocationMode: mode = '', count = 0 }: ExactDeviceRequest, at: string): Faults {
  if (mode === 'All')
    return when(count !== 0, () =>
      invalidValue(`${at}.count`, count, "must not be specified when allocationMode is 'All'"),
    )
  if (mode === 'ExactCount')
    return when(count <= 0, () => invalidValue(`${at}.count`, count, 'must be greater than zero'))
  return [notSupported(`${at}.allocationMode`, mode, MODES)]
}

function constraintFaults(constraint: DeviceConstraint, at: string, names: RequestNames): Faults {
  const { requests, matchAttribute: match, distinctAttribute: distinct } = constraint
  const references = referenceFaults(requests, `${at}.requests`, names)
  if (match !== undefined) return [...references, ...fullyQualifiedFaults(match, `${at}.matchAttribute`)]
  if (distinct !== undefined)
    return [...references, ...fullyQualifiedFaults(distinct, `${at}.distinctAttribute`)]
  return [...references, required(`${at}.matchAttribute`)]
}
