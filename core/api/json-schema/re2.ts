/**
 * Regular expressions as Go writes them (RE2), as JavaScript's. Pure.
 * golang.org/s/re2syntax.
 */

const POSIX: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: '\\t ',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`{-~',
  upper: 'A-Z',
  space: '\\s',
  xdigit: '0-9A-Fa-f',
  word: '\\w',
}

/** Escapes, classes, flags for the rest of a group, other groups' beginnings, their ends. */
const TOKEN = /\\[\s\S]|\[:(\w+):\]|\(\?([ims]+)\)|\(\?P<|\[\^?\]?|[()\]]/g

/** @returns undefined for a pattern that is none */
export function compiledPattern(pattern: string): RegExp | undefined {
  const source = javaScriptSource(pattern)
  return compiled(source, 'u') ?? compiled(source, '')
}

function compiled(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags)
  } catch {
    return undefined
  }
}

/** Flags in the middle hold to the end of their group: JavaScript wants a group of their own around what they are for. */
function javaScriptSource(pattern: string): string {
  // How many groups of flags each open group has in it.
  const open = [0]
  let isInClass = false
  const source = pattern.replaceAll(
    TOKEN,
    (token: string, posix: string | undefined, flags: string | undefined) => {
      if (token.startsWith('\\')) return isInClass ? token : (ANCHORS[token] ?? token)
      if (posix !== undefined) return POSIX[posix] ?? token
      if (isInClass) {
        isInClass = token !== ']'
        return token === '[' ? '\\[' : token
      }
      if (token.startsWith('[')) isInClass = true
      if (flags !== undefined) {
        open[open.length - 1] = (open.at(-1) ?? 0) + 1
        return `(?${flags}:`
      }
      if (token === '(?P<') {
        open.push(0)
        return '(?<'
      }
      if (token === '(') open.push(0)
      if (token === ')' && open.length > 1) return ')'.repeat((open.pop() ?? 0) + 1)
      return token.replace(/^(\[\^?)\]$/, '$1\\]')
    },
  )
  return source + ')'.repeat(open[0] ?? 0)
}

const ANCHORS: Readonly<Record<string, string>> = { '\\z': '$', '\\A': '^' }
