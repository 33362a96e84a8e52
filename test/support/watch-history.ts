/**
 * Whether what a client was told of a resource is what happened to it: histories of clients against the history that
 * one watcher of everything kept. Pure.
 */

import { isDeepStrictEqual } from 'node:util'

/** An object as far as selectors and the checks look at it. */
export interface SeenObject {
  readonly metadata: {
    readonly namespace?: string
    readonly name: string
    readonly resourceVersion: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly spec?: { readonly nodeName?: string }
  readonly status?: { readonly phase?: string }
}

export interface Told {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly revision: number
  readonly object: SeenObject
}

/** From one list to the next: a state, and all that was told after it. */
export interface Segment {
  readonly from: number
  readonly snapshot: readonly SeenObject[]
  readonly told: Told[]
  /** everything up to here was told: an event's revision, or a bookmark's */
  to: number
}

export type Selects = (object: SeenObject) => boolean

export const keyOf = ({ metadata: { namespace, name } }: SeenObject): string => `${namespace}/${name}`
export const revisionOf = ({ metadata }: SeenObject): number => Number(metadata.resourceVersion)

/** `ADDED a/x0 1004` */
const brief = ({ type, revision, object }: Told): string => `${type} ${keyOf(object)} ${revision}`

/**
 * @param truth what a watcher without selectors saw, in segments one after the other
 * @param isWhole whether the client is shown objects, or only their metadata
 * @throws Error that says what was lost, told twice, or told wrongly
 */
export function checkSegment(
  segment: Segment,
  truth: readonly Segment[],
  { selects, isWhole }: { readonly selects: Selects; readonly isWhole: boolean },
): void {
  for (const epoch of truth) {
    if (epoch.from <= segment.from && segment.from <= epoch.to) {
      const state = [...stateAt(epoch, segment.from).values()].filter(selects)
      expectSame('the list', segment.snapshot.map(itemText).sort(), state.map(itemText).sort())
    }
    const [first, last] = [Math.max(epoch.from, segment.from), Math.min(epoch.to, segment.to)]
    const isWithin = ({ revision }: Told): boolean => first < revision && revision <= last
    const expected = visible(epoch, selects).filter(isWithin)
    const told = segment.told.filter(isWithin)
    expectSame(`the watch from ${segment.from}`, told.map(brief), expected.map(brief))
    if (isWhole) for (const [index, event] of told.entries()) checkObject(event, expected[index])
  }
}

const itemText = (object: SeenObject): string => `${keyOf(object)} ${revisionOf(object)}`

function checkObject(told: Told, expected: Told | undefined): void {
  if (isDeepStrictEqual(told.object, expected?.object)) return
  throw new Error(`${brief(told)}: ${JSON.stringify(told.object)} is not ${JSON.stringify(expected?.object)}`)
}

function expectSame(what: string, found: readonly string[], expected: readonly string[]): void {
  const at = expected.findIndex((line, index) => line !== found[index])
  if (at < 0 && found.length === expected.length) return
  const from = at < 0 ? expected.length : at
  const show = (lines: readonly string[]): string => lines.slice(Math.max(0, from - 2), from + 4).join(', ')
  throw new Error(`${what}, entry ${from}: [${show(found)}] where [${show(expected)}] happened`)
}

/** @returns the state at a revision of the epoch, by key */
export function stateAt({ snapshot, told }: Segment, revision: number): ReadonlyMap<string, SeenObject> {
  const state = new Map(snapshot.map((object) => [keyOf(object), object]))
  for (const event of told) {
    if (event.revision > revision) break
    if (event.type === 'DELETED') state.delete(keyOf(event.object))
    else state.set(keyOf(event.object), event.object)
  }
  return state
}

/** The events as a watcher with a selector is to see them. */
function visible({ snapshot, told }: Segment, selects: Selects): readonly Told[] {
  const state = new Map(snapshot.map((object) => [keyOf(object), object]))
  return told.flatMap(({ type, revision, object }): readonly Told[] => {
    const key = keyOf(object)
    const before = state.get(key)
    if (type === 'DELETED') state.delete(key)
    else state.set(key, object)
    const wasSeen = before !== undefined && selects(before)
    const isSeen = type !== 'DELETED' && selects(object)
    if (isSeen) return [{ type: wasSeen ? 'MODIFIED' : 'ADDED', revision, object }]
    return wasSeen ? [{ type: 'DELETED', revision, object: atRevision(before, revision) }] : []
  })
}

/** What goes out of sight is shown as it was, at the revision of its going. */
const atRevision = (object: SeenObject, revision: number): SeenObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(revision) },
})
