/**
 * What drivers are told about devices, in objects of their own making
 * (kubernetes/kubernetes pkg/apis/resource/validation/validation.go). Pure.
 */

import type { DeviceConfiguration } from '../../generated/resource-v1.ts'
import type { Faults } from '../faults.ts'
import { invalidValue, required, tooLong, when } from '../faults.ts'
import { driverNameFaults } from '../persistent-volume.ts'

const MAX_PARAMETERS = 10 * 1024

/** @param isStored as it is in the store already: how long it is does not matter */
export function configurationFaults({ opaque }: DeviceConfiguration, at: string, isStored: boolean): Faults {
  if (opaque === undefined) return [required(`${at}.opaque`)]
  return [
    ...driverNameFaults(opaque.driver, `${at}.opaque.driver`),
    ...objectFaults(opaque.parameters, `${at}.opaque.parameters`, isStored),
  ]
}

/** Faults of what must be a JSON object, and not too long a one. */
export function objectFaults(value: unknown, field: string, isStored: boolean): Faults {
  if (value === undefined || value === null) return [required(field)]
  const isTooLong = !isStored && Buffer.byteLength(JSON.stringify(value)) > MAX_PARAMETERS
  if (isTooLong) return [tooLong(field, MAX_PARAMETERS)]
  return when(typeof value !== 'object' || Array.isArray(value), () =>
    invalidValue(field, '<value omitted>', 'must be a valid JSON object'),
  )
}
