/** Durations as values of CEL, made of what schemas of format `duration` let through. Pure. */

import { evaluate } from '@marcbachmann/cel-js'
import { nanosecondsOf } from '../json-schema/go-duration.ts'

type DurationConstructor = new (seconds: bigint, nanos: number) => object

/** The library does not name its class. */
const Duration = (evaluate('duration("1s")') as { readonly constructor: unknown })
  .constructor as DurationConstructor

const SECOND = 1_000_000_000n

/** @returns undefined for a text that is no duration */
export function durationValue(text: string): object | undefined {
  const nanos = nanosecondsOf(text)
  return nanos === undefined ? undefined : new Duration(nanos / SECOND, Number(nanos % SECOND))
}
