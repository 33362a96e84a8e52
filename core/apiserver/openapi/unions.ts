/**
 * Types of which one field says which of the others counts: `x-kubernetes-unions`. Data.
 * kubernetes/api core/v1/types.go, flowcontrol/v1/types.go (the marks +union, +unionDiscriminator).
 */

/** By message: the field that decides, and those it decides between. */
const UNIONS: Readonly<Record<string, readonly [discriminator: string, ...fields: string[]]>> = {
  'k8s.io.api.core.v1.AppArmorProfile': ['type', 'localhostProfile'],
  'k8s.io.api.core.v1.SeccompProfile': ['type', 'localhostProfile'],
  'k8s.io.api.flowcontrol.v1.LimitResponse': ['type', 'queuing'],
  'k8s.io.api.flowcontrol.v1.PriorityLevelConfigurationSpec': ['type', 'exempt', 'limited'],
  'k8s.io.api.flowcontrol.v1.Subject': ['kind', 'group', 'serviceAccount', 'user'],
}

/** @returns the extension of a type's definition; nothing for most */
export function unionExtension(message: string): { readonly 'x-kubernetes-unions'?: unknown } {
  const [discriminator, ...fields] = UNIONS[message] ?? []
  if (discriminator === undefined) return {}
  const chosenBy = (field: string): string => field.charAt(0).toUpperCase() + field.slice(1)
  const by = Object.fromEntries(fields.map((field) => [field, chosenBy(field)]))
  return { 'x-kubernetes-unions': [{ discriminator, 'fields-to-discriminateBy': by }] }
}
