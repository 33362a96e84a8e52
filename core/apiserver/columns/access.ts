/**
 * Columns of roles and bindings. Pure.
 * kubernetes/kubernetes pkg/printers/internalversion/printers.go.
 */

import type { ClusterRoleBinding, RoleBinding, Subject } from '../../api/generated/rbac-v1.ts'
import type { Printer } from './column.ts'
import { AGE, NAME, column, wide } from './column.ts'

type Binding = RoleBinding | ClusterRoleBinding

const subjectsOf = ({ subjects }: Binding, kind: string, text: (subject: Subject) => string): string =>
  (subjects ?? []).flatMap((subject) => (subject.kind === kind ? [text(subject)] : [])).join(', ')

const nameOf = ({ name }: Subject): string => name

export const BINDING_PRINTER: Printer<Binding> = {
  columns: [
    NAME,
    column('Role', 'The role that is given.', ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
    AGE,
    wide('Users', 'Users it is given to.', (binding) => subjectsOf(binding, 'User', nameOf)),
    wide('Groups', 'Groups it is given to.', (binding) => subjectsOf(binding, 'Group', nameOf)),
    wide('ServiceAccounts', 'Service accounts it is given to.', (binding) => {
      return subjectsOf(binding, 'ServiceAccount', ({ namespace, name }) => `${namespace ?? ''}/${name}`)
    }),
  ],
}
