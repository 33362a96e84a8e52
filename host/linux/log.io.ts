/** Where log lines go and what they look like: pino behind the Logger port, as JSON or as lines for people. */

import { pino } from 'pino'
import type { LogFields, Logger } from '../host.ts'
import { logLine } from './log-line.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface LogOptions {
  /** default info */
  readonly level?: LogLevel | undefined
  /** default pretty: one line per entry, for people */
  readonly format?: 'json' | 'pretty' | undefined
  /** a file to append to; default stderr */
  readonly file?: string | undefined
}

/** A logger that writes at once, so that no line is lost when the process ends. */
export function openLog(options: LogOptions = {}): Logger {
  const destination = pino.destination({
    dest: options.file ?? 2,
    append: true,
    mkdir: options.file !== undefined,
    sync: true,
  })
  const stream =
    options.format === 'json'
      ? destination
      : { write: (json: string): void => void destination.write(logLine(json)) }
  const log = pino(
    {
      base: null,
      level: options.level ?? 'info',
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    stream,
  )
  return {
    debug: (message, fields) => log.debug(fields ?? {}, message),
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warn(fields ?? {}, message),
    error: (message, fields) => log.error(fields ?? {}, message),
  }
}

/** The same log with `fields` in every entry. */
export function withFields(log: Logger, fixed: LogFields): Logger {
  const merged = (fields: LogFields | undefined): LogFields => ({ ...fixed, ...fields })
  return {
    debug: (message, fields) => log.debug(message, merged(fields)),
    info: (message, fields) => log.info(message, merged(fields)),
    warn: (message, fields) => log.warn(message, merged(fields)),
    error: (message, fields) => log.error(message, merged(fields)),
  }
}
