/**
 * Where the next page of a list starts: kube-apiserver's continue token, base64url of
 * `{"v":"meta.k8s.io/v1","rv":7,"start":"ns/name\u0000"}`. Pure.
 */

import { badRequest } from '../api/api-error.ts'
import { isObject } from './json-value.ts'

const VERSION = 'meta.k8s.io/v1'

export interface ContinueToken {
  /** the revision all pages are read at; -1: whatever is newest */
  readonly revision: number
  /** first key of the page, relative to the resource's prefix */
  readonly start: string
}

export function encodeContinue({ revision, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start })).toString('base64url')
}

/** @throws ApiError BadRequest for anything but a token */
export function decodeContinue(text: string): ContinueToken {
  const token = parsed(Buffer.from(text, 'base64url').toString())
  if (!isObject(token) || token['v'] !== VERSION) throw notValid('incorrect encoded or unrecognized version')
  const { rv, start } = token
  if (typeof rv !== 'number' || typeof start !== 'string') throw notValid('incomplete')
  if (start.startsWith('/') || start.split('/').includes('..')) throw notValid('path traversal')
  return { revision: rv, start }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const notValid = (why: string): Error => badRequest(`continue key is not valid: ${why}`)
