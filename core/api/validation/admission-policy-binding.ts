/**
 * ValidatingAdmissionPolicyBindings
 * (kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go). Pure.
 */

import type { ParamRef, ValidatingAdmissionPolicyBinding } from '../generated/admissionregistration-v1.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  forbiddenField,
  invalidTexts,
  invalidValue,
  notSupported,
  repeated,
  required,
  requiredText,
  when,
} from './faults.ts'
import { validateLabelSelector } from './label-selector.ts'
import { validateMatchResources } from './match-resources.ts'
import { dnsSubdomainFaults, pathSegmentFaults } from './names.ts'

/** Faults of a binding, metadata aside. */
export function validateAdmissionPolicyBinding({ spec }: ValidatingAdmissionPolicyBinding): Faults {
  const { policyName, paramRef, matchResources, validationActions = [] } = spec
  return [
    ...requiredText('spec.policyName', policyName, dnsSubdomainFaults),
    ...(paramRef ? validateParamRef(paramRef, 'spec.paramRef') : []),
    ...(matchResources ? validateMatchResources(matchResources, 'spec.matchResources') : []),
    ...validateActions(validationActions, 'spec.validationActions'),
  ]
}

const EXCLUSIVE = 'name and selector are mutually exclusive'

function validateParamRef(
  { name = '', selector, parameterNotFoundAction: action }: ParamRef,
  at: string,
): Faults {
  const hasBoth = name !== '' && selector !== undefined
  return [
    ...(name ? invalidTexts(`${at}.name`, name, pathSegmentFaults) : []),
    ...when(hasBoth, () => forbiddenField(`${at}.name`, EXCLUSIVE)),
    ...validateLabelSelector(selector, `${at}.selector`),
    ...when(hasBoth, () => forbiddenField(`${at}.selector`, EXCLUSIVE)),
    ...when(name === '' && selector === undefined, () =>
      required(at, 'one of name or selector must be specified'),
    ),
    ...(action
      ? when(!['Deny', 'Allow'].includes(action), () =>
          notSupported(`${at}.parameterNotFoundAction`, action, ['Deny', 'Allow']),
        )
      : [required(`${at}.parameterNotFoundAction`)]),
  ]
}

const ACTIONS = ['Audit', 'Deny', 'Warn']

function validateActions(actions: readonly string[], field: string): Faults {
  const again = repeated(actions, (action) => action)
  return [
    ...actions.flatMap((action, index) => [
      ...when(!ACTIONS.includes(action), () => notSupported(`${field}[${index}]`, action, ACTIONS)),
      ...when(again.includes(index), () => duplicate(`${field}[${index}]`, action)),
    ]),
    ...when(actions.includes('Deny') && actions.includes('Warn'), () =>
      invalidValue(
        field,
        actions,
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    ),
    ...when(actions.length === 0, () => required(field, 'at least one validation action is required')),
  ]
}
