/** ConfigMaps, Secrets and Events (kubernetes/kubernetes pkg/apis/core/validation). Pure. */

import type { ConfigMap, Event, Secret } from '../generated/core-v1.ts'
import type { Faults } from './faults.ts'
import { forbiddenField, immutable, invalidValue, required } from './faults.ts'

const MAX_BYTES = 1024 * 1024

function keyFaults(keys: readonly string[], field: string): Faults {
  const detail =
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
  return keys
    .filter((key) => !/^[-._a-zA-Z0-9]{1,253}$/.test(key))
    .map((key) => invalidValue(`${field}[${key}]`, key, detail))
}

export function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): Faults {
  const size = [...Object.values(data), ...Object.values(binaryData)].reduce(
    (sum, value) => sum + Buffer.byteLength(value),
    0,
  )
  return [
    ...keyFaults(Object.keys(data), 'data'),
    ...keyFaults(Object.keys(binaryData), 'binaryData'),
    ...Object.keys(data)
      .filter((key) => Object.hasOwn(binaryData, key))
      .map((key) => invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData')),
    ...(size > MAX_BYTES
      ? [{ type: 'tooLong', field: '', detail: `may not be more than ${MAX_BYTES} bytes` } as const]
      : []),
  ]
}

const FIXED = 'field is immutable when `immutable` is set'

export function validateConfigMapUpdate(value: ConfigMap, old: ConfigMap): Faults {
  const changed = (key: 'data' | 'binaryData'): boolean =>
    JSON.stringify(value[key]) !== JSON.stringify(old[key])
  if (!old.immutable) return validateConfigMap(value)
  return [
    ...(value.immutable ? [] : [forbiddenField('immutable', FIXED)]),
    ...(['data', 'binaryData'] as const).filter(changed).map((key) => forbiddenField(key, FIXED)),
    ...validateConfigMap(value),
  ]
}

/** Keys that a Secret of a type must have. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
}

export function validateSecret({ data = {}, type = '' }: Secret): Faults {
  const size = Object.values(data).reduce((sum, value) => sum + Math.floor((value.length * 3) / 4), 0)
  return [
    ...keyFaults(Object.keys(data), 'data'),
    ...(size > MAX_BYTES
      ? [{ type: 'tooLong', field: 'data', detail: `may not be more than ${MAX_BYTES} bytes` } as const]
      : []),
    ...(NEEDED[type] ?? []).filter((key) => !Object.hasOwn(data, key)).map((key) => required(`data[${key}]`)),
  ]
}

export function validateSecretUpdate(value: Secret, old: Secret): Faults {
  const changed = JSON.stringify(value.data) !== JSON.stringify(old.data)
  return [
    ...immutable('type', value.type, old.type),
    ...(old.immutable && !value.immutable ? [forbiddenField('immutable', FIXED)] : []),
    ...(old.immutable && changed ? [forbiddenField('data', FIXED)] : []),
    ...validateSecret(value),
  ]
}

export function validateEvent(event: Event): Faults {
  const namespace = event.involvedObject?.namespace || 'default'
  const isElsewhere = event.metadata.namespace !== namespace
  return isElsewhere
    ? [
        invalidValue(
          'involvedObject.namespace',
          event.involvedObject?.namespace ?? '',
          'does not match event.namespace',
        ),
      ]
    : []
}
