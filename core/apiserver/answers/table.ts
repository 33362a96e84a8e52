/**
 * Objects as meta.k8s.io Tables, the way `kubectl get` shows them. Pure.
 * kubernetes/apiserver pkg/endpoints/handlers/response.go (asTable); columns in ../columns.
 */

import type { KubernetesObject } from '../../api/object.ts'
import type { Printer, RowCondition } from '../columns/column.ts'

export const INCLUDE_OBJECT = ['None', 'Metadata', 'Object'] as const
/** What each row carries of its object. */
export type IncludeObject = (typeof INCLUDE_OBJECT)[number]

export interface TableOptions {
  /** `v1` or `v1beta1` */
  readonly version: string
  readonly includeObject: IncludeObject
  readonly nowMs: number
}

export interface TableRow {
  readonly cells: readonly unknown[]
  readonly conditions?: readonly RowCondition[]
  readonly object: unknown
}

export interface Table {
  readonly kind: 'Table'
  readonly apiVersion: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly columnDefinitions: readonly unknown[] | null
  readonly rows: readonly TableRow[]
}

/** @param options `metadata` as a list's */
export function tableOf(
  printer: Printer,
  objects: readonly KubernetesObject[],
  options: TableOptions & { readonly metadata: Table['metadata'] },
): Table {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata: options.metadata,
    columnDefinitions: printer.columns.map(({ name, type, format, description, priority }) => ({
      name,
      type,
      format: format ?? '',
      description,
      priority,
    })),
    rows: inOrder(printer, objects).map((object) => ({
      cells: printer.columns.map((column) => column.cell(object, options.nowMs)),
      ...conditionsOf(printer.conditions?.(object) ?? []),
      object: rowObject(object, options),
    })),
  }
}

const inOrder = (printer: Printer, objects: readonly KubernetesObject[]): readonly KubernetesObject[] =>
  printer.compare ? objects.toSorted(printer.compare) : objects

const conditionsOf = (conditions: readonly RowCondition[]): { conditions?: readonly RowCondition[] } =>
  conditions.length > 0 ? { conditions } : {}

function rowObject(object: KubernetesObject, options: TableOptions): unknown {
  switch (options.includeObject) {
    case 'None':
      return null
    case 'Metadata':
      return partialMetadata(object, options.version)
    case 'Object':
      return object
  }
}

/** The object's metadata alone, as metadata-only clients and table rows get it. */
export function partialMetadata(object: KubernetesObject, version: string): unknown {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: object.metadata,
  }
}
