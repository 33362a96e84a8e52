/** Environment variables of containers (kubernetes/kubernetes pkg/apis/core/validation ValidateEnv, ValidateEnvFrom). Pure. */

import type { EnvFromSource, EnvVar, EnvVarSource } from '../generated/core-v1.ts'
import type { Faults } from './faults.ts'
import { invalidTexts, invalidValue, optionalText, requiredText } from './faults.ts'
import { validateFieldReference, validateResourceReference } from './field-reference.ts'
import { configKeyFaults, dnsSubdomainFaults, environmentNameFaults } from './names.ts'

const FIELD_PATHS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]
/** Faults of a container's `env`. */
export function validateEnv(variables: readonly EnvVar[], field: string): Faults {
  return variables.flatMap(({ name, value, valueFrom }, index) => [
    ...requiredText(`${field}[${index}].name`, name, environmentNameFaults),
    ...(valueFrom ? validateValueFrom(valueFrom, value, `${field}[${index}].valueFrom`) : []),
  ])
}

function validateValueFrom(from: EnvVarSource, value: string | undefined, at: string): Faults {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = from
  const given = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef].filter((one) => one !== undefined)
  const one = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'
  return [
    ...(fieldRef ? validateFieldReference(fieldRef, `${at}.fieldRef`, FIELD_PATHS) : []),
    ...(resourceFieldRef ? validateResourceReference(resourceFieldRef, `${at}.resourceFieldRef`, false) : []),
    ...(configMapKeyRef ? validateKeyRef(configMapKeyRef, `${at}.configMapKeyRef`) : []),
    ...(secretKeyRef ? validateKeyRef(secretKeyRef, `${at}.secretKeyRef`) : []),
    ...(given.length === 0
      ? [invalidValue(at, '', one)]
      : value
        ? [invalidValue(at, '', 'may not be specified when `value` is not empty')]
        : given.length > 1
          ? [invalidValue(at, '', 'may not have more than one field specified at a time')]
          : []),
  ]
}

interface KeyRef {
  readonly name?: string | undefined
  readonly key: string
}

function validateKeyRef({ name, key }: KeyRef, at: string): Faults {
  return [
    ...invalidTexts(`${at}.name`, name ?? '', dnsSubdomainFaults),
    ...requiredText(`${at}.key`, key, configKeyFaults),
  ]
}

/** Faults of a container's `envFrom`; upstream gives the wrong number of sources the path of the list. */
export function validateEnvFrom(sources: readonly EnvFromSource[], field: string): Faults {
  return sources.flatMap(({ prefix, configMapRef, secretRef }, index) => {
    const at = `${field}[${index}]`
    const nameFaults = (source: KeyRefName | undefined, name: string): Faults =>
      source ? requiredText(`${at}.${name}.name`, source.name, dnsSubdomainFaults) : []
    return [
      ...optionalText(`${at}.prefix`, prefix, environmentNameFaults),
      ...nameFaults(configMapRef, 'configMapRef'),
      ...nameFaults(secretRef, 'secretRef'),
      ...(!configMapRef && !secretRef
        ? [invalidValue(field, '', 'must specify one of: `configMapRef` or `secretRef`')]
        : []),
      ...(configMapRef && secretRef
        ? [invalidValue(field, '', 'may not have more than one field specified at a time')]
        : []),
    ]
  })
}

type KeyRefName = Pick<KeyRef, 'name'>
