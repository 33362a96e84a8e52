/**
 * Who decides, in turn: kube-apiserver's --authorization-mode. Pure.
 * kubernetes/kubernetes pkg/kubeapiserver/options/authorization.go, pkg/kubeapiserver/authorizer/modes.
 */

export const AUTHORIZATION_MODES = ['Node', 'RBAC', 'AlwaysAllow', 'AlwaysDeny'] as const
export type AuthorizationMode = (typeof AUTHORIZATION_MODES)[number]

/** As in clusters that kubeadm makes. */
export const DEFAULT_MODES: readonly AuthorizationMode[] = ['Node', 'RBAC']

/** Known upstream, and not here. */
const ELSEWHERE = ['ABAC', 'Webhook']

/** @returns one sentence per fault of a list that is to be of modes */
export function modeFaults(modes: readonly string[]): readonly string[] {
  if (modes.length === 0) return ['at least one authorization-mode must be passed']
  const unknown = modes.flatMap((mode) => {
    if (AUTHORIZATION_MODES.some((each) => each === mode)) return []
    const what = ELSEWHERE.includes(mode) ? 'supported here' : 'a valid mode'
    return [`authorization-mode ${JSON.stringify(mode)} is not ${what}`]
  })
  const texts = modes.map((mode) => JSON.stringify(mode)).join(' ')
  const isRepeated = new Set(modes).size < modes.length
  return [
    ...unknown,
    ...(isRepeated ? [`authorization-mode [${texts}] has mode specified more than once`] : []),
  ]
}

/** @throws Error when the list has faults: see modeFaults */
export function authorizationModes(modes: readonly string[]): readonly AuthorizationMode[] {
  const [fault] = modeFaults(modes)
  if (fault !== undefined) throw new Error(fault)
  return AUTHORIZATION_MODES.filter((mode) => modes.includes(mode)).toSorted(
    (a, b) => modes.indexOf(a) - modes.indexOf(b),
  )
}
