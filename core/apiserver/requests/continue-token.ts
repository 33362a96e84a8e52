/**
 * Where the next page of a list starts: kube-apiserver's continue token, base64url of
 * `{"v":"meta.k8s.io/v1","rv":7,"start":"/name\u0000"}`. Pure.
 *
 * Refusals as kubernetes/apiserver pkg/storage/continue.go words them.
 */

import { posix } from 'node:path'
import { badRequest } from '../../api/api-error.ts'
import { goKindOf, goSyntaxError, goTypeError } from './go-json.ts'
import { isObject } from './json-value.ts'

const VERSION = 'meta.k8s.io/v1'

export interface ContinueToken {
  /** the revision all pages are read at; -1: whatever is newest */
  readonly revision: number
  /** first key of the page, relative to what is listed: a namespace, or all of them */
  readonly start: string
}

export function encodeContinue({ revision, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start: `/${start}` })).toString('base64url')
}

/** @throws ApiError BadRequest for anything but a token */
export function decodeContinue(text: string): ContinueToken {
  const { v = '', rv = 0, start = '' } = fieldsOf(text)
  if (v !== VERSION) throw notValid(`: server does not recognize this encoded version ${v}`)
  if (rv === 0) throw notValid(`: incorrect encoded start resourceVersion (version ${VERSION})`)
  if (start === '') throw notValid(`: encoded start key empty (version ${VERSION})`)
  // Nothing may lead out of the resource's keys.
  const key = start.startsWith('/') ? start : `/${start}`
  if (posix.normalize(key).replace(/(?<=.)\/$/, '') !== key) throw notValid(`: ${start}`)
  return { revision: rv, start: key.slice(1) }
}

interface Fields {
  readonly v?: string
  readonly rv?: number
  readonly start?: string
}

function fieldsOf(text: string): Fields {
  const corrupt = base64Fault(text)
  if (corrupt !== undefined) throw notValid(`: illegal base64 data at input byte ${corrupt}`)
  const bytes = Buffer.from(text, 'base64url')
  const fault = goSyntaxError(bytes)
  if (fault !== undefined) throw notValid(`: ${fault}`)
  const value = JSON.parse(bytes.toString()) as unknown
  if (value === null) return {}
  if (!isObject(value)) throw notValid(`: ${goTypeError(value, 'storage.continueToken')}`)
  for (const [name, type, kind] of FIELDS) {
    const given = value[name] ?? undefined
    if (given === undefined || (typeof given === kind && (kind === 'string' || Number.isSafeInteger(given))))
      continue
    const what = kind === 'number' && typeof given === 'number' ? `number ${given}` : goKindOf(given)
    throw notValid(
      `: json: cannot unmarshal ${what} into Go struct field continueToken.${name} of type ${type}`,
    )
  }
  return value
}

const FIELDS = [
  ['v', 'string', 'string'],
  ['rv', 'int64', 'number'],
  ['start', 'string', 'string'],
] as const

/** @returns where Go's decoder of unpadded base64url would stop; undefined when it reads all */
function base64Fault(text: string): number | undefined {
  const foreign = text.search(/[^A-Za-z0-9_-]/)
  if (foreign >= 0) return Buffer.byteLength(text.slice(0, foreign))
  return text.length % 4 === 1 ? text.length - 1 : undefined
}

const notValid = (why: string): Error => badRequest(`invalid continue token: continue key is not valid${why}`)
