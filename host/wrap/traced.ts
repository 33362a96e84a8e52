/**
 * A machine that tells what is done to it, each effect as a line for a shell. Pure: it only passes calls on.
 *
 *   ip link add ptl1 type veth peer name eth0 netns /proc/4711/fd/23
 *   iptables-restore --noflush <<'EOF'
 *   …
 *   EOF
 */

import type { CommandOptions, Host } from '../host.ts'
import { printLinkOperations } from '../link-print.ts'

/** @param print gets one effect at a time, before it happens; a command with input has several lines */
export function traced(host: Host, print: (line: string) => void): Host {
  return {
    ...host,
    commands: {
      run: (argv, options) => {
        print(commandLine(argv, options))
        return host.commands.run(argv, options)
      },
    },
    namespaces: {
      createNetwork: async () => {
        const network = await host.namespaces.createNetwork()
        print(`unshare --net # ${network.path}`)
        return network
      },
    },
    links: {
      ...host.links,
      apply: (operations, network) => {
        for (const line of printLinkOperations(operations, network)) print(line)
        return host.links.apply(operations, network)
      },
    },
  }
}

function commandLine(argv: readonly string[], options: CommandOptions = {}): string {
  const where = options.network === undefined ? [] : ['nsenter', `--net=${options.network.path}`]
  const line = [...where, ...argv].map(quoted).join(' ')
  if (options.stdin === undefined || options.stdin === '') return line
  return `${line} <<'EOF'\n${options.stdin.replace(/\n?$/, '\n')}EOF`
}

/** As a shell reads it back. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
