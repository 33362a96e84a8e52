/**
 * How reads, which are done in one go, get along with conversions, which take their time: what is missing is thrown, a
 * caller who can wait has it converted, and reads once more.
 */

import { ApiError } from '../../../api/api-error.ts'

/** Objects that are needed in a version which a webhook has not been asked for yet. */
export class Unconverted extends Error {
  /** Rejects with ConversionFailure. */
  readonly convert: () => Promise<void>

  constructor(convert: () => Promise<void>) {
    super('objects have to be converted first')
    this.name = 'Unconverted'
    this.convert = convert
  }
}

/** A webhook did not convert what it was given. Upstream has no reason for it, as for all that its storage says. */
export class ConversionFailure extends ApiError {
  constructor(message: string, cause?: unknown) {
    super('Unknown', message, { cause })
  }
}

/** Objects may change while others are converted, and are then missing again. */
const MAX_ROUNDS = 100

/**
 * @param read done again from the start as often as there is something to convert: it must not have done anything by then
 * Rejects with what `read` throws, and with ConversionFailure
 */
export async function afterConversion<T>(read: () => T): Promise<T> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof Unconverted)) throw error
      await error.convert()
    }
  }
  throw new ApiError('Timeout', 'objects change faster than they can be converted')
}
