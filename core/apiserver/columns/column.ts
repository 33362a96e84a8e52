/**
 * How one kind is shown in a Table: its columns, each with the cell it makes of an object. Types, and the columns
 * and texts that many kinds share. Pure.
 *
 * kubernetes/kubernetes pkg/printers/internalversion/printers.go; the server always prints wide, clients hide the
 * columns of priority 1.
 */

import type { LabelSelector } from '../../api/generated/meta-v1.ts'
import { humanDuration } from '../../api/human-duration.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { parseTimestamp } from '../../api/timestamp.ts'

export type Cell = string | number | boolean

export interface Column<T> {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly format?: 'name'
  readonly description: string
  /** 1: shown by `-o wide` only */
  readonly priority: 0 | 1
  readonly cell: (object: T, nowMs: number) => Cell
}

/** metav1.TableRowCondition: what a row stands for beyond its cells. */
export interface RowCondition {
  readonly type: 'Completed'
  readonly status: 'True'
  readonly reason: string
  readonly message: string
}

export interface Printer<T extends KubernetesObject = KubernetesObject> {
  readonly columns: readonly Column<T>[]
  readonly conditions?: (object: T) => readonly RowCondition[]
  /** default: as they are listed */
  readonly compare?: (a: T, b: T) => number
}

/** A column that is always shown. */
export function column<T>(
  name: string,
  description: string,
  cell: Column<T>['cell'],
  type: Column<T>['type'] = 'string',
): Column<T> {
  return { name, description, type, priority: 0, cell }
}

/** A column of `-o wide`. */
export function wide<T>(name: string, description: string, cell: Column<T>['cell']): Column<T> {
  return { name, description, type: 'string', priority: 1, cell }
}

/** The first column of nearly every kind. */
export const NAME: Column<KubernetesObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  priority: 0,
  cell: (object) => object.metadata.name,
}

/** How long ago the object was created. */
export const AGE: Column<KubernetesObject> = column(
  'Age',
  'Time since the server created the object.',
  (object, nowMs) => since(object.metadata.creationTimestamp, nowMs),
)

/** When the object was created, which clients show as it is. */
export const CREATED_AT: Column<KubernetesObject> = column(
  'Created At',
  'When the server created the object.',
  ({ metadata }) => metadata.creationTimestamp ?? '',
  'date',
)

/** @returns the time since `timestamp`, or `<unknown>` without one */
export function since(timestamp: string | undefined, nowMs: number): string {
  const then = parseTimestamp(timestamp)
  return then === undefined ? '<unknown>' : humanDuration(nowMs - then)
}

/** `a=1,b=2` in order of keys; `<none>` when empty */
export function labelsText(labels: Readonly<Record<string, string>> | null | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)
  return pairs.sort().join(',') || '<none>'
}

/** A LabelSelector in query-string syntax; `<none>` when it is empty or absent. */
export function labelSelectorText(selector: LabelSelector | undefined): string {
  const equal = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => ({
    key,
    text: `${key}=${value}`,
  }))
  const expressions = (selector?.matchExpressions ?? []).map(({ key, operator, values }) => ({
    key,
    text: expressionText(key, operator, values ?? []),
  }))
  const all = [...equal, ...expressions].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return all.map(({ text }) => text).join(',') || '<none>'
}

function expressionText(key: string, operator: string, values: readonly string[]): string {
  const list = `(${[...values].sort().join(',')})`
  switch (operator) {
    case 'In':
      return `${key} in ${list}`
    case 'NotIn':
      return `${key} notin ${list}`
    case 'DoesNotExist':
      return `!${key}`
    default:
      return key
  }
}

/** The first three, then `+ N more...`; `none` when there are none. */
export function firstThree(all: readonly string[], none: string): string {
  if (all.length === 0) return none
  const shown = all.slice(0, 3).join(',')
  return all.length > 3 ? `${shown} + ${all.length - 3} more...` : shown
}
