/**
 * resolv.conf(5): reading what is there and writing what the host uses while the cluster runs. Pure.
 *
 * Read as glibc does: the last `search` or `domain` wins, `nameserver` and `options` add up, `#` and `;` in the first
 * column are comments, unknown keywords are skipped.
 */

import { canonicalIp } from '../core/net/ip.ts'

export interface ResolvConf {
  readonly nameservers: readonly string[]
  readonly search: readonly string[]
  /** `ndots:5`, `rotate` */
  readonly options: readonly string[]
}

/** libc looks at no more. */
const MAX_NAMESERVERS = 3

export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = []
  const options: string[] = []
  let search: readonly string[] = []
  for (const line of text.split(/\r?\n/)) {
    if (/^[#;]/.test(line)) continue
    const [keyword, ...words] = line.trim().split(/\s+/)
    const values = untilComment(words)
    const [first] = values
    if (keyword === 'nameserver' && first !== undefined && isAddress(first)) nameservers.push(first)
    else if (keyword === 'search') search = values
    else if (keyword === 'domain') search = values.slice(0, 1)
    else if (keyword === 'options') options.push(...values)
  }
  return { nameservers, search, options: [...new Set(options)] }
}

/** An address, perhaps with a zone: `fe80::1%eth0`. */
const isAddress = (text: string): boolean => canonicalIp(text.split('%')[0] ?? '') !== undefined

/** Not in the manual, but often written. */
function untilComment(words: readonly string[]): readonly string[] {
  const comment = words.findIndex((word) => /^[#;]/.test(word))
  return comment < 0 ? words : words.slice(0, comment)
}

export function printResolvConf({ nameservers, search, options }: ResolvConf): string {
  const lines = [
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...nameservers.map((address) => `nameserver ${address}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** First line of a file of ours. */
export const MARK = '# portolan: cluster names are answered by portolan; this file is gone when it stops.'
const FORMER = '# portolan: former nameserver '

/**
 * The host's file while the cluster runs: our server, then the former ones. While we live it is never asked twice:
 * what we say is final, NXDOMAIN too. When we die without cleaning up, our port is refused at once and libc goes on to
 * the next, so that the host keeps its DNS.
 *
 * @param address of our server; its port is 53, the format knows no other
 * @param search domains of the cluster, added after the host's own
 */
export function hostResolvConf(
  former: ResolvConf,
  ours: { readonly address: string; readonly search: readonly string[] },
): string {
  const others = former.nameservers.filter((address) => address !== ours.address)
  const conf = {
    ...former,
    nameservers: [ours.address, ...others].slice(0, MAX_NAMESERVERS),
    search: [...new Set([...former.search, ...ours.search])],
  }
  const remembered = others.map((address) => `${FORMER}${address}\n`).join('')
  return `${MARK}\n${remembered}${printResolvConf(conf)}`
}

export function isOurs(text: string): boolean {
  return text.startsWith(MARK)
}

/** The nameservers the host has without us, whether the file is its own or one of ours. */
export function formerNameservers(text: string): readonly string[] {
  if (!isOurs(text)) return parseResolvConf(text).nameservers
  return text
    .split('\n')
    .filter((line) => line.startsWith(FORMER))
    .map((line) => line.slice(FORMER.length).trim())
}
