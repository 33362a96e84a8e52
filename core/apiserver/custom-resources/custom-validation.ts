/**
 * What is wrong with a custom resource, by its schema, its scale, the resources in it, its lists and its rules; what
 * was wrong before and has not changed may stay (KEP-4008).
 * kubernetes/apiextensions-apiserver pkg/registry/customresource/{strategy,status_strategy,validator}.go. Pure.
 */

import type { CelRules } from '../../api/cel/rules.ts'
import type { FieldError, FieldErrorType } from '../../api/field-error.ts'
import type { CustomResourceDefinitionVersion } from '../../api/generated/apiextensions-v1.ts'
import { Correlation } from '../../api/json-schema/correlation.ts'
import { embeddedFaults } from '../../api/json-schema/embedded.ts'
import { listTypeFaults } from '../../api/json-schema/list-types.ts'
import type { Schema } from '../../api/json-schema/schema.ts'
import { schemaFaults } from '../../api/json-schema/validate.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { invalidValue } from '../../api/validation/faults.ts'
import type { AnyObject } from '../registry/environment.ts'
import { labelSelectorFaults, specReplicasFaults, statusReplicasFaults } from './scale-faults.ts'

type Faults = readonly FieldError[]

export interface CustomChecks {
  readonly version: CustomResourceDefinitionVersion
  readonly schema: Schema
  readonly cel: CelRules
}

/** @param old undefined: the object is new. @param metadata faults of its metadata, which come first */
export function objectFaults(
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  checks: CustomChecks,
  metadata: Faults,
): Faults {
  const { schema, version } = checks
  const { scale } = version.subresources ?? {}
  const before = old && new Correlation(object, old, schema)
  return withRules(object, old, checks, [
    ...metadata,
    ...schemaFaults(object, schema, { before }),
    ...(scale ? [...specReplicasFaults(object, scale), ...statusReplicasFaults(object, scale)] : []),
    ...(scale ? labelSelectorFaults(object, scale) : []),
    ...embeddedFaults(object, schema, ''),
    ...newListFaults(object, old, schema),
  ])
}

/** Of a status that was written the status alone is held against its schema. */
export function statusFaults(
  object: KubernetesObject,
  old: KubernetesObject,
  checks: CustomChecks,
  metadata: Faults,
): Faults {
  const { schema, version } = checks
  const { scale } = version.subresources ?? {}
  const of = schema.properties?.['status']
  const { status } = object as AnyObject
  const before = of && new Correlation(status, (old as AnyObject)['status'], of)
  return withRules(object, old, checks, [
    ...metadata,
    ...(of && status !== undefined ? schemaFaults(status, of, { at: 'status', before }) : []),
    ...(scale ? [...statusReplicasFaults(object, scale), ...labelSelectorFaults(object, scale)] : []),
    ...newListFaults(object, old, schema),
  ])
}

/** Where lists were not unique before, they need not be. */
function newListFaults(object: KubernetesObject, old: KubernetesObject | undefined, schema: Schema): Faults {
  const faults = listTypeFaults(object, schema)
  return faults.length > 0 && old && listTypeFaults(old, schema).length > 0 ? [] : faults
}

/** Faults that leave a rule with something it does not expect. */
const BLOCKING: readonly FieldErrorType[] = ['notSupported', 'required', 'tooLong', 'tooMany', 'typeInvalid']

const UNCHECKED =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'

function withRules(
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  { schema, cel }: CustomChecks,
  faults: Faults,
): Faults {
  if (!cel.isRuled(schema)) return faults
  if (faults.some(({ type }) => BLOCKING.includes(type)))
    return [...faults, invalidValue('<nil>', null, UNCHECKED)]
  return [...faults, ...cel.changeFaults(ruled(object), old && ruled(old), schema).faults]
}

/** @returns what rules find wrong with parts that are as they were: told of, and let through */
export function ratchetedFaults(
  object: KubernetesObject,
  old: KubernetesObject,
  { schema, cel }: CustomChecks,
): Faults {
  return cel.isRuled(schema) ? cel.changeFaults(ruled(object), ruled(old), schema).ratcheted : []
}

/** Of metadata only the names are any business of the rules. */
function ruled(object: KubernetesObject): unknown {
  const { name, generateName } = object.metadata
  return { ...object, metadata: { ...(name ? { name } : {}), ...(generateName ? { generateName } : {}) } }
}
