/** What a user should be told of an object that makes pods. Pure. kubernetes/kubernetes pkg/registry/{apps,batch,core}. */

import type { StatefulSet } from '../generated/apps-v1.ts'
import type { CronJob } from '../generated/batch-v1.ts'
import type { PodTemplateSpec } from '../generated/core-v1.ts'
import type { NamedMeta } from '../object.ts'
import { dnsLabelFaults } from '../validation/names.ts'
import type { Warnings } from './pod.ts'
import { podWarnings } from './pod.ts'

/** Of a name that pods' names and hostnames are made of. */
export function podNameWarnings({ name }: NamedMeta): Warnings {
  const faults = dnsLabelFaults(name)
  return faults.length === 0
    ? []
    : [
        'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; ' +
          `a DNS label is recommended: [${faults.join(' ')}]`,
      ]
}

interface Templated {
  readonly metadata: NamedMeta
  readonly spec?: { readonly template?: PodTemplateSpec | undefined } | undefined
}

/** Of the object's name (when it is new) and its template. */
export function workloadWarnings(object: Templated, old: Templated | undefined): Warnings {
  return [...(old === undefined ? podNameWarnings(object.metadata) : []), ...templateWarnings(object)]
}

/** Of the template alone: pods of the object have names that are checked elsewhere. */
export function templateWarnings({ spec }: Templated): Warnings {
  return spec?.template ? podWarnings(spec.template, 'spec.template') : []
}

/** Of a StatefulSet, whose pods have names of their own. */
export function statefulSetWarnings(set: StatefulSet): Warnings {
  return [
    ...templateWarnings(set),
    ...((set.spec.revisionHistoryLimit ?? 0) < 0
      ? [
          'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
        ]
      : []),
  ]
}

/** Of a CronJob's name (when it is new) and the template in its template of Jobs. */
export function cronJobWarnings({ metadata, spec }: CronJob, old: CronJob | undefined): Warnings {
  const template = spec.jobTemplate?.spec?.template
  return [
    ...(old === undefined ? podNameWarnings(metadata) : []),
    ...(template ? podWarnings(template, 'spec.jobTemplate.spec.template') : []),
  ]
}
