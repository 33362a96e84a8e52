/**
 * How custom resources are shown in Tables: the name, and the columns their definition names; else their age. Pure.
 * kubernetes/apiextensions-apiserver pkg/registry/customresource/tableconvertor.
 */

import type { CustomResourceColumnDefinition } from '../../api/generated/apiextensions-v1.ts'
import { humanDuration } from '../../api/human-duration.ts'
import { parseTimestamp } from '../../api/timestamp.ts'
import type { Cell, Column, Printer } from '../columns/column.ts'
import { AGE, NAME } from '../columns/column.ts'
import { textOf, valuesAt } from './json-path.ts'

/** @returns the printer of one version */
export function customPrinter(columns: readonly CustomResourceColumnDefinition[] | undefined): Printer {
  if (columns === undefined || columns.length === 0) return { columns: [NAME, AGE] }
  return { columns: [NAME, ...columns.map(customColumn)] }
}

function customColumn(definition: CustomResourceColumnDefinition): Column<object> {
  const { name, type, description, priority, jsonPath } = definition
  return {
    name,
    type: type as Column<object>['type'],
    description: description ?? `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    priority: (priority ?? 0) > 0 ? 1 : 0,
    cell: (object, nowMs) => cellOf(valuesAt(object, jsonPath), type, nowMs),
  }
}

/** What is not there has no cell; upstream says null, which clients show as `<none>` or leave empty. */
function cellOf(values: readonly unknown[], type: string, nowMs: number): Cell {
  const [first] = values
  if (first === undefined || first === null) return null as unknown as Cell
  if (type === 'date') {
    const ms = parseTimestamp(textOf(first))
    return ms === undefined ? '<invalid>' : humanDuration(nowMs - ms)
  }
  if (type === 'string') return values.map(textOf).join(',')
  if (type === 'boolean' ? typeof first === 'boolean' : typeof first === 'number') return first as Cell
  return null as unknown as Cell
}
