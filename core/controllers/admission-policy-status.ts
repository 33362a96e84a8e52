/**
 * Tells in the status of a ValidatingAdmissionPolicy that it was seen, and what is wrong with its expressions
 * (kubernetes/kubernetes pkg/controller/validatingadmissionpolicystatus). Pure.
 */

import { rowOf } from '../api/custom-resource.ts'
import { builtInType, customType } from '../api/cel/object-types.ts'
import type { TypedResource } from '../api/cel/policy-type-check.ts'
import { policyWarnings } from '../api/cel/policy-type-check.ts'
import type { ValidatingAdmissionPolicy } from '../api/generated/admissionregistration-v1.ts'
import type { CustomResourceDefinition } from '../api/generated/apiextensions-v1.ts'
import type { Schema } from '../api/json-schema/schema.ts'
import { apiVersionOf } from '../api/resource.ts'
import { CUSTOM_RESOURCE_DEFINITIONS, SCHEME, VALIDATING_ADMISSION_POLICIES } from '../api/scheme.ts'
import type { Controller } from './controller.ts'
import { NOTHING } from './controller.ts'

export interface PolicySnapshot {
  readonly policy: ValidatingAdmissionPolicy
  readonly definitions: readonly CustomResourceDefinition[]
}

export const admissionPolicyStatusController: Controller<PolicySnapshot> = {
  name: 'validatingadmissionpolicy-status-controller',
  watches: [VALIDATING_ADMISSION_POLICIES, CUSTOM_RESOURCE_DEFINITIONS],
  keysFor: (object) => (object.kind === VALIDATING_ADMISSION_POLICIES.kind ? [object.metadata.name] : []),
  snapshot(key, cache) {
    const policy = cache.of(VALIDATING_ADMISSION_POLICIES).get(key)
    return policy && { policy, definitions: cache.of(CUSTOM_RESOURCE_DEFINITIONS).list() }
  },
  plan({ policy, definitions }) {
    const { generation = 0 } = policy.metadata
    if (generation <= (policy.status?.observedGeneration ?? 0)) return NOTHING
    const expressionWarnings = policyWarnings(policy, [...BUILT_IN, ...definitions.flatMap(customTypes)])
    const typeChecking = expressionWarnings.length > 0 ? { expressionWarnings } : {}
    const object = { ...policy, status: { ...policy.status, observedGeneration: generation, typeChecking } }
    return {
      writes: [{ write: { kind: 'updateStatus', resource: VALIDATING_ADMISSION_POLICIES, object } }],
    }
  },
}

const BUILT_IN: readonly TypedResource[] = SCHEME.map((resource) => ({
  resource,
  type: () => builtInType(apiVersionOf(resource), resource.kind),
}))

function customTypes(definition: CustomResourceDefinition): readonly TypedResource[] {
  const { spec } = definition
  return (spec.versions ?? [])
    .filter(({ served }) => served)
    .map((version) => {
      const resource = rowOf(definition, version)
      const schema = version.schema?.openAPIV3Schema
      return {
        resource,
        type: () => schema && customType(schema as Schema, `${spec.group}.${version.name}.${resource.kind}`),
      }
    })
}
