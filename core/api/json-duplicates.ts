/**
 * Which fields a JSON text gives twice: `duplicate field "spec.type"`. JSON.parse keeps the last one and is silent,
 * so the text itself has to be looked at. Pure; linear in the length of the text.
 *
 * Worded and pathed as kubernetes/apimachinery pkg/runtime/serializer/json reports strict decoding errors.
 */

/** One object or array being read. */
interface Level {
  /** path of the object or array itself */
  readonly path: string
  /** names met; undefined for an array */
  readonly names: Set<string> | undefined
  /** where the value that comes next belongs */
  next: string
  /** items met so far, of an array */
  count: number
  /** whether a string that comes next is a name */
  expectsName: boolean
}

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},:]/g

/** Told of every field in the order met. */
type Visit = (path: string, isRepeated: boolean) => void

/**
 * @param text well-formed JSON (of what is not, the answer means nothing)
 * @returns `duplicate field "a.b[0].c"`, one per repetition, in the order met
 */
export function duplicateFields(text: string): readonly string[] {
  const found: string[] = []
  visitFields(text, (path, isRepeated) => {
    if (isRepeated) found.push(duplicate(path))
  })
  return found
}

/**
 * All that is wrong with a text's fields, in the order a strict decoder meets it: each field once, and what an
 * unknown field holds is not looked into.
 * @param unknown `unknown field "a.b"`, as strictDecode() says it
 */
export function strictProblems(text: string, unknown: readonly string[]): readonly string[] {
  const problems = new Set<string>()
  const waiting = new Set(unknown)
  let skipped: string | undefined
  visitFields(text, (path, isRepeated) => {
    if (skipped !== undefined && (path.startsWith(`${skipped}.`) || path.startsWith(`${skipped}[`))) return
    const isUnknown = waiting.size > 0 && waiting.has(unknownField(path))
    skipped = isUnknown ? path : undefined
    if (isUnknown) problems.add(unknownField(path))
    else if (isRepeated) problems.add(duplicate(path))
  })
  return [...new Set([...problems, ...unknown])]
}

const duplicate = (path: string): string => `duplicate field ${JSON.stringify(path)}`
const unknownField = (path: string): string => `unknown field ${JSON.stringify(path)}`

function visitFields(text: string, visit: Visit): void {
  const levels: Level[] = []
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1)
    if (token === '{' || token === '[') levels.push(opened(token, level))
    else if (token === '}' || token === ']') levels.pop()
    else if (level !== undefined) readInside(level, token, visit)
  }
}

function opened(bracket: '{' | '[', parent: Level | undefined): Level {
  const path = parent?.next ?? ''
  const isObject = bracket === '{'
  return {
    path,
    names: isObject ? new Set() : undefined,
    next: isObject ? path : `${path}[0]`,
    count: 0,
    expectsName: isObject,
  }
}

function readInside(level: Level, token: string, visit: Visit): void {
  if (token === ':') level.expectsName = false
  else if (token === ',') {
    level.count += 1
    level.expectsName = level.names !== undefined
    if (level.names === undefined) level.next = `${level.path}[${level.count}]`
  } else if (level.expectsName && level.names !== undefined) {
    const name = token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1)
    level.next = level.path === '' ? name : `${level.path}.${name}`
    visit(level.next, level.names.has(name))
    level.names.add(name)
  }
}
