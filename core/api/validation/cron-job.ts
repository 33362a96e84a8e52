/** CronJobs (kubernetes/kubernetes pkg/apis/batch/validation/validation.go, ValidateCronJob*). Pure. */

import { CronPattern } from 'croner'
import type { CronJob, JobSpec } from '../generated/batch-v1.ts'
import type { Faults } from './faults.ts'
import { invalidValue, nonNegative, notSupported, required, when } from './faults.ts'
import { validateJobSpec } from './job.ts'

const CONCURRENCY_POLICIES = ['Allow', 'Forbid', 'Replace']
/** Jobs are named after it, with 11 characters more. */
const MAX_NAME = 52

/** Faults of a CronJob, metadata aside. */
export function validateCronJob({ spec, metadata }: CronJob): Faults {
  const { concurrencyPolicy: policy = '', jobTemplate } = spec
  return [
    ...when(metadata.name.length > MAX_NAME, () =>
      invalidValue('metadata.name', metadata.name, `must be no more than ${MAX_NAME} characters`),
    ),
    ...scheduleFaults(spec.schedule, 'spec.schedule'),
    ...nonNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds),
    ...zoneFaults(spec.timeZone, 'spec.timeZone'),
    ...when(policy === '', () => required('spec.concurrencyPolicy')),
    ...when(policy !== '' && !CONCURRENCY_POLICIES.includes(policy), () =>
      notSupported('spec.concurrencyPolicy', policy, CONCURRENCY_POLICIES),
    ),
    ...(jobTemplate?.spec ? validateTemplate(jobTemplate.spec, 'spec.jobTemplate.spec') : []),
    ...nonNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit),
    ...nonNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit),
  ]
}

/** The selector is for the Jobs made of it. */
function validateTemplate(spec: JobSpec, at: string): Faults {
  return [
    ...validateJobSpec(spec, at),
    ...when(spec.selector, () =>
      invalidValue(`${at}.selector`, spec.selector, '`selector` will be auto-generated'),
    ),
    ...when(spec.manualSelector, () => notSupported(`${at}.manualSelector`, true, ['nil', 'false'])),
  ]
}

const NICKNAMES = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']
const EVERY = /^@every (\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/

function scheduleFaults(schedule: string, field: string): Faults {
  if (!schedule) return [required(field)]
  if (/TZ=/.test(schedule)) {
    return [invalidValue(field, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')]
  }
  const problem = scheduleProblem(schedule.trim())
  return problem === undefined ? [] : [invalidValue(field, schedule, problem)]
}

function scheduleProblem(schedule: string): string | undefined {
  if (schedule.startsWith('@')) {
    return NICKNAMES.includes(schedule) || EVERY.test(schedule)
      ? undefined
      : `unrecognized descriptor: ${schedule}`
  }
  const fields = schedule.split(/\s+/)
  if (fields.length !== 5) {
    return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`
  }
  try {
    void new CronPattern(fields.map((text) => (text === '?' ? '*' : text)).join(' '))
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error)
  }
}

function zoneFaults(zone: string | undefined, field: string): Faults {
  if (zone === undefined) return []
  if (zone === '') return [invalidValue(field, zone, 'timeZone must be nil or non-empty string')]
  if (zone.toLowerCase() === 'local')
    return [
      invalidValue(
        field,
        zone,
        'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
      ),
    ]
  return isZone(zone) ? [] : [invalidValue(field, zone, `unknown time zone ${zone}`)]
}

function isZone(zone: string): boolean {
  try {
    void new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}
