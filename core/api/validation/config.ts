/** ConfigMaps and Secrets (kubernetes/kubernetes pkg/apis/core/validation/validation.go). Pure. */

import { isSameValue } from '../equality.ts'
import type { ConfigMap, Secret } from '../generated/core-v1.ts'
import { TOKEN_ACCOUNT_NAME, TOKEN_SECRET_TYPE } from '../token-secret.ts'
import type { Faults } from './faults.ts'
import { forbiddenField, immutable, invalidTexts, invalidValue, required, tooLong, when } from './faults.ts'
import { configKeyFaults } from './names.ts'

const MAX_BYTES = 1024 * 1024

type Data = Readonly<Record<string, string>>

const keyFaults = (data: Data, field: string): Faults =>
  Object.keys(data).flatMap((key) => invalidTexts(`${field}[${key}]`, key, configKeyFaults))

const sizeOf = (data: Data, bytesOf: (value: string) => number): number =>
  Object.values(data).reduce((sum, value) => sum + bytesOf(value), 0)

const decodedBytes = (base64: string): number => Buffer.byteLength(base64, 'base64')

/** Faults of a ConfigMap, metadata aside. */
export function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): Faults {
  const size = sizeOf(data, (text) => Buffer.byteLength(text)) + sizeOf(binaryData, decodedBytes)
  return [
    ...keyFaults(data, 'data'),
    ...Object.keys(data).flatMap((key) =>
      when(Object.hasOwn(binaryData, key), () =>
        invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData'),
      ),
    ),
    ...keyFaults(binaryData, 'binaryData'),
    ...when(size > MAX_BYTES, () => tooLong('[]', MAX_BYTES)),
  ]
}

const FIXED = 'field is immutable when `immutable` is set'

/** Once `immutable` is set, it and the data stay. */
function validateFixed<T extends object>(value: T, old: T, fields: readonly (string & keyof T)[]): Faults {
  const now = value as { readonly immutable?: boolean }
  if (!(old as { readonly immutable?: boolean }).immutable) return []
  return [
    ...when(!now.immutable, () => forbiddenField('immutable', FIXED)),
    ...fields.flatMap((field) =>
      when(!isSameValue(value[field], old[field]), () => forbiddenField(field, FIXED)),
    ),
  ]
}

/** Faults of a changed ConfigMap. */
export function validateConfigMapUpdate(value: ConfigMap, old: ConfigMap): Faults {
  return [...validateFixed(value, old, ['data', 'binaryData']), ...validateConfigMap(value)]
}

/** Keys that a Secret of a type must have. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
}
const BASIC_AUTH = ['username', 'password']

/** Faults of a Secret, metadata aside. */
export function validateSecret(secret: Secret): Faults {
  const { data = {}, metadata } = secret
  const isToken = secret.type === TOKEN_SECRET_TYPE
  return [
    ...keyFaults(data, 'data'),
    ...when(sizeOf(data, decodedBytes) > MAX_BYTES, () => tooLong('data', MAX_BYTES)),
    ...when(isToken && !metadata.annotations?.[TOKEN_ACCOUNT_NAME], () =>
      required(`metadata.annotations[${TOKEN_ACCOUNT_NAME}]`),
    ),
    ...missingKeys(secret).map((key) => required(`data[${key}]`)),
    ...validateJson(secret),
  ]
}

function missingKeys({ data = {}, type = '' }: Secret): readonly string[] {
  if (type === 'kubernetes.io/basic-auth')
    return BASIC_AUTH.some((key) => Object.hasOwn(data, key)) ? [] : BASIC_AUTH
  // Of a key file alone it is asked whether there is something in it.
  const isMissing = (key: string): boolean =>
    type === 'kubernetes.io/ssh-auth' ? !data[key] : !Object.hasOwn(data, key)
  return (NEEDED[type] ?? []).filter(isMissing)
}

function validateJson({ data = {}, type = '' }: Secret): Faults {
  const key = /^kubernetes\.io\/(dockercfg|dockerconfigjson)$/.exec(type)?.[1]
  const text = data[`.${key}`]
  if (text === undefined) return []
  const json = Buffer.from(text, 'base64').toString()
  return when(!isJsonObject(json), () =>
    invalidValue(`data[.${key}]`, '<secret contents redacted>', whyNoJson(json)),
  )
}

/** As Go's decoder says it, where the fault is at the very beginning or end. */
function whyNoJson(text: string): string {
  const first = text.trimStart()[0]
  if (first === undefined) return 'unexpected end of JSON input'
  return /[{["tfn\-0-9]/.test(first)
    ? 'invalid character in JSON'
    : `invalid character '${first}' looking for beginning of value`
}

function isJsonObject(text: string): boolean {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    // No JSON: that is the answer.
    return false
  }
}

/** Faults of a changed Secret: its type stays. */
export function validateSecretUpdate(value: Secret, old: Secret): Faults {
  return [
    ...immutable('type', value.type, old.type),
    ...validateFixed(value, old, ['data']),
    ...validateSecret(value),
  ]
}
