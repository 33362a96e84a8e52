/**
 * The part of JSONPath that definitions of custom resources use: members, indexes, `[*]`, filters by one member. Pure.
 * kubernetes/client-go util/jsonpath.
 */

import { isJsonObject } from '../../api/json-schema/schema.ts'

/** A value as a text: itself when it is one, '' when there is none, else its JSON. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

type Step = (values: readonly unknown[]) => readonly unknown[]

/** @param path `.spec.ports[0].name`, `.status.conditions[?(@.type=="Ready")].status`. @returns all it leads to */
export function valuesAt(value: unknown, path: string): readonly unknown[] {
  return stepsOf(path).reduce<readonly unknown[]>((values, step) => step(values), [value])
}

const TOKEN =
  /\.?\[\?\(\s*@\.([\w.-]+)\s*==\s*(?:"([^"]*)"|'([^']*)')\s*\)\]|\.?\[['"]([^'"]+)['"]\]|\.?\[(\*|-?\d+)\]|\.((?:[^.[\]\\]|\\.)+)/g

function stepsOf(path: string): readonly Step[] {
  return [...path.matchAll(TOKEN)].map(([, filtered, double, single, quoted, index, name]): Step => {
    if (filtered !== undefined) return where(filtered.split('.'), double ?? single ?? '')
    if (index === '*')
      return (values) => values.flatMap((each) => (Array.isArray(each) ? (each as unknown[]) : []))
    if (index !== undefined) return at(Number(index))
    return member(quoted ?? (name ?? '').replaceAll(/\\(.)/g, '$1'))
  })
}

const member =
  (name: string): Step =>
  (values) =>
    values.flatMap((each) => (isJsonObject(each) && Object.hasOwn(each, name) ? [each[name]] : []))

const at =
  (index: number): Step =>
  (values) =>
    values.flatMap((each) =>
      Array.isArray(each) && each.at(index) !== undefined ? [each.at(index) as unknown] : [],
    )

function where(names: readonly string[], wanted: string): Step {
  return (values) =>
    values
      .flatMap((each) => (Array.isArray(each) ? (each as unknown[]) : []))
      .filter((item) => {
        const [found] = names.reduce<readonly unknown[]>((found_, name) => member(name)(found_), [item])
        return textOf(found) === wanted
      })
}
