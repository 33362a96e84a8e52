/** IngressClasses (kubernetes/kubernetes pkg/apis/networking/validation/validation.go, ValidateIngressClass*). Pure. */

import type { IngressClass, IngressClassParametersReference } from '../generated/networking-v1.ts'
import type { Faults } from './faults.ts'
import {
  forbiddenField,
  immutable,
  invalidTexts,
  invalidValue,
  pointedChoice,
  required,
  tooLong,
  when,
} from './faults.ts'
import { validateReference } from './ingress.ts'
import { dnsLabelFaults, domainPathFaults } from './names.ts'

const CONTROLLER_MAX_BYTES = 250

/** Faults of an IngressClass, metadata aside. */
export function validateIngressClass({ spec }: IngressClass): Faults {
  const { controller, parameters } = spec
  const field = 'spec.controller'
  return [
    ...(controller
      ? [
          ...when(Buffer.byteLength(controller) > CONTROLLER_MAX_BYTES, () =>
            tooLong(field, CONTROLLER_MAX_BYTES),
          ),
          ...domainPathFaults(controller).map(({ value, detail }) => invalidValue(field, value, detail)),
        ]
      : [required(field)]),
    ...(parameters ? validateParameters(parameters) : []),
  ]
}

function validateParameters(parameters: IngressClassParametersReference): Faults {
  const at = 'spec.parameters'
  const { scope, namespace } = parameters
  return [
    ...validateReference(parameters, at),
    ...pointedChoice(`${at}.scope`, scope, ['Cluster', 'Namespace']),
    ...when(scope === 'Namespace' && namespace === undefined, () =>
      required(`${at}.namespace`, "`parameters.scope` is set to 'Namespace'"),
    ),
    ...(scope === 'Namespace' && namespace !== undefined
      ? invalidTexts(`${at}.namespace`, namespace, dnsLabelFaults)
      : []),
    ...when(scope === 'Cluster' && namespace !== undefined, () =>
      forbiddenField(`${at}.namespace`, "`parameters.scope` is set to 'Cluster'"),
    ),
  ]
}

/** Faults of a changed IngressClass: its controller stays. */
export function validateIngressClassUpdate(value: IngressClass, old: IngressClass): Faults {
  return [
    ...immutable('spec.controller', value.spec.controller ?? '', old.spec.controller),
    ...validateIngressClass(value),
  ]
}
