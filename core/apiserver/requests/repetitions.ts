/**
 * Which fields the text of a request gives more than once, for field validation. Parsers keep the last of them and
 * say nothing, so that the text itself is looked at. Pure.
 *
 * As the strict errors of kubernetes/apimachinery pkg/runtime/serializer/json; in YAML they come with the line and
 * before all others, because YAML is turned into JSON first.
 */

import type { Document, Node } from 'yaml'
import { LineCounter, isMap, isScalar, parseDocument, visit } from 'yaml'
import { duplicateFields, strictProblems } from '../../api/json-duplicates.ts'
import { isObject } from './json-value.ts'

export interface Repetitions {
  /**
   * @param unknown `unknown field "a.b"`, in the order met
   * @returns these and the repeated ones, as warnings: one text each
   */
  readonly warnings: (unknown: readonly string[]) => readonly string[]
  /** the same as the parts of one error text */
  readonly errors: (unknown: readonly string[]) => readonly string[]
}

/** Of a JSON body that becomes an object. @param text well-formed */
export function jsonRepetitions(text: string): Repetitions {
  const both = (unknown: readonly string[]) => strictProblems(text, unknown)
  return { warnings: both, errors: both }
}

/** Of a merge or strategic merge patch: what the patch says twice comes before what the object cannot have. */
export function mergePatchRepetitions(text: string): Repetitions {
  return patchFaults([...new Set(duplicateFields(text))])
}

const OPERATION_FIELDS: readonly string[] = ['op', 'path', 'from', 'value']

/** Of a JSON patch, whose operations have fields of their own. @param operations the patch's value */
export function jsonPatchRepetitions(text: string, operations: unknown): Repetitions {
  const list: readonly unknown[] = Array.isArray(operations) ? operations : []
  const unknown = list.flatMap((operation, index) =>
    (isObject(operation) ? Object.keys(operation) : [])
      .filter((name) => !OPERATION_FIELDS.includes(name))
      .map((name) => `unknown field ${JSON.stringify(`[${index}].${name}`)}`),
  )
  return patchFaults(strictProblems(text, unknown).map((problem) => `json patch ${problem}`))
}

function patchFaults(ofPatch: readonly string[]): Repetitions {
  const both = (unknown: readonly string[]) => [...ofPatch, ...unknown.toSorted()]
  return { warnings: both, errors: both }
}

export interface ParsedYaml {
  readonly value: unknown
  readonly repetitions: Repetitions
}

/** @returns the document's value, the last of repeated keys. Throws Error for text that is not YAML. */
export function parseYaml(text: string): ParsedYaml {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { uniqueKeys: false, merge: true, lineCounter })
  const [error] = document.errors
  if (error !== undefined) throw error
  return { value: document.toJS() as unknown, repetitions: yamlRepetitions(document, lineCounter) }
}

function yamlRepetitions(document: Document.Parsed, lines: LineCounter): Repetitions {
  const repeated: string[] = []
  visit(document, {
    Map: (_key, map) => {
      const names = new Set<unknown>()
      for (const { key } of map.items) {
        if (!isScalar(key) || isMap(key)) continue
        const { line } = lines.linePos((key as Node).range?.[0] ?? 0)
        if (names.has(key.value))
          repeated.push(`line ${line}: key ${JSON.stringify(key.value)} already set in map`)
        names.add(key.value)
      }
    },
  })
  const one = repeated.length === 0 ? [] : [['yaml: unmarshal errors:', ...repeated].join('\n  ')]
  return {
    warnings: (unknown) => [...repeated, ...unknown.toSorted()],
    errors: (unknown) => [...one, ...unknown.toSorted()],
  }
}
