/** Classes of devices (kubernetes/kubernetes pkg/apis/resource/validation/validation.go). Pure. */

import type { DeviceClass } from '../../generated/resource-v1.ts'
import type { Faults } from '../faults.ts'
import { listFaults } from './collections.ts'
import { MAX_CONFIGURATIONS } from './claim.ts'
import { configurationFaults } from './configuration.ts'
import { selectorFaults } from './selectors.ts'

/** Faults of a class, metadata aside. */
export function validateDeviceClass({ spec }: DeviceClass): Faults {
  return [
    ...selectorFaults(spec.selectors, 'spec.selectors'),
    ...listFaults(spec.config, 'spec.config', {
      max: MAX_CONFIGURATIONS,
      faultsOf: (config, at) => configurationFaults(config, at, false),
    }),
  ]
}
