/**
 * All the server must know of a custom resource, from one version of its definition. Pure.
 * kubernetes/apiextensions-apiserver pkg/apiserver/customresource_handler.go, pkg/registry/customresource.
 */

import type { ApiError } from '../../api/api-error.ts'
import { badRequest } from '../../api/api-error.ts'
import type { CelRules } from '../../api/cel/rules.ts'
import { fieldErrorMessage } from '../../api/field-error.ts'
import type { CustomResourceDefinitionVersion } from '../../api/generated/apiextensions-v1.ts'
import { metadataOf, unreadableFault, withReadMetadata } from '../../api/json-schema/embedded.ts'
import { withDefaults } from '../../api/json-schema/defaults.ts'
import { pruned } from '../../api/json-schema/prune.ts'
import type { Schema } from '../../api/json-schema/schema.ts'
import { isJsonObject } from '../../api/json-schema/schema.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf } from '../../api/resource.ts'
import type { KindRules } from '../../api/rules.ts'
import type { Decoded } from '../../api/strict-decode.ts'
import { validateMetadata, validateMetadataUpdate } from '../../api/validation/metadata.ts'
import { dnsSubdomainFaults } from '../../api/validation/names.ts'
import type { VersionConverter } from './conversion/version-converter.ts'
import type { Kind } from '../registry/kinds.ts'
import type { CustomChecks } from './custom-validation.ts'
import { objectFaults, ratchetedFaults, statusFaults } from './custom-validation.ts'
import { finalizerWarnings } from './finalizer-warnings.ts'
import { textOf, valuesAt } from './json-path.ts'
import { mergeTypeOf } from './merge-type.ts'
import { customPrinter } from './printer.ts'

export interface CustomKindOptions {
  readonly resource: ResourceInfo
  readonly version: CustomResourceDefinitionVersion
  /** name of the version objects are stored in */
  readonly storageVersion: string
  /** of its definition */
  readonly converter: VersionConverter
  readonly cel: CelRules
}

export function customKind({ resource, version, storageVersion, converter, cel }: CustomKindOptions): Kind {
  const schema: Schema = version.schema?.openAPIV3Schema ?? { type: 'object' }
  const apiVersion = apiVersionOf(resource)
  return {
    rules: rulesOf(resource, version, { version, schema, cel }),
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
    toStorage: (object) => converter.toStorage(object, storageVersion),
    fromStorage: (object) => converter.fromStorage(object, version.name),
    converted: (object) => converter.converted(object, version.name),
    ...(converter.asksWebhook
      ? {
          together: (objects: readonly KubernetesObject[]) => converter.together(objects, version.name),
          forget: (object: KubernetesObject) => converter.forget(object),
        }
      : {}),
  }
}

function decoded(
  body: unknown,
  of: { readonly apiVersion: string; readonly kind: string; readonly schema: Schema },
): Decoded {
  if (!isJsonObject(body)) throw badRequest(`${of.kind} is not an object`)
  const { metadata = {}, ...rest } = body
  const { apiVersion, kind } = of
  const cannot = (why: string): ApiError =>
    badRequest(
      `${kind} in version ${JSON.stringify(apiVersion.split('/')[1])} cannot be handled as a ${kind}: ${why}`,
    )
  const meta = metadataOf(metadata)
  if (meta.fault !== undefined) throw cannot(meta.fault)
  const { value, unknown } = pruned(rest, of.schema)
  const wrong = unreadableFault(value, of.schema, '')
  if (wrong) throw cannot(fieldErrorMessage(wrong))
  const embedded = withReadMetadata(value, of.schema)
  const problems = [...(meta.problems ?? []), ...embedded.problems]
  for (const path of unknown) problems.push(`unknown field ${JSON.stringify(path)}`)
  const object = { ...(embedded.value as object), apiVersion, kind, metadata: meta.object?.metadata ?? {} }
  return { object: object as KubernetesObject, problems }
}

function rulesOf(
  resource: ResourceInfo,
  version: CustomResourceDefinitionVersion,
  checks: CustomChecks,
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
    validateCreate: (object) =>
      objectFaults(
        object,
        undefined,
        checks,
        validateMetadata(object, { nameFaults: dnsSubdomainFaults, namespaced }),
      ),
    validateUpdate: (object, old) => objectFaults(object, old, checks, validateMetadataUpdate(object, old)),
    validateStatus: (object, old) => statusFaults(object, old, checks, validateMetadataUpdate(object, old)),
    warnings: finalizerWarnings,
    changeWarnings: (object, old) => ratchetedFaults(object, old, checks).map(fieldErrorMessage),
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
