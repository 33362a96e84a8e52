/** How a command that stays is told to stop. */

import { CliError } from './errors.ts'

/** Aborts at the first SIGINT or SIGTERM (or hang-up); a second SIGINT ends the process at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort(new CliError('stopped'))
  }
  process.on('SIGINT', stop)
  for (const name of ['SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => controller.abort(new CliError('stopped')))
  return controller.signal
}

/** Resolves once it was told. */
export function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
