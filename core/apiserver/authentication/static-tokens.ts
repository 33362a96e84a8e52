/**
 * Tokens that a file names: kube-apiserver's --token-auth-file. Pure.
 * kubernetes/apiserver pkg/authentication/token/tokenfile, pkg/authentication/authenticator/audagnostic.go.
 */

import type { User } from '../requests/request.ts'
import type { VerifiedToken } from './service-account-tokens.ts'

/** Users by their token. */
export type StaticTokens = ReadonlyMap<string, User>

const COLUMNS = 3

/**
 * @param records of the file: token, user, uid, and perhaps groups with commas between them; of two with one token the
 * later counts
 * @throws Error for a record that is too short
 */
export function staticTokens(records: readonly (readonly string[])[]): StaticTokens {
  return new Map(
    records.flatMap((record): readonly [string, User][] => {
      const [token = '', name = '', uid = '', groups = ''] = record
      if (record.length < COLUMNS) {
        const needed = `at least ${COLUMNS} columns (token, user name, user uid)`
        throw new Error(`must have ${needed}, found ${record.length}`)
      }
      if (token === '') return []
      const own = groups === '' ? [] : groups.split(',')
      return [[token, { name, uid, groups: [...own, 'system:authenticated'] }]]
    }),
  )
}

/**
 * @param asked audiences; none: whatever the server's are
 * @param own audiences of the server
 * @returns undefined for a token that is not in the file, or asked about for others than the server
 */
export function verifiedStatic(
  user: User | undefined,
  asked: readonly string[],
  own: readonly string[],
): VerifiedToken | undefined {
  const audiences = asked.length === 0 ? own : asked.filter((each) => own.includes(each))
  return user === undefined || (asked.length > 0 && audiences.length === 0) ? undefined : { user, audiences }
}
