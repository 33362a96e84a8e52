/** What clients are told when the store refuses or does not answer. Pure. */

import { ApiError } from '../../api/api-error.ts'
import { StoreError } from '../../store/store.ts'

/**
 * @returns for a StoreError a 500 with its text and no reason, as kube-apiserver passes etcd's errors on
 *   (kubernetes/apiserver pkg/endpoints/handlers/responsewriters/status.go); other errors as they are
 */
export function storeFailure(error: unknown): unknown {
  return error instanceof StoreError ? new ApiError('Unknown', error.message, { cause: error }) : error
}
