/** Errors that are the user's to solve: one sentence, and how to solve it. Pure. */

/** Exit codes of the command: 1 the request is bad or failed, 2 wrong usage, 3 the host cannot do it. */
export const EXIT = { failed: 1, usage: 2, host: 3 } as const

export class CliError extends Error {
  readonly exitCode: number
  /** what to do about it, with a command where one helps */
  readonly remedy: string | undefined

  constructor(message: string, options: { exitCode?: number; remedy?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'CliError'
    this.exitCode = options.exitCode ?? EXIT.failed
    this.remedy = options.remedy
  }
}

/** Several faults at once, one line each. */
export function listed(
  faults: readonly string[],
  options: { exitCode?: number; remedy?: string } = {},
): CliError {
  return new CliError(faults.join('\n'), options)
}
