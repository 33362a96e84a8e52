/** What the machine refused: which command or call, why, and what can be done. Pure. */

/** Stable codes users may grep for; docs/reference/errors.md lists each with its remedy. */
export const HOST_ERROR_CODES = [
  'COMMAND_FAILED',
  'COMMAND_NOT_FOUND',
  'COMMAND_TIMED_OUT',
  'NOT_FOUND',
  'NOT_PRIVILEGED',
  'PORT_IN_USE',
  'ADDRESS_NOT_AVAILABLE',
  'ALREADY_EXISTS',
  'BUSY',
  'UNSUPPORTED',
  'IO',
] as const
export type HostErrorCode = (typeof HOST_ERROR_CODES)[number]

export interface HostErrorContext {
  readonly argv?: readonly string[] | undefined
  readonly exitCode?: number | undefined
  readonly stderr?: string | undefined
  /** ENOENT and the like */
  readonly errno?: string | undefined
  readonly cause?: unknown
}

/** A refusal of the machine. The message is one sentence that names what was tried. */
export class HostError extends Error {
  readonly code: HostErrorCode
  readonly context: HostErrorContext

  constructor(code: HostErrorCode, message: string, context: HostErrorContext = {}) {
    super(message, { cause: context.cause })
    this.name = 'HostError'
    this.code = code
    this.context = context
  }
}

const ERRNO_CODES: Readonly<Record<string, HostErrorCode>> = {
  EACCES: 'NOT_PRIVILEGED',
  EPERM: 'NOT_PRIVILEGED',
  EADDRINUSE: 'PORT_IN_USE',
  EADDRNOTAVAIL: 'ADDRESS_NOT_AVAILABLE',
  ENOENT: 'NOT_FOUND',
  ENODEV: 'NOT_FOUND',
  ESRCH: 'NOT_FOUND',
  EEXIST: 'ALREADY_EXISTS',
  EBUSY: 'BUSY',
  EOPNOTSUPP: 'UNSUPPORTED',
  ENOSYS: 'UNSUPPORTED',
  EAFNOSUPPORT: 'UNSUPPORTED',
}

/** @returns a HostError for a failed system call or Node error with that errno name */
export function fromErrno(errno: string, message: string, context: HostErrorContext = {}): HostError {
  return new HostError(ERRNO_CODES[errno] ?? 'IO', `${message}: ${errno}`, { ...context, errno })
}

const hasCode = (error: unknown, code: HostErrorCode): boolean =>
  error instanceof HostError && error.code === code

export const isNotFound = (error: unknown): boolean =>
  hasCode(error, 'NOT_FOUND') || hasCode(error, 'COMMAND_NOT_FOUND')
export const isPermission = (error: unknown): boolean => hasCode(error, 'NOT_PRIVILEGED')
export const isBusy = (error: unknown): boolean => hasCode(error, 'BUSY') || hasCode(error, 'PORT_IN_USE')
export const isUnsupported = (error: unknown): boolean => hasCode(error, 'UNSUPPORTED')
