/** Whether a user is a node, and which. Pure. kubernetes/kubernetes pkg/auth/nodeidentifier/default.go. */

import type { User } from '../requests/request.ts'

const PREFIX = 'system:node:'
const GROUP = 'system:nodes'

/** @returns the node's name, '' when the user does not say which; undefined for who is no node */
export function nodeNameOf({ name, groups }: Pick<User, 'name' | 'groups'>): string | undefined {
  return name.startsWith(PREFIX) && groups.includes(GROUP) ? name.slice(PREFIX.length) : undefined
}
