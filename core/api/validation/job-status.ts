/**
 * What the status of a Job may say (kubernetes/kubernetes pkg/apis/batch/validation/validation.go,
 * ValidateJobStatusUpdate; pkg/registry/batch/job/strategy.go, getStatusValidationOptions). Pure.
 *
 * Most is held against what changes only: a Job that was not right before can still be told of other things.
 */

import type { Job, JobStatus, UncountedTerminatedPods } from '../generated/batch-v1.ts'
import { isSameValue } from '../equality.ts'
import { parseTimestamp } from '../timestamp.ts'
import type { Faults } from './faults.ts'
import { duplicate, IMMUTABLE, invalidValue, nonNegative, required, when, withoutValue } from './faults.ts'
import { commonIndex, countIndexes } from './index-ranges.ts'

/** Faults of a change of status, metadata aside. */
export function validateJobStatus(job: Job, old: Job): Faults {
  const change = changeOf(job, old)
  return [
    ...validateCounts(change.now),
    ...validateUncounted(change.now.uncountedTerminatedPods),
    ...validateEnd(change),
    ...validateFinished(change),
    ...validateIndexes(job, change),
    ...validateLiveness(change),
    ...validateSuccess(job, change),
    ...validateTransition(job, old, change),
  ]
}

/** Both states of a status, and what its conditions say. */
interface Change {
  readonly now: JobStatus
  readonly before: JobStatus
  readonly is: (type: string) => boolean
  readonly was: (type: string) => boolean
  /** whether a condition came or went */
  readonly turned: (type: string) => boolean
  readonly changed: (field: keyof JobStatus) => boolean
  readonly isFinished: boolean
  readonly hasFinishedChanged: boolean
  /** the Job is suspended and has nothing to do */
  readonly isIdle: boolean
}

function changeOf({ spec, status: now = {} }: Job, { status: before = {} }: Job): Change {
  const holds = (type: string, { conditions = [] }: JobStatus): boolean =>
    conditions.some((condition) => condition.type === type && condition.status === 'True')
  const is = (type: string): boolean => holds(type, now)
  const was = (type: string): boolean => holds(type, before)
  const isFinished = is('Complete') || is('Failed')
  return {
    now,
    before,
    is,
    was,
    turned: (type) => is(type) !== was(type),
    changed: (field) => !isSameValue(now[field], before[field]),
    isFinished,
    hasFinishedChanged: isFinished !== (was('Complete') || was('Failed')),
    isIdle: spec.suspend === true && spec.completions === 0,
  }
}

const COUNTS = ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const

const validateCounts = (status: JobStatus): Faults =>
  COUNTS.flatMap((name) => nonNegative(`status.${name}`, status[name]))

function validateUncounted(pods: UncountedTerminatedPods | undefined): Faults {
  const seen = new Set<string>()
  return (['succeeded', 'failed'] as const).flatMap((list) =>
    (pods?.[list] ?? []).flatMap((uid, index) => {
      const field = `status.uncountedTerminatedPods.${list}[${index}]`
      if (uid === '') return [invalidValue(field, uid, 'must not be empty')]
      if (seen.has(uid)) return [duplicate(field, uid)]
      seen.add(uid)
      return []
    }),
  )
}

const conditions = (detail: string): Faults => [withoutValue('status.conditions', detail)]
const COMPLETION = 'status.completionTime'

function validateEnd({ now, is, turned, changed }: Change): Faults {
  const { startTime, completionTime } = now
  const isEarly = (parseTimestamp(completionTime) ?? Infinity) < (parseTimestamp(startTime) ?? -Infinity)
  const isDue = turned('Complete') || changed('completionTime')
  return [
    ...((turned('Complete') || turned('Failed')) && is('Complete') && is('Failed')
      ? conditions('cannot set Complete=True and Failed=true conditions')
      : []),
    ...((turned('Complete') || turned('FailureTarget')) && is('Complete') && is('FailureTarget')
      ? conditions('cannot set Complete=True and FailureTarget=true conditions')
      : []),
    ...when(isDue && completionTime !== undefined && !is('Complete'), () =>
      invalidValue(
        COMPLETION,
        completionTime,
        'cannot set completionTime when there is no Complete=True condition',
      ),
    ),
    ...when(isDue && completionTime === undefined && is('Complete'), () =>
      required(COMPLETION, 'completionTime is required for Complete jobs'),
    ),
    ...when((changed('startTime') || changed('completionTime')) && isEarly, () =>
      invalidValue(COMPLETION, completionTime, 'must be equal to or after `startTime`'),
    ),
    ...((turned('Failed') || changed('failedIndexes')) && is('Failed') && !is('FailureTarget')
      ? conditions('cannot set Failed=True condition without the FailureTarget=true condition')
      : []),
    ...((turned('Complete') || turned('SuccessCriteriaMet')) && is('Complete') && !is('SuccessCriteriaMet')
      ? conditions('cannot set Complete=True condition without the SuccessCriteriaMet=true condition')
      : []),
  ]
}

function validateFinished({ now, changed, isFinished, hasFinishedChanged, isIdle }: Change): Faults {
  if (!isFinished) return []
  const { active = 0, startTime, uncountedTerminatedPods: pods } = now
  const uncounted = (pods?.failed ?? []).length + (pods?.succeeded ?? []).length
  const concerns = (field: keyof JobStatus): boolean => hasFinishedChanged || changed(field)
  return [
    ...when(concerns('active') && active > 0, () =>
      invalidValue('status.active', active, 'active>0 is invalid for finished job'),
    ),
    ...when(concerns('startTime') && !isIdle && startTime === undefined, () =>
      required('status.startTime', 'startTime is required for finished job'),
    ),
    ...when(concerns('uncountedTerminatedPods') && uncounted > 0, () =>
      // As upstream shows its internal type.
      invalidValue(
        'status.uncountedTerminatedPods',
        { Succeeded: pods?.succeeded ?? null, Failed: pods?.failed ?? null },
        'must be empty for finished job',
      ),
    ),
  ]
}

function validateIndexes({ spec }: Job, { now, changed }: Change): Faults {
  const { completions, completionMode, backoffLimitPerIndex } = spec
  const { completedIndexes: completed = '', failedIndexes: failed } = now
  const [hasCompleted, hasFailed] = [changed('completedIndexes'), changed('failedIndexes')]
  const format = (field: string, text: string): Faults => {
    const read = completions === undefined ? { total: 0 } : countIndexes(text, completions)
    return 'problem' in read
      ? [invalidValue(`status.${field}`, text, `error parsing ${field}: ${read.problem}`)]
      : []
  }
  const common =
    completions === undefined || !completed || !failed
      ? undefined
      : commonIndex(completed, failed, completions)
  return [
    ...(hasCompleted ? format('completedIndexes', completed) : []),
    ...(hasFailed && backoffLimitPerIndex !== undefined && failed !== undefined
      ? format('failedIndexes', failed)
      : []),
    ...when(hasCompleted && completed !== '' && completionMode !== 'Indexed', () =>
      invalidValue(
        'status.completedIndexes',
        completed,
        'cannot set non-empty completedIndexes when non-indexed completion mode',
      ),
    ),
    ...when(hasFailed && backoffLimitPerIndex === undefined && failed !== undefined, () =>
      invalidValue(
        'status.failedIndexes',
        failed,
        'cannot set non-null failedIndexes when backoffLimitPerIndex is null',
      ),
    ),
    ...when((hasCompleted || hasFailed) && common !== undefined, () =>
      invalidValue(
        'status.failedIndexes',
        failed,
        `failedIndexes and completedIndexes overlap at index: ${common ?? ''}`,
      ),
    ),
  ]
}

function validateLiveness({ now, changed, isFinished, hasFinishedChanged }: Change): Faults {
  const { active = 0, ready, terminating = 0 } = now
  return [
    ...when((hasFinishedChanged || changed('terminating')) && isFinished && terminating > 0, () =>
      invalidValue('status.terminating', terminating, 'terminating>0 is invalid for finished job'),
    ),
    ...when((changed('ready') || changed('active')) && (ready ?? -Infinity) > active, () =>
      invalidValue('status.ready', ready, 'cannot set more ready pods than active'),
    ),
  ]
}

function validateSuccess({ spec }: Job, { is }: Change): Faults {
  const isMet = is('SuccessCriteriaMet')
  return [
    ...(isMet && is('Failed')
      ? conditions('cannot set SuccessCriteriaMet=True and Failed=true conditions')
      : []),
    ...(isMet && is('FailureTarget')
      ? conditions('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions')
      : []),
    ...(spec.successPolicy !== undefined && !isMet && is('Complete')
      ? conditions('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True')
      : []),
  ]
}

const FINAL = ['Failed', 'Complete', 'FailureTarget']

/** What has been said once stays said. */
function validateTransition({ spec }: Job, { status: old }: Job, change: Change): Faults {
  const { now, before, is, was, changed } = change
  const mayShrink = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism
  const less = (field: 'failed' | 'succeeded'): Faults =>
    when((now[field] ?? 0) < (before[field] ?? 0), () =>
      invalidValue(`status.${field}`, now[field] ?? 0, `cannot decrease the ${field} counter`),
    )
  const isResumed =
    was('Suspended') &&
    (now.conditions ?? []).some(({ type, status }) => type === 'Suspended' && status === 'False')
  return [
    ...FINAL.flatMap((type) =>
      was(type) && !is(type) ? conditions(`cannot disable the terminal ${type}=True condition`) : [],
    ),
    ...less('failed'),
    ...(mayShrink ? [] : less('succeeded')),
    ...when(
      now.completionTime !== undefined && before.completionTime !== undefined && changed('completionTime'),
      () => invalidValue(COMPLETION, now.completionTime, IMMUTABLE),
    ),
    ...when(old?.startTime !== undefined && changed('startTime') && !isResumed && !spec.suspend, () =>
      required('status.startTime', 'startTime cannot be removed for unsuspended job'),
    ),
    ...(was('SuccessCriteriaMet') && !is('SuccessCriteriaMet')
      ? conditions('cannot disable the SuccessCriteriaMet=True condition')
      : []),
    ...(was('Complete') && !was('SuccessCriteriaMet') && is('SuccessCriteriaMet')
      ? conditions('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions')
      : []),
  ]
}
