/**
 * Makes the FlowSchemas and PriorityLevelConfigurations every cluster is born with, puts back the specs of those that
 * are kept as they are born, and takes away what older versions were born with
 * (kubernetes/kubernetes pkg/registry/flowcontrol/rest, pkg/registry/flowcontrol/ensurer).
 */

import { isApiError } from '../../api/api-error.ts'
import { isSameValue } from '../../api/equality.ts'
import {
  AUTOUPDATE_SPEC,
  MANDATORY_FLOW_SCHEMAS,
  MANDATORY_PRIORITY_LEVELS,
  SUGGESTED_FLOW_SCHEMAS,
  SUGGESTED_PRIORITY_LEVELS,
} from '../../api/flow-control-defaults.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/generated/flowcontrol-v1.ts'
import type { Resource } from '../../api/resource.ts'
import { FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS } from '../../api/scheme.ts'
import type { Client } from '../../client/client.ts'

/** As upstream's part for this calls itself. */
const PRODUCER = { fieldManager: 'api-priority-and-fairness-config-producer-v1' }

type Configuration = FlowSchema | PriorityLevelConfiguration

const FIXED = new Set<Configuration>([...MANDATORY_FLOW_SCHEMAS, ...MANDATORY_PRIORITY_LEVELS])
const FLOWS = [...MANDATORY_FLOW_SCHEMAS, ...SUGGESTED_FLOW_SCHEMAS]
const LEVELS = [...MANDATORY_PRIORITY_LEVELS, ...SUGGESTED_PRIORITY_LEVELS]

/** @param client one that may do everything. Rejects with what the API refuses */
export async function ensureFlowControl(client: Client): Promise<void> {
  // Side by side: a store that waits for the disk waits once for many.
  await Promise.all([
    ensureAll(client, PRIORITY_LEVEL_CONFIGURATIONS, LEVELS),
    ensureAll(client, FLOW_SCHEMAS, FLOWS),
  ])
}

async function ensureAll(
  client: Client,
  resource: Resource<Configuration>,
  wanted: readonly Configuration[],
): Promise<void> {
  const { items } = await client.list(resource)
  const known = new Map(items.map((one) => [one.metadata.name, one]))
  await Promise.all(
    wanted.map(async (one) => {
      const existing = known.get(one.metadata.name)
      if (existing === undefined) return await make(client, resource, one)
      const mended = revised(existing, one)
      if (mended !== undefined) await client.update(resource, mended, PRODUCER)
    }),
  )
  const names = new Set(wanted.map((one) => one.metadata.name))
  const stale = items.filter(({ metadata }) => !names.has(metadata.name) && isBorn(metadata))
  await Promise.all(stale.map((one) => remove(client, resource, one)))
}

async function make(client: Client, resource: Resource<Configuration>, wanted: Configuration): Promise<void> {
  await client.create(resource, wanted, PRODUCER).catch((error: unknown) => {
    // Another server on the same store was first.
    if (!isApiError(error, 'AlreadyExists')) throw error
  })
}

const isBorn = ({ annotations }: Configuration['metadata']): boolean =>
  truth(annotations?.[AUTOUPDATE_SPEC]) === true

async function remove(
  client: Client,
  resource: Resource<Configuration>,
  { metadata: { name, uid, resourceVersion } }: Configuration,
): Promise<void> {
  const preconditions = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) }
  await client.delete(resource, { name }, { preconditions }).catch((error: unknown) => {
    // Gone already, or somebody's by now.
    if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error
  })
}

/** @returns the object as it is to be; undefined when it is so, or is its owner's */
export function revised(existing: Configuration, wanted: Configuration): Configuration | undefined {
  const { annotations } = existing.metadata
  const follows = FIXED.has(wanted) || isFollowing(existing)
  const isTold = truth(annotations?.[AUTOUPDATE_SPEC]) === follows
  const spec = follows ? specOf(existing, wanted) : existing.spec
  if (isTold && isSameValue(spec, existing.spec)) return undefined
  const told = isTold ? {} : { [AUTOUPDATE_SPEC]: String(follows) }
  const metadata = { ...existing.metadata, annotations: { ...annotations, ...told } }
  // Both specs are of one kind, which their type cannot say.
  return { ...existing, metadata, spec } as Configuration
}

/** What nobody ever changed follows, until told otherwise. */
function isFollowing({ metadata }: Configuration): boolean {
  return truth(metadata.annotations?.[AUTOUPDATE_SPEC]) ?? metadata.generation === 1
}

/** As Go's strconv.ParseBool. */
function truth(text: string | undefined): boolean | undefined {
  if (/^(1|t|T|TRUE|true|True)$/.test(text ?? '')) return true
  return /^(0|f|F|FALSE|false|False)$/.test(text ?? '') ? false : undefined
}

/** What `exempt` says of the level of that name is its owner's. */
function specOf(existing: Configuration, wanted: Configuration): Configuration['spec'] {
  const kept = 'exempt' in existing.spec && 'exempt' in wanted.spec ? { exempt: existing.spec.exempt } : {}
  return { ...wanted.spec, ...kept }
}
