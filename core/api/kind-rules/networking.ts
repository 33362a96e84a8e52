/** Rules of the groups networking.k8s.io and discovery.k8s.io. */

import {
  ipAddressNameFaults,
  validateIPAddress,
  validateIPAddressUpdate,
  validateServiceCIDR,
  validateServiceCIDRUpdate,
} from '../validation/service-cidr.ts'
import { defaultEndpointSlice, defaultIngressClass, defaultNetworkPolicy } from '../defaults/networking.ts'
import { validateEndpointSlice, validateEndpointSliceUpdate } from '../validation/endpoint-slice.ts'
import { validateIngressClass, validateIngressClassUpdate } from '../validation/ingress-class.ts'
import { validateIngress, validateIngressStatus, validateIngressUpdate } from '../validation/ingress.ts'
import { validateNetworkPolicy, validateNetworkPolicyUpdate } from '../validation/network-policy.ts'
import {
  ENDPOINT_SLICES,
  INGRESSES,
  INGRESS_CLASSES,
  NETWORK_POLICIES,
  SERVICE_CIDRS,
  IP_ADDRESSES,
} from '../scheme/networking.ts'
import type { RulesEntry } from './row.ts'
import { row } from './row.ts'

export const NETWORKING_RULES: readonly RulesEntry[] = [
  row(ENDPOINT_SLICES, {
    judgesNamesAgain: true,
    defaults: defaultEndpointSlice,
    validate: validateEndpointSlice,
    validateUpdate: validateEndpointSliceUpdate,
    hasGeneration: true,
    countsLabels: true,
  }),
  row(INGRESSES, {
    judgesNamesAgain: true,
    validate: validateIngress,
    validateUpdate: validateIngressUpdate,
    validateStatus: validateIngressStatus,
    hasStatus: true,
    newStatus: { loadBalancer: {} },
    hasGeneration: true,
  }),
  row(INGRESS_CLASSES, {
    judgesNamesAgain: true,
    defaults: defaultIngressClass,
    validate: validateIngressClass,
    validateUpdate: validateIngressClassUpdate,
    hasGeneration: true,
  }),
  row(NETWORK_POLICIES, {
    judgesNamesAgain: true,
    defaults: defaultNetworkPolicy,
    validate: validateNetworkPolicy,
    validateUpdate: validateNetworkPolicyUpdate,
    hasGeneration: true,
  }),
  row(SERVICE_CIDRS, {
    validate: validateServiceCIDR,
    validateUpdate: validateServiceCIDRUpdate,
    hasStatus: true,
  }),
  row(IP_ADDRESSES, {
    judgesNamesAgain: true,
    nameFaults: ipAddressNameFaults,
    validate: validateIPAddress,
    validateUpdate: validateIPAddressUpdate,
  }),
]
