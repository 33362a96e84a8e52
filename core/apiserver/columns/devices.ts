/** Columns of claims and slices of devices. Pure. kubernetes/kubernetes pkg/printers/internalversion/printers.go. */

import type { ResourceClaim, ResourceSlice } from '../../api/generated/resource-v1.ts'
import type { Printer } from './column.ts'
import { AGE, NAME, column } from './column.ts'

export const RESOURCE_CLAIM_PRINTER: Printer<ResourceClaim> = {
  columns: [NAME, column('State', 'Whether it has been given devices, and is used.', claimState), AGE],
}

function claimState({ metadata, status }: ResourceClaim): string {
  const isDeleted = metadata.deletionTimestamp !== undefined
  const states = status?.allocation
    ? ['allocated', ...((status.reservedFor ?? []).length > 0 ? ['reserved'] : [])]
    : isDeleted
      ? []
      : ['pending']
  return [...(isDeleted ? ['deleted'] : []), ...states].join(',')
}

export const RESOURCE_SLICE_PRINTER: Printer<ResourceSlice> = {
  columns: [
    NAME,
    column('Node', 'The node whose devices they are.', ({ spec }) => spec.nodeName ?? ''),
    column('Driver', 'Who offers them.', ({ spec }) => spec.driver),
    column('Pool', 'The pool they belong to.', ({ spec }) => spec.pool.name),
    AGE,
  ],
}
