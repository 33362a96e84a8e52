/**
 * All the server must know of a custom resource, from one version of its definition. Pure.
 * kubernetes/apiextensions-apiserver pkg/apiserver/customresource_handler.go, pkg/registry/customresource.
 */

import { badRequest, isApiError } from '../../api/api-error.ts'
import type { CelRules } from '../../api/cel/rules.ts'
import type { FieldError } from '../../api/field-error.ts'
import type { CustomResourceDefinitionVersion } from '../../api/generated/apiextensions-v1.ts'
import { withDefaults } from '../../api/json-schema/defaults.ts'
import { pruned } from '../../api/json-schema/prune.ts'
import type { Schema } from '../../api/json-schema/schema.ts'
import { isJsonObject } from '../../api/json-schema/schema.ts'
import { schemaFaults } from '../../api/json-schema/validate.ts'
import { deepFreeze } from '../../api/deep-freeze.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf } from '../../api/resource.ts'
import type { KindRules } from '../../api/rules.ts'
import type { Decoded } from '../../api/strict-decode.ts'
import { decodingFault, strictDecode } from '../../api/strict-decode.ts'
import {
  validateKnownFinalizers,
  validateMetadata,
  validateMetadataUpdate,
} from '../../api/validation/metadata.ts'
import { dnsSubdomainFaults } from '../../api/validation/names.ts'
import type { Kind } from '../kinds.ts'
import { textOf, valuesAt } from './json-path.ts'
import { mergeTypeOf } from './merge-type.ts'
import { customPrinter } from './printer.ts'

export interface CustomKindOptions {
  readonly resource: ResourceInfo
  readonly version: CustomResourceDefinitionVersion
  /** name of the version objects are stored in */
  readonly storageVersion: string
  readonly cel: CelRules
}

export function customKind({ resource, version, storageVersion, cel }: CustomKindOptions): Kind {
  const schema: Schema = version.schema?.openAPIV3Schema ?? { type: 'object' }
  const apiVersion = apiVersionOf(resource)
  const seen = new WeakMap<KubernetesObject, KubernetesObject>()
  return {
    rules: rulesOf(resource, version, { schema, cel }),
    decode: (body) => decoded(body, { apiVersion, kind: resource.kind, schema }),
    type: mergeTypeOf(schema),
    printer: customPrinter(version.additionalPrinterColumns),
    hasStrategicMerge: false,
    openApi: {
      schema,
      selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./, '')),
    },
    scale: version.subresources?.scale,
    ...(version.deprecated
      ? { deprecation: version.deprecationWarning ?? `${apiVersion} ${resource.kind} is deprecated` }
      : {}),
    toStorage: (object) => ({
      ...object,
      apiVersion: apiVersionOf({ ...resource, version: storageVersion }),
    }),
    // Defaults a newer definition brought are seen in older objects, too.
    fromStorage(object) {
      const known = seen.get(object)
      if (known !== undefined) return known
      const defaulted = withDefaults(object, schema) as KubernetesObject
      const isSame = object.apiVersion === apiVersion && JSON.stringify(defaulted) === JSON.stringify(object)
      const shown = isSame ? object : deepFreeze({ ...defaulted, apiVersion })
      seen.set(object, shown)
      return shown
    },
  }
}

const METADATA_ONLY = { group: 'meta.k8s.io', version: 'v1', kind: 'PartialObjectMetadata' }

function decoded(
  body: unknown,
  of: { readonly apiVersion: string; readonly kind: string; readonly schema: Schema },
): Decoded {
  if (!isJsonObject(body)) throw badRequest(`${of.kind} is not an object`)
  const { metadata = {}, ...rest } = body
  const meta = decodedMetadata(metadata, of)
  const { value, unknown } = pruned(rest, of.schema)
  const problems = [...meta.problems, ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`)]
  const { apiVersion, kind } = of
  const object = { ...(value as object), apiVersion, kind, metadata: meta.object.metadata }
  return { object, problems }
}

/** @throws ApiError BadRequest, worded as of a decoder that looks at metadata alone */
function decodedMetadata(
  metadata: unknown,
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
): Decoded {
  try {
    return strictDecode(METADATA_ONLY, { metadata })
  } catch (error) {
    if (!isApiError(error, 'BadRequest')) throw error
    const fault = decodingFault(error)
      .replace('struct field PartialObjectMetadata.metadata of', 'value of')
      .replace('.metadata.', '.')
    const version = JSON.stringify(apiVersion.split('/').at(-1))
    throw badRequest(`${kind} in version ${version} cannot be handled as a ${kind}: ${fault}`)
  }
}

/** Of Kubernetes' own they would be refused. */
function finalizerWarnings({ metadata }: KubernetesObject): readonly string[] {
  return validateKnownFinalizers({ metadata } as KubernetesObject).map(
    ({ value }) =>
      `metadata.finalizers: ${JSON.stringify(value)}: prefer a domain-qualified finalizer name ` +
      'to avoid accidental conflicts with other finalizer writers',
  )
}

interface Checks {
  readonly schema: Schema
  readonly cel: CelRules
}

function rulesOf(
  resource: ResourceInfo,
  version: CustomResourceDefinitionVersion,
  checks: Checks,
): KindRules {
  const { namespaced } = resource
  const { schema } = checks
  const { selectableFields = [] } = version
  return {
    setDefaults: (object) => withDefaults(object, schema) as KubernetesObject,
    hasGeneration: true,
    startsGeneration: true,
    hasStatus: version.subresources?.status !== undefined,
    requiresRevision: true,
    warnings: finalizerWarnings,
    validateCreate: (object) => [
      ...validateMetadata(object, { nameFaults: dnsSubdomainFaults, namespaced }),
      ...objectFaults(object, undefined, checks),
    ],
    validateUpdate: (object, old) => [
      ...validateMetadataUpdate(object, old),
      ...objectFaults(object, old, checks),
    ],
    validateStatus: (object, old) => [
      ...validateMetadataUpdate(object, old),
      ...objectFaults(object, old, checks),
    ],
    ...(selectableFields.length > 0
      ? {
          selectableFields: (object) =>
            Object.fromEntries(
              selectableFields.map(({ jsonPath }) => {
                const [value] = valuesAt(object, jsonPath)
                return [jsonPath.replace(/^\./, ''), textOf(value)]
              }),
            ),
        }
      : {}),
  }
}

/**
 * What is wrong with the object by its schema and its rules; what was wrong before and has not changed may stay (KEP-4008).
 * The rules are only asked of what has the right shape.
 */
function objectFaults(
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  { schema, cel }: Checks,
): readonly FieldError[] {
  const value = ruled(object)
  const before = old && ruled(old)
  const shape = schemaFaults(value, schema)
  const known = new Set(shape.length > 0 && before ? schemaFaults(before, schema).map(keyOf) : [])
  const fresh = shape.filter((fault) => !known.has(keyOf(fault)))
  if (shape.length > 0) return fresh
  const faults = cel.faults(value, before, schema)
  const unchanged = new Set(faults.length > 0 && before ? cel.faults(before, before, schema).map(keyOf) : [])
  return faults.filter((fault) => !unchanged.has(keyOf(fault)))
}

const keyOf = (fault: FieldError): string =>
  JSON.stringify([fault.field, fault.type, fault.value, fault.detail])

/** Of metadata only the names are any business of the schema. */
function ruled(object: KubernetesObject): unknown {
  const { name, generateName } = object.metadata
  return { ...object, metadata: { ...(name ? { name } : {}), ...(generateName ? { generateName } : {}) } }
}
