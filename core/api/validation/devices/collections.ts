/**
 * Lists, sets and maps of devices' API: every item judged, then how many there are, then those met before
 * (kubernetes/kubernetes pkg/apis/resource/validation/validation.go validateSlice, validateSet, validateMap). Pure.
 */

import type { Faults } from '../faults.ts'
import { duplicate, repeated, tooMany } from '../faults.ts'

export interface ListLimits<T> {
  /** absent: any number */
  readonly max?: number
  readonly faultsOf: (item: T, at: string) => Faults
}

/** Faults of every item, and of their number. */
export function listFaults<T>(
  items: readonly T[] | undefined,
  field: string,
  { max, faultsOf }: ListLimits<T>,
): Faults {
  const all = items ?? []
  return [
    ...all.flatMap((item, index) => faultsOf(item, `${field}[${index}]`)),
    ...(max === undefined ? [] : tooMany(field, all.length, max)),
  ]
}

export interface SetLimits<T> extends ListLimits<T> {
  readonly keyOf: (item: T) => string
  /** where the key stands in the item; absent: it is the item */
  readonly keyField?: string
  /** as messages show the key; absent: as it is */
  readonly shown?: (item: T) => unknown
}

/** As listFaults, and of items whose key was met before. */
export function setFaults<T>(items: readonly T[] | undefined, field: string, limits: SetLimits<T>): Faults {
  const { keyOf, keyField, shown = keyOf } = limits
  const all = items ?? []
  const ending = keyField === undefined ? '' : `.${keyField}`
  return [
    ...listFaults(all, field, limits),
    ...repeated(all, keyOf).flatMap((index) => {
      const item = all[index]
      return item === undefined ? [] : [duplicate(`${field}[${index}]${ending}`, shown(item))]
    }),
  ]
}

/** Faults of every key and value; long keys are shortened in paths. */
export function mapFaults<T>(
  map: Readonly<Record<string, T>> | undefined,
  field: string,
  { maxShown, keyFaults, faultsOf }: MapLimits<T>,
): Faults {
  return Object.entries(map ?? {}).flatMap(([key, value]) => {
    const at = `${field}[${shortened(key, maxShown)}]`
    return [...keyFaults(key, at), ...faultsOf(value, at)]
  })
}

export interface MapLimits<T> {
  /** a longer key is shortened to this */
  readonly maxShown: number
  readonly keyFaults: (key: string, at: string) => Faults
  readonly faultsOf: (value: T, at: string) => Faults
}

const ELLIPSIS = '...'

function shortened(key: string, max: number): string {
  if (Buffer.byteLength(key) <= max) return key
  const left = max - ELLIPSIS.length
  return `${key.slice(0, Math.ceil(left / 2))}${ELLIPSIS}${key.slice(-Math.floor(left / 2))}`
}
