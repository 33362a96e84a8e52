/**
 * The APIServices that say what this server serves by itself: one a group-version. Pure.
 * kubernetes/kube-aggregator pkg/controllers/autoregister; kubernetes/kubernetes pkg/controlplane/apiserver/aggregator.go,
 * pkg/controlplane/controller/crdregistration.
 */

import { apiServiceName } from '../../api/api-service.ts'
import type { APIService } from '../../api/generated/apiregistration-v1.ts'
import { AGGREGATOR_GROUP, CUSTOM_PRIORITY, builtInPriority } from '../../api/group-priority.ts'
import type { ResourceInfo } from '../../api/resource.ts'

export const MANAGED_LABEL = 'kube-aggregator.kubernetes.io/automanaged'
/** Made when the server starts; who deletes it has it gone until then. */
const ON_START = 'onstart'
/** Kept for as long as the definition is there. */
const ALWAYS = 'true'

/** @returns the APIServices of all that is served, by name */
export function localServices(resources: readonly ResourceInfo[]): ReadonlyMap<string, APIService> {
  const wanted = new Map<string, APIService>()
  for (const { group, version } of resources) {
    const name = apiServiceName(group, version)
    if (group !== AGGREGATOR_GROUP && !wanted.has(name)) wanted.set(name, localService(group, version))
  }
  return wanted
}

function localService(group: string, version: string): APIService {
  const builtIn = builtInPriority({ group, version })
  const priority = builtIn ?? CUSTOM_PRIORITY
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: {
      name: apiServiceName(group, version),
      labels: { [MANAGED_LABEL]: builtIn ? ON_START : ALWAYS },
    },
    spec: {
      ...(group === '' ? {} : { group }),
      version,
      groupPriorityMinimum: priority.group,
      versionPriority: priority.version,
    },
  }
}

const managedBy = ({ metadata }: APIService): string | undefined => metadata.labels?.[MANAGED_LABEL]

/** What is to be done so that there are the APIServices that there should be. */
export interface Registration {
  readonly create: readonly APIService[]
  readonly replace: readonly APIService[]
  readonly remove: readonly APIService[]
}

/**
 * @param isStart whether the server starts: only then are those of built-in groups made
 * An APIService without the label is its user's: it is left as it is.
 */
export function registration(
  wanted: ReadonlyMap<string, APIService>,
  found: readonly APIService[],
  isStart: boolean,
): Registration {
  const known = new Map(found.map((one) => [one.metadata.name, one]))
  const isDue = (one: APIService): boolean => isStart || managedBy(one) === ALWAYS
  return {
    create: [...wanted.values()].filter((one) => !known.has(one.metadata.name) && isDue(one)),
    replace: [...wanted.values()].flatMap((one) => {
      const old = known.get(one.metadata.name)
      if (old === undefined || managedBy(old) === undefined || !isDue(one)) return []
      return isAsWanted(old, one) ? [] : [{ ...old, spec: one.spec } as APIService]
    }),
    remove: found.filter((one) => managedBy(one) !== undefined && !wanted.has(one.metadata.name)),
  }
}

function isAsWanted({ spec: old }: APIService, { spec }: APIService): boolean {
  return (
    old?.service === undefined &&
    old?.groupPriorityMinimum === spec?.groupPriorityMinimum &&
    old?.versionPriority === spec?.versionPriority
  )
}
