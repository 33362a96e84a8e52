/**
 * The nulls in which Go prints what an object does not have: times that are no pointers, and lists that are printed
 * whether there are any or not. They are stored nowhere, and mean nothing. Pure; driven by the field table.
 */

import { fieldsByJsonName, messageOfKind } from './schema/field-table.ts'
import { apiVersionOf } from './resource.ts'
import { SCHEME } from './scheme.ts'
import { printedLists } from './zero-values.ts'

/** What of a message is printed as null; undefined: nothing, however deep one looks. */
interface Plan {
  readonly times: readonly string[]
  readonly lists: readonly string[]
  readonly inner: ReadonlyMap<string, Plan>
}

type Fields = Readonly<Record<string, unknown>>

const TIMES: readonly string[] = ['Time', 'MicroTime'].map(
  (name) => `k8s.io.apimachinery.pkg.apis.meta.v1.${name}`,
)

/** The one time that is left out: of objects nobody created. */
const OMITTED = 'creationTimestamp'

/** Remembers what to look at in each kind. */
export class PrintedNulls {
  readonly #kinds: ReadonlySet<string> = new Set(SCHEME.map((row) => `${apiVersionOf(row)}/${row.kind}`))
  readonly #ofKinds = new Map<string, Plan | undefined>()
  readonly #plans = new Map<string, Plan | undefined>()

  /** @returns the object as Go prints it; the same one where it prints no nulls */
  print<T extends object>(object: T): T {
    const { apiVersion, kind } = object as { readonly apiVersion?: string; readonly kind?: string }
    const plan = this.#ofKind(apiVersion ?? '', kind ?? '')
    return plan === undefined ? object : (printed(object as Fields, plan) as T)
  }

  #ofKind(apiVersion: string, kind: string): Plan | undefined {
    const key = `${apiVersion}/${kind}`
    if (this.#ofKinds.has(key)) return this.#ofKinds.get(key)
    // Of custom kinds nothing is known here, whatever they are called.
    const message = this.#kinds.has(key) ? messageOfKind(apiVersion, kind) : undefined
    const plan = message === undefined ? undefined : this.#planOf(message)
    if (this.#kinds.has(key)) this.#ofKinds.set(key, plan)
    return plan
  }

  #planOf(message: string): Plan | undefined {
    if (this.#plans.has(message)) return this.#plans.get(message)
    // What contains itself has no such fields.
    this.#plans.set(message, undefined)
    const fields = [...fieldsByJsonName(message)]
    const times = fields
      .filter(
        ([name, { t, p, r, k }]) => TIMES.includes(t) && (p ?? r ?? k) === undefined && name !== OMITTED,
      )
      .map(([name]) => name)
    const inner = fields.flatMap(([name, { t, k }]): [string, Plan][] => {
      const plan = t.includes('.') && k === undefined ? this.#planOf(t) : undefined
      return plan === undefined ? [] : [[name, plan]]
    })
    const lists = printedLists(message)
    const isEmpty = times.length + lists.length + inner.length === 0
    const plan = isEmpty ? undefined : { times, lists, inner: new Map(inner) }
    this.#plans.set(message, plan)
    return plan
  }
}

const isNothing = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.length === 0)

function printed(fields: Fields, { times, lists, inner }: Plan): Fields {
  const missing = [
    ...times.filter((name) => fields[name] === undefined),
    ...lists.filter((name) => isNothing(fields[name])),
  ]
  const changed: Record<string, unknown> = Object.fromEntries(missing.map((name) => [name, null]))
  for (const [name, plan] of inner) {
    const value = fields[name]
    const shown = Array.isArray(value)
      ? sameOr(
          value,
          value.map((each) => member(each, plan)),
        )
      : member(value, plan)
    if (shown !== value) changed[name] = shown
  }
  return Object.keys(changed).length === 0 ? fields : { ...fields, ...changed }
}

const member = (value: unknown, plan: Plan): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? printed(value as Fields, plan)
    : value

/** The old list, if nothing in it is new. */
const sameOr = (old: readonly unknown[], fresh: readonly unknown[]): readonly unknown[] =>
  fresh.every((each, index) => each === old[index]) ? old : fresh
