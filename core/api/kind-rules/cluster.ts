/** Rules of the groups that run a cluster. */

import { defaultApiService, validateApiService, validateApiServiceStatus } from '../api-service.ts'
import { CelRules } from '../cel/rules.ts'
import type { CustomResourceDefinition } from '../generated/apiextensions-v1.ts'
import { isSameValue } from '../equality.ts'
import { unknownFormats } from '../definition/format-warnings.ts'
import {
  defaultCustomResourceDefinition,
  withStoredVersions,
} from '../defaults/custom-resource-definition.ts'
import {
  defaultAdmissionPolicy,
  defaultAdmissionPolicyBinding,
  defaultMutatingWebhooks,
  defaultPriorityClass,
  defaultValidatingWebhooks,
} from '../defaults/policies.ts'
import {
  validateAdmissionPolicy,
  validateAdmissionPolicyStatus,
  validateAdmissionPolicyUpdate,
} from '../validation/admission-policy.ts'
import { validateAdmissionPolicyBinding } from '../validation/admission-policy-binding.ts'
import { validatePriorityClass, validatePriorityClassUpdate } from '../validation/priority-class.ts'
import { validateWebhooks } from '../validation/webhook-configuration.ts'
import { defaultBinding } from '../defaults/rbac.ts'
import { defaultFlowSchema, defaultPriorityLevel } from '../defaults/flow-control.ts'
import { newEventFields } from '../selectable-fields.ts'
import { validateFlowSchema, validateFlowSchemaStatus } from '../validation/flow-schema.ts'
import { validatePriorityLevel, validatePriorityLevelStatus } from '../validation/priority-level.ts'
import { validateLease } from '../validation/cluster.ts'
import { validateNewEvent, validateNewEventUpdate } from '../validation/event.ts'
import {
  validateCustomResourceDefinition,
  validateCustomResourceDefinitionStatus,
  validateCustomResourceDefinitionUpdate,
} from '../validation/custom-resource-definition.ts'
import { approvedRequest, keptRequest, requestOf, signedRequest } from '../certificate-signing-request.ts'
import {
  validateSigningRequest,
  validateSigningRequestUpdate,
} from '../validation/certificate-signing-request.ts'
import { pathSegmentFaults } from '../validation/names.ts'
import { validateRuntimeClass, validateRuntimeClassUpdate } from '../validation/runtime-class.ts'
import {
  validateClusterRole,
  validateClusterRoleBinding,
  validateRole,
  validateRoleBinding,
  validateRoleRefUpdate,
} from '../validation/rbac.ts'
import {
  LEASES,
  NEW_EVENTS,
  ROLES,
  ROLE_BINDINGS,
  CLUSTER_ROLES,
  CLUSTER_ROLE_BINDINGS,
  PRIORITY_CLASSES,
  RUNTIME_CLASSES,
  CERTIFICATE_SIGNING_REQUESTS,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  VALIDATING_ADMISSION_POLICIES,
  VALIDATING_ADMISSION_POLICY_BINDINGS,
  CUSTOM_RESOURCE_DEFINITIONS,
  API_SERVICES,
  FLOW_SCHEMAS,
  PRIORITY_LEVEL_CONFIGURATIONS,
} from '../scheme/cluster.ts'
import type { RulesEntry } from './row.ts'
import { row, withoutMetadata } from './row.ts'
import { STORAGE_RULES } from './storage.ts'

/** CEL rules that cannot be evaluated here are accepted, and named once. */
function unsupportedRules(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): readonly string[] {
  if (isSameValue(crd.spec, old?.spec)) return []
  const rules = new CelRules()
  return (crd.spec.versions ?? []).flatMap(({ schema }, index) => {
    const at = `spec.versions[${index}].schema.openAPIV3Schema`
    const found = schema?.openAPIV3Schema ? rules.unsupported(schema.openAPIV3Schema, at) : []
    return found.map(
      ({ path, reason }) => `${path}: the rule cannot be evaluated here and is not enforced: ${reason}`,
    )
  })
}

export const CLUSTER_RULES: readonly RulesEntry[] = [
  row(LEASES, { createsOnUpdate: true, requiresRevision: true, validate: validateLease }),
  row(NEW_EVENTS, {
    judgedAs: { group: '', kind: 'Event' },
    createsOnUpdate: true,
    validate: validateNewEvent,
    validateUpdate: validateNewEventUpdate,
    selectableFields: newEventFields,
  }),
  row(ROLES, { createsOnUpdate: true, nameFaults: pathSegmentFaults, validate: validateRole }),
  row(ROLE_BINDINGS, {
    createsOnUpdate: true,
    nameFaults: pathSegmentFaults,
    defaults: defaultBinding,
    validate: validateRoleBinding,
    validateUpdate: (binding, old) => [
      ...validateRoleBinding(binding),
      ...validateRoleRefUpdate(binding, old),
    ],
  }),
  row(CLUSTER_ROLES, { createsOnUpdate: true, nameFaults: pathSegmentFaults, validate: validateClusterRole }),
  row(CLUSTER_ROLE_BINDINGS, {
    createsOnUpdate: true,
    nameFaults: pathSegmentFaults,
    defaults: defaultBinding,
    validate: validateClusterRoleBinding,
    validateUpdate: (binding, old) => [
      ...validateClusterRoleBinding(binding),
      ...validateRoleRefUpdate(binding, old),
    ],
  }),
  ...STORAGE_RULES,
  row(PRIORITY_CLASSES, {
    defaults: defaultPriorityClass,
    validate: validatePriorityClass,
    validateUpdate: validatePriorityClassUpdate,
    startsGeneration: true,
  }),
  row(RUNTIME_CLASSES, {
    judgesNamesAgain: true,
    createsOnUpdate: true,
    requiresRevision: true,
    validate: validateRuntimeClass,
    validateUpdate: validateRuntimeClassUpdate,
  }),
  row(CERTIFICATE_SIGNING_REQUESTS, {
    nameFaults: pathSegmentFaults,
    validate: (request) => validateSigningRequest(request),
    validateUpdate: validateSigningRequestUpdate,
    prepareForCreate: requestOf,
    prepareForUpdate: keptRequest,
    parts: {
      approval: {
        prepare: approvedRequest,
        validate: (request, old) => validateSigningRequestUpdate(request, old, { decisions: true }),
      },
      status: {
        prepare: signedRequest,
        validate: (request, old) => validateSigningRequestUpdate(request, old, { certificate: true }),
      },
    },
    selectableFields: ({ spec }) => ({ 'spec.signerName': spec.signerName ?? '' }),
    hasStatus: true,
  }),
  row(VALIDATING_WEBHOOK_CONFIGURATIONS, {
    judgesNamesAgain: true,
    requiresRevision: true,
    defaults: defaultValidatingWebhooks,
    validate: validateWebhooks,
    hasGeneration: true,
  }),
  row(MUTATING_WEBHOOK_CONFIGURATIONS, {
    judgesNamesAgain: true,
    requiresRevision: true,
    defaults: defaultMutatingWebhooks,
    validate: validateWebhooks,
    hasGeneration: true,
  }),
  row(VALIDATING_ADMISSION_POLICIES, {
    requiresRevision: true,
    defaults: defaultAdmissionPolicy,
    validate: validateAdmissionPolicy,
    validateUpdate: validateAdmissionPolicyUpdate,
    validateStatus: validateAdmissionPolicyStatus,
    hasGeneration: true,
    hasStatus: true,
  }),
  row(VALIDATING_ADMISSION_POLICY_BINDINGS, {
    requiresRevision: true,
    defaults: defaultAdmissionPolicyBinding,
    validate: validateAdmissionPolicyBinding,
    hasGeneration: true,
  }),
  row(FLOW_SCHEMAS, {
    judgesNamesAgain: true,
    defaults: defaultFlowSchema,
    validate: validateFlowSchema,
    validateStatus: validateFlowSchemaStatus,
    prepareStatus: withoutMetadata,
    hasGeneration: true,
    hasStatus: true,
  }),
  row(PRIORITY_LEVEL_CONFIGURATIONS, {
    judgesNamesAgain: true,
    defaults: defaultPriorityLevel,
    validate: validatePriorityLevel,
    validateStatus: validatePriorityLevelStatus,
    prepareStatus: withoutMetadata,
    hasGeneration: true,
    hasStatus: true,
  }),
  row(CUSTOM_RESOURCE_DEFINITIONS, {
    requiresRevision: true,
    defaults: defaultCustomResourceDefinition,
    validate: validateCustomResourceDefinition,
    validateUpdate: validateCustomResourceDefinitionUpdate,
    validateStatus: validateCustomResourceDefinitionStatus,
    prepareStatus: withStoredVersions,
    warnings: (crd, old) => [...unknownFormats(crd, old), ...unsupportedRules(crd, old)],
    hasStatus: true,
    hasGeneration: true,
  }),
  row(API_SERVICES, {
    requiresRevision: true,
    nameFaults: pathSegmentFaults,
    defaults: defaultApiService,
    validate: validateApiService,
    validateStatus: validateApiServiceStatus,
    hasStatus: true,
  }),
]
