/**
 * Quantities in CEL: `quantity('1.5Gi')`, compared and reckoned with. Pure.
 * kubernetes/apiserver pkg/cel/library/quantity.go.
 */

import { QUANTITY_FORMAT, canonicalQuantity, compareQuantities, parseNano } from '../quantity.ts'
import type { Functions } from './functions.ts'

export class QuantityValue {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const NANO = 1_000_000_000n

const isQuantity = (text: string): boolean => canonicalQuantity(text) !== undefined

function quantity(text: string): QuantityValue {
  if (!isQuantity(text)) throw new Error(QUANTITY_FORMAT)
  return new QuantityValue(text)
}

const compared = (a: QuantityValue, b: QuantityValue): number => compareQuantities(a.text, b.text)

const nanoOf = ({ text }: QuantityValue): bigint => parseNano(text) ?? 0n

const ofNano = (nano: bigint): QuantityValue => new QuantityValue(`${nano}n`)

const MAX_INT = 2n ** 63n - 1n

const isInteger = (nano: bigint): boolean =>
  nano % NANO === 0n && nano / NANO <= MAX_INT && nano / NANO >= -MAX_INT - 1n

function integer(value: QuantityValue): bigint {
  const nano = nanoOf(value)
  if (!isInteger(nano)) throw new Error('cannot convert value to integer')
  return nano / NANO
}

export const QUANTITIES: Functions = {
  'isQuantity(string): bool': isQuantity,
  'quantity(string): kubernetes.Quantity': quantity,
  'kubernetes.Quantity.compareTo(kubernetes.Quantity): int': (a: QuantityValue, b: QuantityValue) =>
    BigInt(compared(a, b)),
  'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool': (a: QuantityValue, b: QuantityValue) =>
    compared(a, b) > 0,
  'kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool': (a: QuantityValue, b: QuantityValue) =>
    compared(a, b) < 0,
  'kubernetes.Quantity.sign(): int': (a: QuantityValue) => BigInt(compared(a, new QuantityValue('0'))),
  'sign(kubernetes.Quantity): int': (a: QuantityValue) => BigInt(compared(a, new QuantityValue('0'))),
  'kubernetes.Quantity.isInteger(): bool': (a: QuantityValue) => isInteger(nanoOf(a)),
  'kubernetes.Quantity.asInteger(): int': integer,
  'kubernetes.Quantity.asApproximateFloat(): double': (a: QuantityValue) => Number(nanoOf(a)) / Number(NANO),
  'kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity': (a: QuantityValue, b: QuantityValue) =>
    ofNano(nanoOf(a) + nanoOf(b)),
  'kubernetes.Quantity.add(int): kubernetes.Quantity': (a: QuantityValue, b: bigint) =>
    ofNano(nanoOf(a) + b * NANO),
  'kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity': (a: QuantityValue, b: QuantityValue) =>
    ofNano(nanoOf(a) - nanoOf(b)),
  'kubernetes.Quantity.sub(int): kubernetes.Quantity': (a: QuantityValue, b: bigint) =>
    ofNano(nanoOf(a) - b * NANO),
}
