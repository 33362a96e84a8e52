/** What ../authorization/param-access.ts must know of a registry. */

import { VALIDATING_ADMISSION_POLICIES } from '../../api/scheme.ts'
import type { ParamAccess } from '../authorization/param-access.ts'
import type { Environment } from './environment.ts'
import { storageKey } from './storage-key.ts'

export const paramAccess = ({ access, kinds, store }: Environment): ParamAccess => ({
  access,
  kinds,
  policyNamed: (name) => store.get(storageKey(VALIDATING_ADMISSION_POLICIES, { name }))?.value,
})
