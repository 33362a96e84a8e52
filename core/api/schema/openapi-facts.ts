/**
 * What the protobuf definitions of the API's types do not say of them: which fields are required, which values a field
 * may have, which objects server-side apply takes as one value. Pure; read once on import.
 *
 * The facts are those of kube-apiserver's OpenAPI document (scripts/openapi-facts.io.ts).
 */

import facts from './openapi-facts.json' with { type: 'json' }

export interface OpenApiFacts {
  /** names in JSON */
  readonly required?: readonly string[]
  /** by name in JSON; of the elements, where the field is a list */
  readonly values?: Readonly<Record<string, readonly string[]>>
  readonly isAtomic?: boolean
}

const FACTS = facts as Readonly<Record<string, OpenApiFacts>>
const NOTHING: OpenApiFacts = {}

/** @param message `k8s.io.api.apps.v1.Deployment` */
export function openApiFacts(message: string): OpenApiFacts {
  return Object.hasOwn(FACTS, message) ? (FACTS[message] ?? NOTHING) : NOTHING
}
