/**
 * IptablesProgram to the text `iptables-restore` reads: filter first, chains declared before rules. Pure. The same text
 * is the dry run, the golden file and the tool's input.
 */

import type { Chain, IptablesProgram, Match, Rule, Verdict } from './program.ts'

export function printIptables(program: IptablesProgram): string {
  return printTable('filter', program.filter, []) + printTable('nat', program.nat, [])
}

/** @param removed chains that are emptied and deleted in the same commit */
export function printTable(
  name: 'filter' | 'nat',
  chains: readonly Chain[],
  removed: readonly string[],
): string {
  const declared = [...chains.map((chain) => chain.name), ...removed].map((chain) => `:${chain} - [0:0]`)
  const rules = chains.flatMap((chain) => chain.rules.map((rule) => printRule(chain.name, rule)))
  const deletions = removed.map((chain) => `-X ${chain}`)
  return [`*${name}`, ...declared, ...rules, ...deletions, 'COMMIT', ''].join('\n')
}

/** `-A KUBE-SERVICES -m comment --comment "ns/n:p cluster IP" -m tcp -p tcp -d 10.96.0.5 --dport 80 -j KUBE-SVC-...` */
export function printRule(chain: string, { matches, verdict }: Rule): string {
  return ['-A', chain, ...matches.flatMap(matchWords), ...verdictWords(verdict)].join(' ')
}

function matchWords(match: Match): readonly string[] {
  const not = 'negated' in match && match.negated ? ['!'] : []
  switch (match.kind) {
    case 'comment':
      return ['-m', 'comment', '--comment', quoted(match.text)]
    case 'protocol':
      return ['-m', match.protocol, '-p', match.protocol]
    case 'destination':
      return [...not, '-d', match.address]
    case 'source':
      return [...not, '-s', match.address]
    case 'dport':
      return ['--dport', String(match.port)]
    case 'mark':
      return ['-m', 'mark', ...not, '--mark', match.value]
    case 'addrtype':
      return ['-m', 'addrtype', `--${match.side}-type`, 'LOCAL']
    case 'ctstate':
      return ['-m', 'conntrack', ...not, '--ctstate', match.states]
    case 'statistic':
      return ['-m', 'statistic', '--mode', 'random', '--probability', match.probability]
    case 'recent-check':
      return ['-m', 'recent', '--name', match.name, '--rcheck', '--seconds', String(match.seconds), '--reap']
    case 'recent-set':
      return ['-m', 'recent', '--name', match.name, '--set']
  }
}

/** As kube-proxy writes them: quotes only where there is a space. */
const quoted = (text: string): string => (/\s/.test(text) ? `"${text}"` : text)

function verdictWords(verdict: Verdict): readonly string[] {
  switch (verdict.kind) {
    case 'jump':
      return ['-j', verdict.chain]
    case 'return':
      return ['-j', 'RETURN']
    case 'accept':
      return ['-j', 'ACCEPT']
    case 'drop':
      return ['-j', 'DROP']
    case 'reject':
      return ['-j', 'REJECT']
    case 'dnat':
      return ['-j', 'DNAT', '--to-destination', verdict.to]
    case 'masquerade':
      return ['-j', 'MASQUERADE', ...(verdict.randomFully ? ['--random-fully'] : [])]
    case 'or-mark':
      return ['-j', 'MARK', '--or-mark', verdict.mark]
    case 'xor-mark':
      return ['-j', 'MARK', '--xor-mark', verdict.mark]
    case 'none':
      return []
  }
}
