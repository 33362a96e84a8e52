/**
 * The annotation `kubectl apply` leaves on objects, as it would write it: so that kubectl takes over objects applied by
 * `portolan up` without a warning and finds them unchanged. Pure (kubernetes/kubectl pkg/util/apply.go).
 */

type Json = Readonly<Record<string, unknown>>

export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
/** Upstream refuses annotations above this size in total. */
const MAX_BYTES = 256 * 1024

/** @returns the object with the annotation; as it is when it has no name, or is too large for it */
export function withLastApplied(body: Json, namespace: string | undefined): Json {
  const metadata = (body['metadata'] ?? {}) as Json & {
    readonly annotations?: Readonly<Record<string, string>>
  }
  if (metadata['name'] === undefined) return body
  const { [LAST_APPLIED]: _old, ...annotations } = metadata.annotations ?? {}
  const placed = { ...body, metadata: { ...metadata, annotations, ...(namespace ? { namespace } : {}) } }
  const text = `${escaped(JSON.stringify(sorted(placed)))}\n`
  if (Buffer.byteLength(text) > MAX_BYTES) return body
  return { ...body, metadata: { ...metadata, annotations: { ...annotations, [LAST_APPLIED]: text } } }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}

/** Go's encoder escapes what HTML could take for markup. */
function escaped(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
