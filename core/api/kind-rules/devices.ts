/** Rules of the group resource.k8s.io. */

import { defaultResourceClaim, defaultResourceClaimTemplate } from '../defaults/devices.ts'
import {
  keptClaimStatus,
  keptDeviceClass,
  keptResourceClaim,
  keptResourceClaimTemplate,
  keptResourceSlice,
} from '../device-features.ts'
import {
  DEVICE_CLASSES,
  RESOURCE_CLAIMS,
  RESOURCE_CLAIM_TEMPLATES,
  RESOURCE_SLICES,
} from '../scheme/devices.ts'
import { resourceSliceFields } from '../selectable-fields.ts'
import { claimAccessFaults, templateAccessFaults } from '../validation/devices/admin-access.ts'
import { validateResourceClaimStatus } from '../validation/devices/claim-status.ts'
import {
  validateResourceClaim,
  validateResourceClaimTemplate,
  validateResourceClaimTemplateUpdate,
  validateResourceClaimUpdate,
} from '../validation/devices/claim.ts'
import { validateDeviceClass } from '../validation/devices/device-class.ts'
import { validateResourceSlice, validateResourceSliceUpdate } from '../validation/devices/slice.ts'
import type { RulesEntry } from './row.ts'
import { row, withoutMetadata } from './row.ts'

export const DEVICE_RULES: readonly RulesEntry[] = [
  row(DEVICE_CLASSES, {
    judgesNamesAgain: true,
    returnsDeleted: true,
    validate: validateDeviceClass,
    settle: keptDeviceClass,
    prepareForUpdate: keptDeviceClass,
    hasGeneration: true,
  }),
  row(RESOURCE_CLAIMS, {
    judgesNamesAgain: true,
    returnsDeleted: true,
    defaults: defaultResourceClaim,
    authorize: claimAccessFaults,
    validate: validateResourceClaim,
    validateUpdate: validateResourceClaimUpdate,
    validateStatus: validateResourceClaimStatus,
    settle: (claim) => keptResourceClaim(claim),
    settleUpdate: keptResourceClaim,
    prepareStatus: (claim, old) => withoutMetadata(keptClaimStatus(claim, old), old),
    hasStatus: true,
  }),
  row(RESOURCE_CLAIM_TEMPLATES, {
    judgesNamesAgain: true,
    returnsDeleted: true,
    defaults: defaultResourceClaimTemplate,
    authorize: templateAccessFaults,
    validate: validateResourceClaimTemplate,
    validateUpdate: validateResourceClaimTemplateUpdate,
    settle: (template) => keptResourceClaimTemplate(template),
    settleUpdate: keptResourceClaimTemplate,
  }),
  row(RESOURCE_SLICES, {
    returnsDeleted: true,
    validate: validateResourceSlice,
    validateUpdate: validateResourceSliceUpdate,
    settle: keptResourceSlice,
    settleUpdate: keptResourceSlice,
    selectableFields: resourceSliceFields,
    hasGeneration: true,
  }),
]
